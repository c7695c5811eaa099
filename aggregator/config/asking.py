"""How a source is asked: URLs and mirrors, headers, login, proxy; each value, and all together.

Secrets are named by their files. Whether a file is there is seen when it is read: the machine that
checks a configuration need not be the one that runs it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aggregator.config import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.config.mistakes import Mistakes
    from aggregator.config.places import Path
    from aggregator.config.readings import Reading, Tables
    from aggregator.config.settings import Rsshub
    from aggregator.config.tables import SourceTable
    from aggregator.model import Source

#: More than these are a list of something else; a poll asks three of them at most.
MAX_URLS = 16
MAX_INSTANCES = 16
MAX_HEADERS = 20
MAX_HEADER_NAME_CHARS = 64
#: Servers refuse a header above 8 KiB in all.
MAX_HEADER_CHARS = 1024
#: RFC 1929 §2: one byte holds the length. The libraries that send it take ASCII only.
MAX_PROXY_LOGIN_CHARS = 255
#: What Linux accepts as a path (PATH_MAX).
MAX_PATH_CHARS = 4095
#: `proxy` of a source that goes past the proxy of all others.
DIRECT = "direct"

_RSSHUB = "rsshub://"
_TOKEN = re.compile(rf"[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,{MAX_HEADER_NAME_CHARS}}}")
_VISIBLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

#: Headers that a source cannot set, by what to do instead: they are ours to send, or hold a secret,
#: or would make requests other than conditional, cookie-free and the same each time.
_FORBIDDEN = {
    "user-agent": 'use user_agent = "…"',
    "authorization": "use token_file, or username with password_file",
    "proxy-authorization": "write user:password@ into proxy",
    "cookie": "no cookies are sent",
    "cookie2": "no cookies are sent",
    "referer": "no referrer is sent",
    "cache-control": "caches are not circumvented",
    "pragma": "caches are not circumvented",
}
#: These decide what an answer may be, or belong to the connection.
_OURS = frozenset(
    {
        "a-im", "accept-encoding", "connection", "content-encoding", "content-length",
        "content-type", "expect", "host", "keep-alive", "proxy-connection", "range", "te",
        "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip


def source_url(value: object) -> str:
    """Return an http(s) URL as written (user info is allowed), or a route such as rsshub://a/b."""
    if isinstance(value, str) and value.lower().startswith(_RSSHUB):
        return _rsshub_route(value)
    return values.http_url(value)


def one_or_more(value: object) -> object:
    """Return a single value as a list of one."""
    return value if isinstance(value, list) else [value]


def instance_url(value: object) -> str:
    """Return the URL of an RSSHub instance, without a slash at the end."""
    url = values.http_url(value)
    if "?" in url or "#" in url:
        raise ValueError("must not have a query or fragment")
    if not url.isascii():
        raise ValueError("must be plain ASCII (international names as xn--…)")
    return url.rstrip("/")


def expand(url: str, rsshub: Rsshub) -> tuple[str, ...]:
    """Return the URLs that a checked one stands for: a route stands for each instance's."""
    if not url.startswith(_RSSHUB):
        return (url,)
    return tuple(f"{instance}/{url.removeprefix(_RSSHUB)}" for instance in rsshub.instances)


def asked(source: Source) -> tuple[str, ...]:
    """Return the http(s) URLs that are asked for a source, as far as they could be read."""
    return tuple(url for url in source.urls if url and not url.startswith(_RSSHUB))


def header_name(value: object) -> str:
    """Return the name of a header that a source may set."""
    name = values.text(value)
    if not _TOKEN.fullmatch(name):
        raise ValueError("is no name of a header")
    if name.lower() in _FORBIDDEN:
        raise ValueError(f"cannot be set: {_FORBIDDEN[name.lower()]}")
    if name.lower() in _OURS or name.lower().startswith("if-"):
        raise ValueError("cannot be set: every request has its own")
    return name


def header_value(value: object) -> str:
    """Return the value of a header: visible ASCII (RFC 9110 §5.5)."""
    line = values.text(value)
    if len(line) > MAX_HEADER_CHARS:
        raise ValueError(f"must have at most {MAX_HEADER_CHARS} characters")
    if not _VISIBLE.fullmatch(line):
        raise ValueError("must be plain ASCII without spaces at its ends")
    return line


def username(value: object) -> str:
    """Return the user name of a login (RFC 7617 §2)."""
    name = values.text(value)
    if ":" in name:
        raise ValueError('must not hold ":"')
    if len(name) > values.MAX_TITLE_CHARS:
        raise ValueError(f"must have at most {values.MAX_TITLE_CHARS} characters")
    return name


def secret_file(value: object) -> str:
    """Return the path of a file that holds a secret, as written."""
    path = values.store_path(value)
    if len(path) > MAX_PATH_CHARS:
        raise ValueError(f"must have at most {MAX_PATH_CHARS} characters")
    return path


def proxy_url(value: object) -> str:
    """Return the URL of an HTTP or SOCKS5 proxy."""
    url = values.text(value)
    scheme = url.partition("://")[0].lower()
    if scheme == "socks5h":
        raise ValueError('write "socks5://…": names are always looked up by the proxy')
    if scheme not in ("http", "socks5"):
        raise ValueError('must be an http:// or socks5:// URL, such as "socks5://127.0.0.1:1080"')
    # The parts of both are the same; what is checked here is written for http.
    parts = values.split(f"http://{url.partition('://')[2]}")
    if parts.path not in ("", "/") or "?" in url or "#" in url:
        raise ValueError('must be only scheme, host and port, such as "http://127.0.0.1:7890"')
    login = [unquote(part or "") for part in (parts.username, parts.password)]
    if ":" in login[0] or not "".join(login).isascii() or not "".join(login).isprintable():
        raise ValueError('user name and password must be plain ASCII, the name without ":"')
    if max(map(len, login)) > MAX_PROXY_LOGIN_CHARS:
        raise ValueError(
            f"user name and password must have at most {MAX_PROXY_LOGIN_CHARS} characters each"
        )
    return url


def source_proxy(value: object) -> str:
    """Return the URL of a proxy, or "direct"."""
    return DIRECT if value == DIRECT else proxy_url(value)


def check(tables: Tables, sources: Sequence[Source], rsshub: Rsshub, mistakes: Mistakes) -> None:
    """Find the mistakes between the keys that say how sources are asked."""
    if tables.rsshub.says("access_key_file") and not (
        rsshub.instances or "instances" in tables.rsshub.broken
    ):
        mistakes.add(("rsshub", "access_key_file"), "means nothing without instances")
    _same_urls(tables, rsshub, mistakes)
    _twice(("defaults", "headers"), tables.defaults.table.headers, mistakes)
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        if reading.says("headers"):
            _twice(("sources", index, "headers"), reading.table.headers, mistakes)
        _login(("sources", index), reading, source, mistakes)


def cautions(tables: Tables, sources: Sequence[Source], warnings: Mistakes) -> None:
    """Find what is allowed, and dangerous."""
    text = "certificates are not verified: anybody on the way can read and change what comes"
    if not tables.defaults.table.tls_verify:
        warnings.add(("defaults", "tls_verify"), text)
    allowances = tables.network.table.allow_private
    for index, (reading, source) in enumerate(zip(tables.sources, sources, strict=True)):
        if reading.says("tls_verify") and not source.access.tls_verify:
            warnings.add(("sources", index, "tls_verify"), text)
        for key in ("token_file", "password_file"):
            if reading.says(key) and any(
                url.lower().startswith("http:")
                and not any(allowance.covers(*values.origin(url)) for allowance in allowances)
                for url in asked(source)
            ):
                warnings.add(("sources", index, key), "is sent unencrypted, over http://")


def _rsshub_route(text: str) -> str:
    values.text(text)
    route = text[len(_RSSHUB) :]
    if not route.partition("?")[0].strip("/") or route.startswith("/"):
        raise ValueError('must name a route, such as "rsshub://ithome/ranking/24h"')
    if "#" in route:
        raise ValueError("must not have a fragment")
    values.split(f"http://rsshub/{route}")
    return _RSSHUB + route


def _same_urls(tables: Tables, rsshub: Rsshub, mistakes: Mistakes) -> None:
    seen: dict[tuple[str | int, ...], int] = {}
    for index, reading in enumerate(tables.sources):
        for path, url in _places(index, reading):
            expanded = expand(url, rsshub)
            if not expanded and "instances" not in tables.rsshub.broken:
                mistakes.add(
                    path,
                    "needs an RSSHub instance: "
                    'write [rsshub] and under it instances = ["https://…"]',
                )
            keys = [values.same_url_key(one) for one in expanded]
            others = [seen[key] for key in keys if key in seen]
            if others:
                same = "the same URL stands twice in this source"
                told = same if others[0] == index else f"the same URL as sources[{others[0]}]"
                mistakes.add(path, told)
            seen.update({key: index for key in keys if key not in seen})


def _places(index: int, reading: Reading[SourceTable]) -> Iterator[tuple[Path, str]]:
    urls = reading.table.url
    for position, url in enumerate(urls):
        yield ("sources", index, "url", *([position] if len(urls) > 1 else [])), url


def _twice(path: Path, headers: dict[str, str], mistakes: Mistakes) -> None:
    if len(headers) > MAX_HEADERS:
        mistakes.add(path, f"must have at most {MAX_HEADERS}")
    first: dict[str, str] = {}
    for name in headers:
        if first.setdefault(name.lower(), name) != name:
            mistakes.add((*path, name), f"the same header as {first[name.lower()]}")


def _login(at: Path, reading: Reading[SourceTable], source: Source, mistakes: Mistakes) -> None:
    says = [key for key in ("username", "password_file", "token_file") if reading.says(key)]
    if not says or reading.broken.intersection(("username", "password_file", "token_file", "url")):
        return
    if "token_file" in says and len(says) > 1:
        mistakes.add((*at, "token_file"), "a request has one login: this, or username")
        return
    if says == ["username"]:
        mistakes.add((*at, "username"), "needs password_file beside it")
    if says == ["password_file"]:
        mistakes.add((*at, "password_file"), "needs username beside it")
    if any("@" in urlsplit(url).netloc for url in asked(source)):
        mistakes.add((*at, says[-1]), "the url holds a login already")
    if len({(urlsplit(url).scheme, *values.origin(url)) for url in asked(source)}) > 1:
        mistakes.add(
            (*at, says[-1]),
            "would go to every server in url; write user:password@ into the URL that needs it, "
            "or make it a source of its own",
        )
