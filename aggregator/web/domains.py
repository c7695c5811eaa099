"""Whose a host is: the domain of one publisher, and of one site's servers, above a host.

Both are registrable domains by the Public Suffix List (https://publicsuffix.org/list/), which comes
with a package and is never fetched. Its private part names the domains under which anybody may have
a name: a publisher owns `x.github.io`, while the servers are those of all of `github.io`.
"""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from aggregator.web.addresses import host_and_port, origin_of

#: Hosts whose answer is kept; more are asked again (some 10 µs each).
_KEPT = 16_384


@lru_cache(_KEPT)
def publisher_domain(host: str) -> str:
    """Return the domain that has one publisher, of a host as `addresses.host_of` has it.

    What has no registrable domain is its own: an address, `localhost`, a public suffix; "" is "".
    """
    return _registrable(host, _list(only_icann=False))


@lru_cache(_KEPT)
def site_domain(host: str) -> str:
    """Return the domain whose servers are one site's, of a host as `addresses.host_of` has it.

    What has no registrable domain is its own, as in `publisher_domain`.
    """
    return _registrable(host, _list(only_icann=True))


def is_public_suffix(host: str) -> bool:
    """Tell whether the list names a host itself (`com`, `github.io`); a local name is none."""
    return _named().publicsuffix(host) == host


def queue_of(url: str) -> str:
    """Return the queue in which requests to an http(s) URL wait for each other, one at a time.

    It is the domain whose servers are one site's; where there is none (an address, a name of the
    local network) the origin. Raises `ValueError` as `origin_of` does.
    """
    host, _ = host_and_port(url)
    if ":" in host or "." not in host or host.rpartition(".")[2].isdigit():
        return origin_of(url)
    return site_domain(host)


def _registrable(host: str, suffixes: PublicSuffixList) -> str:
    # Of an address the last parts would be taken for a domain.
    if ":" in host or host.rpartition(".")[2].isdigit():
        return host
    return suffixes.privatesuffix(host) or host


@lru_cache(maxsize=2)
def _list(*, only_icann: bool) -> PublicSuffixList:
    """Return the list, read when it is first asked for: that takes a tenth of a second."""
    return PublicSuffixList(only_icann=only_icann)


@lru_cache(maxsize=1)
def _named() -> PublicSuffixList:
    """Return the list without its rule for what it does not name (`*`)."""
    return PublicSuffixList(accept_unknown=False)
