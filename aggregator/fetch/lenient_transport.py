"""Answers that aiohttp's parser refuses, read once more by h11: a second, more patient transport.

aiohttp refuses a whole packet for what comes after the message in it: the body of a 304, bytes
after Content-Length; and it refuses framing that RFC 9110 §8.6 and RFC 9112 §6.3 let a recipient
read: a length that is told twice alike, a length beside chunks. h11 reads these, with `chunk_lines`
before it those whose chunk lines end in LF alone, and says in words what is wrong with the rest.
Only the poll's deadline ends a silence: it is no matter of framing. The guard decides on every
address here, too.

One connection a request: an answer that is framed like this leaves none to be used again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from aggregator.fetch.certificates import until_at
from aggregator.fetch.chunk_lines import ChunkLines, LinesError
from aggregator.fetch.transport import RefusedAddressError, answer, exact_headers

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from aggregator.fetch.dns import Resolver
    from aggregator.fetch.guard import Dial
    from aggregator.fetch.proxies import Proxy
    from aggregator.fetch.request_limits import FetchLimits
    from aggregator.model import IPAddress

# At its debug level it logs header fields, which hold secrets (Location, Set-Cookie).
logging.getLogger("httpcore").setLevel(logging.INFO)


class LenientTransport(httpx.AsyncBaseTransport):
    """Sends httpx requests through httpcore and h11; every request brings its `Dial` in "dial".

    Raises httpx's own exceptions, with the text of h11's where what was sent is not HTTP. Through
    an HTTP proxy or none; there is no SOCKS here.
    """

    def __init__(
        self,
        *,
        limits: FetchLimits,
        resolver: Resolver,
        tls: Callable[[], ssl.SSLContext],
        proxy: Proxy | None = None,
    ) -> None:
        self._limits = limits
        self._resolver = resolver
        self._tls = tls
        self._proxy = proxy

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its response with the body still to be read."""
        dial: Dial = request.extensions["dial"]
        proxy = None if dial.direct else self._proxy
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls() if request.url.scheme == "https" else None,
            proxy=None if proxy is None else _proxy(proxy),
            max_keepalive_connections=0,
            network_backend=_GuardedBackend(dial, self._resolver, self._limits.addresses),
        )
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.extensions["target"],
            ),
            headers=exact_headers(request),
            extensions={"timeout": {"connect": self._limits.connect.total_seconds()}},
        )
        try:
            with _httpx_errors():
                response = await pool.handle_async_request(asked)
        except BaseException:
            await pool.aclose()
            raise
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        certificate = None if tls is None else tls.getpeercert()
        return answer(
            response.status,
            response.headers,
            _Stream(response, pool),
            certificate_until_at=until_at(certificate),
        )


class _Stream(httpx.AsyncByteStream):
    """The body as it comes; closing it closes the connection."""

    def __init__(self, response: httpcore.Response, pool: httpcore.AsyncConnectionPool) -> None:
        self._response = response
        self._pool = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for chunk in self._response.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
        await self._pool.aclose()


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens the connections of one request, and asks its `Dial` about every address."""

    def __init__(self, dial: Dial, resolver: Resolver, most: int) -> None:
        self._dial = dial
        self._resolver = resolver
        self._most = most

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the library's interface
        local_address: str | None = None,  # noqa: ARG002 -- the same
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 -- the same
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers, of those that the guard admits."""
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def _connect(self, host: str, port: int) -> httpcore.AsyncNetworkStream:
        refused: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        try:
            addresses = await self._resolver.resolve(host)
        except OSError as error:
            raise httpcore.ConnectError from error
        for address in addresses[: self._most]:
            if not self._dial.admits(address):
                refused = RefusedAddressError("refused by the guard")
                continue
            try:
                return await _dialled(address, port)
            except OSError as error:
                refused = error
        raise httpcore.ConnectError from refused


async def _dialled(address: IPAddress, port: int) -> _Socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.setblocking(False)
        await asyncio.get_running_loop().sock_connect(dialled, (str(address), port))
        return _Socket(*await asyncio.open_connection(sock=dialled))
    except BaseException:
        dialled.close()
        raise


class _Socket(httpcore.AsyncNetworkStream):
    """An open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._lines = ChunkLines()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 -- httpcore's
        with _core_errors(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                # b"" is the end for httpcore: it is told nothing while a line is incomplete.
                while data := await self._reader.read(max_bytes):
                    try:
                        lines = self._lines.feed(data)
                    except LinesError as error:
                        raise httpcore.RemoteProtocolError(str(error)) from error
                    if lines:
                        return lines
                return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 -- httpcore's
        with _core_errors(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.transport.abort()  # whatever is still on its way is no part of the answer

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's
    ) -> httpcore.AsyncNetworkStream:
        with _core_errors(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        self._lines = ChunkLines()  # what came before was a proxy's answer to CONNECT
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._writer.get_extra_info(info)


def _proxy(proxy: Proxy) -> httpcore.Proxy:
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    auth = None if proxy.username is None else (proxy.username, proxy.password or "")
    return httpcore.Proxy(f"http://{host}:{proxy.port}", auth=auth)


@contextmanager
def _core_errors(
    late: type[httpcore.TimeoutException], broken: type[httpcore.NetworkError]
) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late from error
    except OSError as error:
        raise broken from error


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise httpcore's errors as httpx's, each with the original as its cause."""
    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise httpx.ConnectTimeout("connect") from error
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout("read") from error
    except httpcore.ProxyError as error:
        raise httpx.ProxyError(f"it answered {str(error).partition(' ')[0]}") from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError("connect") from error
    except httpcore.NetworkError as error:
        raise httpx.ReadError("read") from error
    except httpcore.ProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
