"""An httpx transport over aiohttp: its connection pool, its parser, and our guard at every dial.

Why not httpx's own transport, nor a packaged bridge: docs/adr/0001-http-client.md. What leaves is
byte for byte what the caller gave: the request target comes in the extension "target" (as httpcore
has it), and a header that cannot be sent exactly is refused rather than sent in another spelling.
"""

from __future__ import annotations

import asyncio
import functools
import re
import socket
import ssl
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import httpx
import yarl

from aggregator.fetch.certificates import until_at
from aggregator.fetch.guard import Dial
from aggregator.fetch.loaded_aiohttp import AbstractResolver, ResolveResult, aiohttp
from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from datetime import datetime

    import aiohttp_socks
    from aiohttp.connector import Connection

    from aggregator.fetch.dns import Resolver
    from aggregator.fetch.proxies import Proxy
    from aggregator.fetch.request_limits import FetchLimits
else:  # few have such a proxy
    aiohttp_socks = LateModule("aiohttp_socks")

#: The request whose connection is being opened. Tasks that a dial starts inherit it, concurrent
#: requests have their own: so the guard knows on whose behalf an address is dialled.
_DIAL: ContextVar[Dial] = ContextVar("dial")

#: What the rest of fetch reads from extensions: as it came, and nowhere else. Cookies are kept for
#: one poll only (`cookies`).
_WITHHELD = frozenset({b"set-cookie", b"set-cookie2", b"location"})

#: What an HTTP proxy is told with CONNECT beside the host.
_TUNNEL_HEADERS = frozenset({"accept", "accept-encoding", "user-agent"})

#: A proxy whose address changes (a container's) leaves a session behind each time.
MAX_SOCKS_SESSIONS = 64


#: aiohttp's words for a chunked body whose connection ends before it does.
_TOO_EARLY = "Not enough data"


class MisframedError(httpx.RemoteProtocolError):
    """aiohttp's parser refuses what was sent: another may read it."""


class RefusedAddressError(OSError):
    """The guard does not let this address be dialled; the reason is kept in the `Dial`."""


@functools.cache
def default_tls() -> ssl.SSLContext:
    """Return the system's trust, or certifi's where the system has none.

    Made once: it costs about 40 ms, and a reload happens on the event loop.
    """
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        context = ssl.create_default_context()
    else:
        context = httpx.create_ssl_context(trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    return context


@functools.cache
def unverified_tls() -> ssl.SSLContext:
    """Return a context that believes every certificate, for sources with `tls_verify = false`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends httpx requests through aiohttp; every request brings its `Dial` in "dial".

    Make and use it in one event loop; `aclose` when done. `tls` returns whom to trust, and is asked
    when TLS is spoken first. Raises httpx's own exceptions, with
    aiohttp's and the system's as their causes.
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
        self._resolver = _BoundedResolver(resolver, limits.addresses)
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._proxy = proxy
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._socks_sessions: dict[tuple[str, str], aiohttp.ClientSession] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its response with the body still to be read."""
        dial: Dial = request.extensions["dial"]
        token = _DIAL.set(dial)
        try:
            with _httpx_errors():
                response = await self._send(request, dial)
        finally:
            _DIAL.reset(token)
        return answer(
            response.status,
            response.raw_headers,
            _Stream(response),
            certificate_until_at=response.certificate_until_at,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        for session in (*self._sessions.values(), *self._socks_sessions.values()):
            await session.close()
        self._sessions.clear()
        self._socks_sessions.clear()

    async def _send(self, request: httpx.Request, dial: Dial) -> _Response:
        proxy = self._proxy
        tls = await self._tls_of(request)
        if dial.direct or proxy is None:
            return await _request(self._session(dial.pool), request, tls)
        if proxy.scheme == "http":
            return await _request(self._session(dial.pool), request, tls, proxy)
        error: Exception | None = None
        for address in await self._addresses(proxy.host):
            try:
                session = await self._socks_session(dial.pool, proxy, address)
                return await _request(session, request, tls)
            except aiohttp_socks.ProxyConnectionError as failed:  # nobody has heard of it yet
                error = failed
            except aiohttp_socks.ProxyTimeoutError as failed:
                raise httpx.ProxyError("not in time") from failed
            except aiohttp_socks.ProxyError as failed:  # a code of RFC 1928, in the library's words
                raise httpx.ProxyError(str(failed).lower()) from failed
        raise httpx.ProxyError("no connection to it") from error

    async def _tls_of(self, request: httpx.Request) -> ssl.SSLContext | bool:
        """Return the context of a request; what needs none trusts nobody (`loaded_aiohttp`)."""
        if request.url.scheme != "https":
            return True
        if self._context is None:  # reading the authorities would hold up everybody
            self._context = await asyncio.to_thread(self._tls)
        return self._context

    async def _addresses(self, host: str) -> list[str]:
        """Look up a SOCKS proxy; the connector would do it in the event loop's own threads."""
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        try:
            return [found["host"] for found in await self._resolver.resolve(host)]
        except socket.gaierror as error:
            raise httpx.ProxyError("its name has no address") from error

    def _session(self, pool: str) -> aiohttp.ClientSession:
        if pool not in self._sessions:
            connector = aiohttp.TCPConnector(
                limit=0,  # the poller bounds how many requests there are
                limit_per_host=1,
                resolver=self._resolver,
                use_dns_cache=False,  # it would share an answer, and its reason, between requests
                socket_factory=_guarded_socket,
            )
            self._sessions[pool] = self._over(connector)
        return self._sessions[pool]

    async def _socks_session(self, pool: str, proxy: Proxy, address: str) -> aiohttp.ClientSession:
        """Return the session for one address of a SOCKS proxy; the oldest of too many is closed."""
        key = (pool, address)
        if key not in self._socks_sessions:
            connector = aiohttp_socks.ProxyConnector(
                host=address,
                port=proxy.port,
                proxy_type=aiohttp_socks.ProxyType.SOCKS5,
                username=proxy.username,
                password=proxy.password,
                rdns=True,  # names are the proxy's to look up
                limit=0,
                limit_per_host=1,
            )
            self._socks_sessions[key] = self._over(connector)
            if len(self._socks_sessions) > MAX_SOCKS_SESSIONS:
                oldest = next(iter(self._socks_sessions))
                await self._socks_sessions.pop(oldest).close()
        return self._socks_sessions[key]

    def _over(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        limits = self._limits
        return aiohttp.ClientSession(
            connector=connector,
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect.total_seconds()),
            max_line_size=limits.field_bytes,
            max_field_size=limits.field_bytes,
            max_headers=limits.fields,
        )


def answer(
    status: int,
    raw: Iterable[tuple[bytes, bytes]],
    stream: httpx.AsyncByteStream,
    *,
    certificate_until_at: datetime | None,
) -> httpx.Response:
    """Return a response as the rest of fetch reads it: "location" is the field as it came."""
    fields = list(raw)
    locations = [value for name, value in fields if name.lower() == b"location"]
    return httpx.Response(
        status,
        headers=[pair for pair in fields if pair[0].lower() not in _WITHHELD],
        stream=stream,
        extensions={
            "location": locations[0] if locations else b"",
            "cookies": [value for name, value in fields if name.lower() == b"set-cookie"],
            "certificate_until_at": certificate_until_at,
        },
    )


async def _request(
    session: aiohttp.ClientSession,
    request: httpx.Request,
    tls: ssl.SSLContext | bool,
    proxy: Proxy | None = None,
) -> _Response:
    headers = exact_headers(request)
    tunnelled = proxy is not None and request.url.scheme == "https"
    response = await session.request(
        request.method,
        _exact_url(request),
        headers=headers,
        data=request.content or None,
        allow_redirects=False,
        ssl=tls,
        proxy=None if proxy is None else _proxy_url(proxy),
        # CONNECT would carry aiohttp's own; it hears nothing else of what is asked for.
        proxy_headers=[h for h in headers if h[0].lower() in _TUNNEL_HEADERS]
        if tunnelled
        else None,
    )
    assert isinstance(response, _Response)  # noqa: S101 -- the session's response_class
    return response


class _Response(aiohttp.ClientResponse):
    """An answer that remembers its server's certificate: its connection may be free at once."""

    certificate_until_at: datetime | None = None

    async def start(self, connection: Connection) -> _Response:
        """Read the head of the answer."""
        if connection.transport is not None:
            self.certificate_until_at = until_at(connection.transport.get_extra_info("peercert"))
        closed = None if connection.protocol is None else connection.protocol.closed
        await super().start(connection)
        if closed is not None:
            closed.add_done_callback(self._end)
        return self

    def _end(self, closed: asyncio.Future[None]) -> None:
        """Tell the reader of the body that nothing more comes.

        aiohttp 3.14 closes a connection whose chunks it cannot read without a word to the body,
        whose reader would wait until its deadline.
        """
        if not closed.cancelled():
            closed.exception()  # retrieved: the reader of the body meets it by other ways
        content = self.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.http_exceptions.TransferEncodingError("refused"))


class _Stream(httpx.AsyncByteStream):
    """The body as it comes; closing it before its end closes the connection."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class _BoundedResolver(AbstractResolver):
    """Our `Resolver` as aiohttp wants it, with a bound on the addresses that are tried."""

    def __init__(self, resolver: Resolver, addresses: int) -> None:
        self._resolver = resolver
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 # the resolver gives both
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found[: self._addresses]
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _guarded_socket(
    info: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]],
) -> socket.socket:
    """Make the socket for one dial, or refuse; aiohttp calls this for every address it dials."""
    family, kind, proto, _name, address = info
    # Without a `Dial` in the context this raises LookupError: nobody dials unguarded.
    if not _DIAL.get().admits(ip_address(address[0])):
        raise RefusedAddressError("refused by the guard")
    return socket.socket(family, kind, proto)


def _proxy_url(proxy: Proxy) -> yarl.URL:
    return yarl.URL.build(
        scheme=proxy.scheme,
        host=f"[{proxy.host}]" if ":" in proxy.host else proxy.host,
        port=proxy.port,
        user=proxy.username,
        password=proxy.password,
    )


def _exact_url(request: httpx.Request) -> yarl.URL:
    host = request.url.raw_host.decode("ascii")
    # The whole target goes in as the path: yarl would drop a "?" with nothing behind it.
    return yarl.URL.build(
        scheme=request.url.scheme,
        host=f"[{host}]" if ":" in host else host,
        port=request.url.port,
        path=request.extensions["target"].decode("ascii"),
        encoded=True,
    )


#: What no header value may hold, in any encoding that is a superset of ASCII.
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def exact_headers(request: httpx.Request) -> list[tuple[str, str]]:
    """Return the fields to send; raises `httpx.LocalProtocolError` for one that cannot be sent."""
    headers = []
    for name, value in request.headers.raw:
        if not sendable(value):
            raise httpx.LocalProtocolError(f"{name!r} cannot be sent as it is", request=request)
        headers.append((name.decode("ascii"), value.decode()))
    return headers


def sendable(value: bytes) -> bool:
    """Tell whether a header value can leave byte for byte: aiohttp writes UTF-8 and nothing else.

    A latin-1 é (0xE9) would leave as two bytes.
    """
    if _CONTROLS.search(value) is not None:
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


_PROXY_ERRORS = (
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientHttpProxyError,
)


def _proxy_reason(error: Exception) -> str:
    match error:
        case aiohttp.ClientHttpProxyError():
            return f"it answered {error.status}"
        case _:
            return "no connection to it"


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Raise aiohttp's errors as httpx's, each with the original as its cause."""
    try:
        yield
    except _PROXY_ERRORS as error:
        raise httpx.ProxyError(_proxy_reason(error)) from error
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("connect") from error
    except aiohttp.ServerTimeoutError as error:
        raise httpx.ReadTimeout("read") from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError("connect") from error
    except aiohttp.ClientOSError as error:
        raise httpx.ReadError("read") from error
    except (
        aiohttp.ClientPayloadError,
        aiohttp.ClientResponseError,
        aiohttp.http_exceptions.HttpProcessingError,
    ) as error:
        raise _refused(error) from error
    except aiohttp.ServerDisconnectedError as error:
        raise httpx.RemoteProtocolError("response") from error
    except (aiohttp.ClientError, asyncio.IncompleteReadError) as error:
        raise httpx.TransportError("request") from error


def _refused(error: Exception) -> httpx.RemoteProtocolError:
    """Tell what the parser refuses from what did not come, and from what no parser reads."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.http_exceptions.ContentLengthError):
            break
        if isinstance(cause, aiohttp.http_exceptions.HttpProcessingError):
            if cause.message.startswith(_TOO_EARLY):
                break
            return MisframedError("misframed")
        cause = cause.__cause__
    return httpx.RemoteProtocolError("response")
