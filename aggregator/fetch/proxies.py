"""Proxies as they are configured: taken apart, with their secrets kept out of every text."""

from __future__ import annotations

from dataclasses import field
from typing import Literal
from urllib.parse import unquote, urlsplit

from aggregator.model.errors import ConfigError
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import host_of

#: Where proxies listen whose URL names no port.
_PROXY_PORTS = {"http": 80, "socks5": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, taken apart; user name and password show in no text."""

    scheme: Literal["http", "socks5"]
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def netloc(self) -> str:
        """Host and port, for messages."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_proxy(url: str) -> Proxy:
    """Take the URL of a proxy apart; raises `ConfigError` for one that is not spoken."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PROXY_PORTS or not host_of(url) or port == 0:
        message = "proxy: only http://HOST:PORT and socks5://HOST:PORT are supported"
        raise ConfigError((message,))
    return Proxy(
        "http" if parts.scheme == "http" else "socks5",
        host_of(url),
        port or _PROXY_PORTS[parts.scheme],
        None if parts.username is None else unquote(parts.username),
        None if parts.username is None else unquote(parts.password or ""),
    )
