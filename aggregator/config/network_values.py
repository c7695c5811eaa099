"""What one URL, host, proxy or header of config.toml may be.

Each function takes what TOML gave and returns the typed value, or raises `WrongValueError`.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from aggregator.config.mistake_list import WrongValueError, mistake, wrong
from aggregator.config.text_values import short_text, text
from aggregator.model import Allowance
from aggregator.model.mistakes import MistakeKind
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import (
    DEFAULT_PORTS,
    MAX_HOST_CHARS,
    ascii_host,
    has_user_info,
    host_and_port,
)
from aggregator.web.domains import is_public_suffix
from aggregator.web.urls import MAX_URL_CHARS

if TYPE_CHECKING:
    from aggregator.model import IPNetwork, Source

#: `sun_path` holds 108 bytes with its closing zero (unix(7)).
MAX_UNIX_PATH_BYTES = 107
#: RFC 1929 §2: one byte holds the length. The libraries that send it take ASCII only.
MAX_PROXY_LOGIN_CHARS = 255
MAX_USERNAME_CHARS = 200
MAX_HEADERS = 20
MAX_HEADER_NAME_CHARS = 64
#: Servers refuse a header above 8 KiB in all.
MAX_HEADER_CHARS = 1024
#: `proxy` of a source that goes past the proxy of all others.
DIRECT = "direct"

_RSSHUB = "rsshub://"
_SPACES = re.compile(r"[\s\\]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_PORT = re.compile(r"[0-9]{1,5}")
_HEADER_NAME = re.compile(rf"[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,{MAX_HEADER_NAME_CHARS}}}")
_VISIBLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

#: Headers that a source cannot set: they are ours to send, or hold a secret, or would make requests
#: other than conditional, cookie-free and the same each time.
_REFUSED_HEADERS = {
    "user-agent": MistakeKind.USER_AGENT_HEADER,
    "authorization": MistakeKind.LOGIN_HEADER,
    "proxy-authorization": MistakeKind.PROXY_LOGIN_HEADER,
    "cookie": MistakeKind.COOKIE_HEADER,
    "cookie2": MistakeKind.COOKIE_HEADER,
    "referer": MistakeKind.REFERRER_HEADER,
    "cache-control": MistakeKind.CACHE_HEADER,
    "pragma": MistakeKind.CACHE_HEADER,
}
#: These decide what an answer may be, or belong to the connection.
_OUR_HEADERS = frozenset(
    {
        "a-im", "accept-encoding", "connection", "content-encoding", "content-length",
        "content-type", "expect", "host", "keep-alive", "proxy-connection", "range", "te",
        "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to serve: a host with a port, or the path of a Unix socket (then both are `None`)."""

    host: str | None
    port: int | None
    unix_path: Path | None


def http_url(value: object) -> str:
    """Return an absolute http or https URL, exactly as written; user info is allowed."""
    url = text(value)
    split(url)
    return url


def source_url(value: object) -> str:
    """Return an http(s) URL as written (user info is allowed), or a route such as rsshub://a/b."""
    if isinstance(value, str) and value[: len(_RSSHUB)].lower() == _RSSHUB:
        return _rsshub_route(value)
    return http_url(value)


def instance_url(value: object) -> str:
    """Return the URL of an RSSHub instance, without a slash at the end."""
    url = http_url(value)
    if "?" in url or "#" in url:
        raise wrong(MistakeKind.QUERY)
    if not url.isascii():
        raise wrong(MistakeKind.NOT_ASCII)
    return url.rstrip("/")


def solver_url(value: object) -> str:
    """Return the URL of a solver, without a slash at the end."""
    url = instance_url(value)
    if has_user_info(url):
        raise wrong(MistakeKind.SOLVER_LOGIN)
    return url


def icon(value: object) -> str:
    """Return the URL of a picture that readers show beside a feed."""
    url = http_url(value)
    if has_user_info(url):
        raise wrong(MistakeKind.LOGIN_PUBLISHED)
    return url


def base_url(value: object) -> str:
    """Return the URL under which readers reach us, without a trailing slash."""
    url = text(value)
    split(url)
    found = []
    if "?" in url or "#" in url:
        found.append(mistake(MistakeKind.QUERY))
    if has_user_info(url):
        found.append(mistake(MistakeKind.LOGIN_PUBLISHED))
    if found:
        raise WrongValueError(tuple(found))
    return url.rstrip("/")


def contact(value: object) -> str:
    """Return a URL or mailto: address that goes into the User-Agent."""
    line = text(value)
    if not line.isascii() or " " in line or "(" in line or ")" in line:
        raise wrong(MistakeKind.CONTACT_CHARACTERS)
    if line.lower().startswith("mailto:"):
        if not re.fullmatch(r"[^@?]{1,64}@[^@?]{1,253}", line[len("mailto:") :]):
            raise wrong(MistakeKind.NOT_MAILTO)
        return line
    try:
        split(line)
    except WrongValueError as error:
        raise wrong(MistakeKind.NOT_A_CONTACT) from error
    if has_user_info(line):
        raise wrong(MistakeKind.LOGIN_READ)
    return line


def listen(value: object) -> Listen:
    """Return host and port, or the path of a Unix socket as written."""
    where = text(value)
    if where.startswith("unix:"):
        path = where.removeprefix("unix:")
        if not path or path.endswith("/") or path.startswith("//"):
            raise wrong(MistakeKind.NOT_A_SOCKET)
        return Listen(None, None, Path(path))
    host, colon, port = where.rpartition(":")
    if colon and not host:
        raise wrong(MistakeKind.LISTEN_WITHOUT_HOST, written=port)
    if not colon or (":" in host and not host.startswith("[")):
        raise wrong(MistakeKind.NOT_LISTEN)
    return Listen(_host(host).strip("[]"), _port(port), None)


def operator_listen(value: object) -> Listen:
    """Return a loopback address and a port, or the path of a Unix socket: no other machine's."""
    where = listen(value)
    if where.host is not None and where.host != "localhost":
        try:
            is_loopback = ip_address(where.host).is_loopback
        except ValueError:
            is_loopback = False
        if not is_loopback:
            raise wrong(MistakeKind.NOT_LOOPBACK)
    return where


def allowance(value: object) -> Allowance:
    """Return what an `allow_private` entry exempts: a host or address range, with optional port."""
    entry = text(value)
    if "//" in entry:
        raise wrong(MistakeKind.ALLOWANCE_IS_URL)
    if entry.startswith("["):
        inside, bracket, rest = entry[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise wrong(MistakeKind.ALLOWANCE_BRACKETS)
        where, port = inside, _port(rest[1:]) if rest else None
    elif entry.count(":") == 1:
        where, _, port_text = entry.partition(":")
        port = _port(port_text)
    else:
        where, port = entry, None
    network = _network(where)
    if network is not None:
        return Allowance(text=entry, network=network, port=port)
    return Allowance(text=entry, host=_host(where).rstrip("."), port=port)


def address_range(value: object) -> IPNetwork:
    """Return an address, or a range of them in CIDR notation."""
    network = _network(text(value))
    if network is None:
        raise wrong(MistakeKind.NOT_AN_ADDRESS_RANGE)
    return network


def _network(where: str) -> IPNetwork | None:
    """Return the range that an address or CIDR notation means, or `None` for a name."""
    if not (":" in where or "/" in where or re.fullmatch(r"[0-9.]+", where)):
        return None
    try:
        network = ip_network(where, strict=False)
    except ValueError as error:
        raise wrong(MistakeKind.NOT_AN_ALLOWANCE) from error
    if "/" in where and str(network.network_address) != str(ip_address(where.partition("/")[0])):
        raise wrong(MistakeKind.NOT_START_OF_RANGE, near=str(network))
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return ip_network((mapped, network.prefixlen - 96))
    return network


def proxy_url(value: object) -> str:
    """Return the URL of an HTTP or SOCKS5 proxy."""
    url = text(value)
    scheme = url.partition("://")[0].lower()
    if scheme == "socks5h":
        raise wrong(MistakeKind.SOCKS5H)
    if scheme not in ("http", "socks5"):
        raise wrong(MistakeKind.NOT_A_PROXY)
    # The parts of both are the same; what is checked here is written for http.
    parts = split(f"http://{url.partition('://')[2]}")
    if parts.path not in ("", "/") or "?" in url or "#" in url:
        raise wrong(MistakeKind.MORE_THAN_PROXY)
    login = [unquote(part or "") for part in (parts.username, parts.password)]
    if ":" in login[0] or not "".join(login).isascii() or not "".join(login).isprintable():
        raise wrong(MistakeKind.PROXY_LOGIN)
    if max(map(len, login)) > MAX_PROXY_LOGIN_CHARS:
        raise wrong(MistakeKind.PROXY_LOGIN_TOO_LONG, most=MAX_PROXY_LOGIN_CHARS)
    return url


def source_proxy(value: object) -> str:
    """Return the URL of a proxy, or "direct"."""
    return DIRECT if value == DIRECT else proxy_url(value)


def username(value: object) -> str:
    """Return the user name of a login (RFC 7617 §2)."""
    name = short_text(value, MAX_USERNAME_CHARS)
    if ":" in name:
        raise wrong(MistakeKind.COLON)
    return name


def header_name(value: object) -> str:
    """Return the name of a header that a source may set."""
    name = text(value)
    if not _HEADER_NAME.fullmatch(name):
        raise wrong(MistakeKind.NOT_A_HEADER)
    if (refused := _REFUSED_HEADERS.get(name.lower())) is not None:
        raise wrong(refused)
    if name.lower() in _OUR_HEADERS or name.lower().startswith("if-"):
        raise wrong(MistakeKind.HEADER_IS_OURS)
    return name


def header_value(value: object) -> str:
    """Return the value of a header: visible ASCII (RFC 9110 §5.5)."""
    line = short_text(value, MAX_HEADER_CHARS)
    if not _VISIBLE.fullmatch(line):
        raise wrong(MistakeKind.SPACES_AT_ENDS)
    return line


def operator_header(value: object) -> tuple[str, str]:
    """Return name and value of the header by which a proxy names the operator."""
    name, colon, content = short_text(value, MAX_HEADER_CHARS).partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name):
        raise wrong(MistakeKind.NOT_NAME_AND_VALUE)
    return name, header_value(content.strip())


def headers(value: object) -> tuple[tuple[str, str], ...]:
    """Return the headers of a table, in its order."""
    if not isinstance(value, dict):
        raise wrong(MistakeKind.NOT_AN_INNER_TABLE, such_as='{ Accept-Language = "zh-CN" }')
    found: list[tuple[str, str]] = []
    mistakes = (
        [] if len(value) <= MAX_HEADERS else [mistake(MistakeKind.TOO_MANY, most=MAX_HEADERS)]
    )
    first: dict[str, str] = {}
    for written, content in value.items():
        try:
            found.append((header_name(written), header_value(content)))
        except WrongValueError as error:
            mistakes += error.under(written)
        else:
            if (other := first.setdefault(written.lower(), written)) != written:
                mistakes.append(mistake(MistakeKind.SAME_HEADER, written, other=other))
    if mistakes:
        raise WrongValueError(tuple(mistakes))
    return tuple(found)


def site_host(value: object) -> str:
    """Return a host in lower case."""
    host = text(value).lower().rstrip(".")
    if "/" in host or ":" in host or "*" in host or "@" in host:
        raise wrong(MistakeKind.NOT_A_SITE)
    split(f"http://{host}/")
    return host


def publishers_host(value: object) -> str:
    """Return a host in lower case that one publisher can have: no public suffix."""
    host = site_host(value)
    if is_public_suffix(host):
        raise wrong(MistakeKind.PUBLIC_SUFFIX, written=host)
    return host


def parameter_name(value: object) -> str:
    """Return the name of a query parameter, as it is written in a URL or decoded."""
    return short_text(value, MAX_HEADER_NAME_CHARS)


def expand(url: str, instances: tuple[str, ...]) -> tuple[str, ...]:
    """Return the URLs that a checked one means: a route means each instance's."""
    if not url.startswith(_RSSHUB):
        return (url,)
    return tuple(f"{instance}/{url.removeprefix(_RSSHUB)}" for instance in instances)


def written_urls(source: Source, instances: tuple[str, ...]) -> tuple[str, ...]:
    """Return a source's URLs as config.toml may write them: the inverse of `expand`.

    Plain URLs that are one route at every instance, in their order, are told as that route: they
    mean the same. The first one is as it is configured, since the source is known by it.
    """
    found: list[str] = []
    left = source.urls
    if not source.url.startswith(_RSSHUB):
        found, left = [source.url], left[1:]
    while left:
        some = left[: len(instances)]
        route = some[0].removeprefix(f"{instances[0]}/") if instances else ""
        if instances and route != some[0] and some == expand(_RSSHUB + route, instances):
            found.append(_RSSHUB + route)
            left = left[len(instances) :]
        else:
            found.append(left[0])
            left = left[1:]
    return tuple(found)


def asked(source: Source) -> tuple[str, ...]:
    """Return the http(s) URLs that are asked for a source, as far as they could be read."""
    return tuple(url for url in source.urls if url and not url.startswith(_RSSHUB))


def same_url_key(url: str) -> tuple[str, str, str, int, str, str]:
    """Return what two spellings of one checked URL share: they would be the same request."""
    parts = urlsplit(url)
    host, port = host_and_port(url)
    user_info = parts.netloc.rpartition("@")[0]
    return parts.scheme, user_info, host.rstrip("."), port, parts.path or "/", parts.query


def split(url: str) -> SplitResult:
    """Take an http(s) URL apart; raises `WrongValueError` for anything else."""
    if len(url) > MAX_URL_CHARS:
        raise wrong(MistakeKind.TOO_MANY_CHARACTERS, most=MAX_URL_CHARS)
    if _SPACES.search(url):
        raise wrong(MistakeKind.SPACES)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise wrong(MistakeKind.NOT_A_URL) from error
    if parts.scheme not in DEFAULT_PORTS or not url[len(parts.scheme) :].startswith("://"):
        raise wrong(MistakeKind.NOT_HTTP)
    authority = parts.netloc.rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = authority, ""
    _host(host)
    if port:
        _port(port)
    return parts


def _rsshub_route(written: str) -> str:
    text(written)
    route = written[len(_RSSHUB) :]
    if not route.partition("?")[0].strip("/") or route.startswith("/"):
        raise wrong(MistakeKind.NOT_A_ROUTE)
    if "#" in route:
        raise wrong(MistakeKind.FRAGMENT)
    split(f"http://rsshub/{route}")
    return _RSSHUB + route


def _port(digits: str) -> int:
    if not _PORT.fullmatch(digits) or not 1 <= int(digits) <= 65535:
        raise wrong(MistakeKind.NOT_A_PORT)
    return int(digits)


def _host(host: str) -> str:
    """Return a host as DNS knows it, in ASCII; an IPv6 address keeps its brackets."""
    if not host:
        raise wrong(MistakeKind.NO_HOST)
    if len(host) > MAX_HOST_CHARS:
        raise wrong(MistakeKind.HOST_TOO_LONG, most=MAX_HOST_CHARS)
    return _ipv6(host) if host.startswith("[") else _name(host)


def _ipv6(host: str) -> str:
    try:
        address = ip_address(host[1:-1] if host.endswith("]") else "")
    except ValueError as error:
        raise wrong(MistakeKind.NOT_IPV6) from error
    if address.version != 6 or "%" in host:
        raise wrong(MistakeKind.IPV6_ZONE)
    return host.lower()


def _name(host: str) -> str:
    try:
        name = ascii_host(host)
    except ValueError as error:
        raise wrong(MistakeKind.NOT_A_HOST) from error
    labels = name.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise wrong(MistakeKind.NOT_A_HOST)
    if labels[-1].isdigit():
        try:
            ip_address(name.removesuffix("."))
        except ValueError as error:
            raise wrong(MistakeKind.NOT_IPV4) from error
    return name
