"""How a source is asked: URLs and mirrors, headers, login, proxy; each value by itself.

Secrets are named by their files. Whether a file is there is seen when it is read: the machine that
checks a configuration need not be the one that runs it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aggregator.config import values

if TYPE_CHECKING:
    from aggregator.config.settings import Rsshub
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


def _rsshub_route(text: str) -> str:
    values.text(text)
    route = text[len(_RSSHUB) :]
    if not route.partition("?")[0].strip("/") or route.startswith("/"):
        raise ValueError('must name a route, such as "rsshub://ithome/ranking/24h"')
    if "#" in route:
        raise ValueError("must not have a fragment")
    values.split(f"http://rsshub/{route}")
    return _RSSHUB + route
