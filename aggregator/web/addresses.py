"""Hosts of URLs: the name that DNS knows (IDNA), the origin, and the domains above a host.

One standard for international names in the whole program: UTS 46 without transitional mapping, as
browsers do it (https://url.spec.whatwg.org/#idna), so that "faß.de" is xn--fa-hia.de and never
fass.de, another host, as the older IDNA 2003 has it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from idna import IDNAError, uts46_remap
from idna.core import check_bidi, check_initial_combiner, valid_contextj

#: The schemes that are spoken, with the ports that need not be told.
DEFAULT_PORTS = {"http": 80, "https": 443}

#: DNS: 63 octets a label, 253 characters a name (RFC 1035 §2.3.4).
MAX_HOST_CHARS = 253
_MAX_LABEL_CHARS = 63
#: What no name may hold (https://url.spec.whatwg.org/#forbidden-domain-code-point).
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
_JOINERS = "\u200c\u200d"
#: A URL as most are: its host is its own name, letter by letter.
_PLAIN = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?=[/?#]|\Z)")
_PLAIN_WITH_PATH = re.compile(rf"{_PLAIN.pattern}([^?#\t\r\n]*)(?:[?#][^\t\r\n]*)?")


def ascii_host(host: str) -> str:
    """Return the name that DNS knows a host by: ASCII, lower case; a final dot stays.

    Raises `ValueError` for what is no name; an IPv6 address is none. Letters, digits and hyphens
    are not demanded: names of services have underscores, and browsers look up "i❤.ws".
    """
    name = host.lower() if host.isascii() else _ascii(host)
    labels = name.removesuffix(".").split(".")
    if len(name.removesuffix(".")) > MAX_HOST_CHARS or _FORBIDDEN.search(name):
        raise ValueError("no name of a host")
    if not all(0 < len(label) <= _MAX_LABEL_CHARS for label in labels):
        raise ValueError("an empty or overlong label in the name of a host")
    return name


def ascii_authority(authority: str) -> str:
    """Return host and port of a URL with the host as `ascii_host` has it, user info as it is.

    One in ASCII stays letter by letter; so does one whose host is no name.
    """
    if authority.isascii():
        return authority
    user, at, rest = authority.rpartition("@")
    host, colon, port = rest.partition(":")
    try:
        return f"{user}{at}{ascii_host(host)}{colon}{port}"
    except ValueError:
        return authority


def host_of(url: str) -> str:
    """Return the host of a URL in the one form in which two spellings of it are equal.

    A name is as `ascii_host` has it, without a final dot, an address as `ipaddress` writes it,
    without brackets. What is no name is in lower case, as written; "" stands for no host at all.
    """
    plain = _PLAIN.match(url)
    return plain[1] if plain else _comparable(shown_host(url).rstrip("."))


def host_and_path(url: str) -> tuple[str, str]:
    """Return the host of a URL (as `host_of`; "" for none) and its path."""
    plain = _PLAIN_WITH_PATH.fullmatch(url)
    if plain:
        return plain[1], plain[2]
    host = host_of(url)
    return host, urlsplit(url).path if host else ""


def shown_host(url: str) -> str:
    """Return the host of a URL for people: in lower case, in the letters of the URL; maybe ""."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def has_user_info(url: str) -> bool:
    """Tell whether a URL holds a user name, maybe with a password."""
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:
        return False


def host_and_port(url: str) -> tuple[str, int]:
    """Return the host (as `host_of`) and the port that an http(s) URL leads to.

    Raises `ValueError` where the URL has a port that is none, or neither a port nor such a scheme.
    """
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    if port is None:
        raise ValueError("neither http nor https")
    return host_of(url), port


def origin_of(url: str) -> str:
    """Return scheme, host and port of an http(s) URL (RFC 6454 §4), the port always written.

    Raises `ValueError` as `host_and_port` does.
    """
    host, port = host_and_port(url)
    shown = f"[{host}]" if ":" in host else host
    return f"{urlsplit(url).scheme}://{shown}:{port}"


def hosts_above(url: str) -> tuple[str, ...]:
    """Return a URL's host (as `host_of`) and every domain above it: a.b.c, b.c, c; () for none."""
    return _with_above(host_of(url))


@lru_cache(maxsize=1024)
def _with_above(host: str) -> tuple[str, ...]:
    if not host or ":" in host:
        return (host,) if host else ()
    labels = host.split(".")
    return tuple(".".join(labels[place:]) for place in range(len(labels)))


def _comparable(host: str) -> str:
    if ":" in host:
        try:
            return str(ip_address(host))
        except ValueError:
            return host
    try:
        return host if host.isascii() else ascii_host(host)
    except ValueError:
        return host


@lru_cache(maxsize=1024)
def _ascii(host: str) -> str:
    try:
        labels = uts46_remap(host, std3_rules=False).split(".")
        for label in labels:
            if label.isascii():
                continue
            check_initial_combiner(label)
            check_bidi(label)
            if any(
                char in _JOINERS and not valid_contextj(label, place)
                for place, char in enumerate(label)
            ):
                raise ValueError("a joiner between letters that are never joined")
    except IDNAError as error:
        raise ValueError("no international name of a host") from error
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels
    )
