"""Whose an article is: which addresses, numbers and ids of articles are a source's own.

Own is what lies below the registrable domain of a URL that is polled, or of a host that the
operator names (`site` of a source), or, of what an RSSHub answers, of the site that it names: its
route says that. What any other document says of its own site is nothing but its claim.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.stories.signs import is_shared, kind_of
from aggregator.web.addresses import host_of
from aggregator.web.domains import publisher_domain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from aggregator.model import Source

#: RFC 4151 section 2.1: the authority of a tag is a domain, or an address of mail in one.
_TAG_AUTHORITY = re.compile(r"tag:(?:[^@,/]*@)?([^@,/]+),")


def own_domains(source: Source, site_url: str | None) -> frozenset[str]:
    """Return the domains whose articles are the source's; `site_url` is what its document says."""
    urls = [*source.urls, *(f"http://{host}/" for host in source.site)]
    if asks_rsshub(source) and site_url is not None:
        urls.append(site_url)
    return frozenset(publisher_domain(host) for host in map(host_of, urls) if host)


def asks_rsshub(source: Source) -> bool:
    """Tell whether the site that the source's document names is its own."""
    return source.url.startswith("rsshub://")


def domain_of_key(key: str, url: str | None) -> str:
    """Return the domain whose article a shared key names, of an entry with this link."""
    name = key.partition(":")[2]
    if kind_of(key) == "site":
        return publisher_domain(name.rpartition(":")[0])
    # A long address is not in its key.
    return publisher_domain(host_of(name) or host_of(url or ""))


def foreign_to(keys: Iterable[str], url: str | None, own: Collection[str]) -> tuple[str, ...]:
    """Return the domains whose articles an entry tells although they are not its source's own.

    One of them makes all of the entry foreign: it must not bring two publishers together. `keys`
    are those it is known by, `own` the domains of its source.
    """
    domains = dict.fromkeys(domain_of_key(key, url) for key in filter(is_shared, keys))
    return tuple(domain for domain in domains if domain not in own)


def domain_of_id(identifier: str) -> str | None:
    """Return the domain to which an id of a publisher belongs, `None` where it names none."""
    tag = _TAG_AUTHORITY.match(identifier)
    host = host_of(identifier if tag is None else f"http://{tag[1]}/")
    return publisher_domain(host) or None
