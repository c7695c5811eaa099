"""One HTTP client for each way out to the network, made when it is needed.

A client is an httpx transport: what `httpx.AsyncClient` adds to it (cookies, redirects, logins, log
lines) is nothing that a poll wants, and costs as much again as the request.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aggregator.fetch.transport import AiohttpTransport, unverified_tls
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    import httpx

    from aggregator.fetch import lenient_transport
    from aggregator.fetch.dns import Resolver
    from aggregator.fetch.proxies import Proxy
    from aggregator.fetch.request_limits import FetchLimits
else:  # a second HTTP library, for the few servers that the first refuses
    lenient_transport = LateModule("aggregator.fetch.lenient_transport")

#: Clients that stay open while nobody asks through them, for their connections.
MAX_IDLE_CLIENTS = 16


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: through a proxy or none, with certificates verified or not.

    `lenient`: answers are read by a parser that takes what HTTP leaves to the recipient.
    """

    proxy: Proxy | None = None
    tls_verify: bool = True
    lenient: bool = False

    @property
    def may_be_lenient(self) -> bool:
        """Whether there is such a parser on this way: not behind a SOCKS proxy."""
        return self.proxy is None or self.proxy.scheme == "http"


class Clients:
    """The clients of one event loop; there are never more than those in use and a few idle ones."""

    def __init__(
        self, *, limits: FetchLimits, resolver: Resolver, tls: Callable[[], ssl.SSLContext]
    ) -> None:
        self._limits = limits
        self._resolver = resolver
        self._tls = tls
        # In the order of their last use; the number counts who uses them now.
        self._clients: dict[Way, tuple[httpx.AsyncBaseTransport, int]] = {}

    @asynccontextmanager
    async def hold(self, way: Way) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """Lend the client of `way` until the request and its answer are over."""
        client, users = self._clients.pop(way) if way in self._clients else (self._make(way), 0)
        self._clients[way] = client, users + 1
        try:
            yield client
        finally:
            if way in self._clients:  # else all were closed meanwhile
                client, users = self._clients[way]
                self._clients[way] = client, users - 1
                await self._close_idle()

    async def aclose(self) -> None:
        """Close every connection, those in use too."""
        while self._clients:
            _, (client, _) = self._clients.popitem()
            await client.aclose()

    async def _close_idle(self) -> None:
        idle = [way for way, (_, users) in self._clients.items() if users == 0]
        for way in idle[: max(0, len(idle) - MAX_IDLE_CLIENTS)]:
            client, _ = self._clients.pop(way)
            await client.aclose()

    def _make(self, way: Way) -> httpx.AsyncBaseTransport:
        make = lenient_transport.LenientTransport if way.lenient else AiohttpTransport
        return make(
            limits=self._limits,
            resolver=self._resolver,
            tls=self._tls if way.tls_verify else unverified_tls,
            proxy=way.proxy,
        )
