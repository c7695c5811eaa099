"""The network half of the failure matrix: what may go wrong between us and a publisher, as rows.

A row's fault is a `Reply` of the publisher, or what is done to its `Scene`. The tests are in
test_poll_failures.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import zlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped] # it has no stubs
from backports import zstd

from aggregator.model import ProblemKind
from tests.dns import FAILS, SILENT, NameServer, Trouble
from tests.feed_documents import item, rss
from tests.fetching import LIMITS
from tests.ports import free_port
from tests.web import Certificate, Publisher, Reply, Request, make_certificate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aggregator.fetch import FetchLimits

#: Bounds for what never ends: of a look-up, of a connection, of an answer.
_NO_NAME = replace(LIMITS, look_up=timedelta(seconds=0.4))
_NO_CONNECTION = replace(LIMITS, connect=timedelta(seconds=0.4))
_NO_END = replace(LIMITS, deadline=timedelta(seconds=0.8))

#: Where the publishers are, which allow_private declares, and where nobody may go.
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
NAMES = "*.site.example"

PATH = "/feed.xml"

#: What a bomb inflates to: far more than the bound on memory of a row.
BOMB_BYTES = 256 * 1024 * 1024


@dataclass
class Certificates:
    """Whom the publishers say that they are; `trusted` believes all but the self-signed one."""

    good: Certificate
    expired: Certificate
    self_signed: Certificate
    other_host: Certificate

    def trusted(self) -> ssl.SSLContext:
        context = self.good.trusted()
        for other in (self.expired, self.other_host):
            context.load_verify_locations(cafile=str(other.path))
        return context


def make_certificates(folder: Path) -> Certificates:
    made = []
    for name, host, expired in (
        ("good", NAMES, False),
        ("expired", NAMES, True),
        ("self-signed", NAMES, False),
        ("other", "elsewhere.example", False),
    ):
        (folder / name).mkdir()
        made.append(make_certificate(folder / name, host, expired=expired))
    return Certificates(*made)


@dataclass
class Scene:
    """A source's publisher, its name, and what can be done to them.

    `inside` listens where no source may lead to, on the publisher's own port.
    """

    host: str
    dns: NameServer
    certificates: Certificates | None = None
    port: int = field(default_factory=free_port)  # for as often as it listens
    web: Publisher = field(default_factory=Publisher)
    inside: Publisher = field(default_factory=Publisher)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    entries: int = 1

    @property
    def url(self) -> str:
        """The source's URL."""
        return f"{'https' if self.certificates else 'http'}://{self.host}:{self.port}{PATH}"

    async def open(self) -> None:
        """Publish a good document."""
        tls = self.certificates.good.server() if self.certificates else None
        await self.publish_with(tls)
        self.inside = Publisher(host=INSIDE, port=self.port)
        # Another test's socket may sit there: then nobody can tell whether we were led to it.
        with contextlib.suppress(OSError):
            await self.stack.enter_async_context(self.inside)
        self.inside.route(PATH, body=rss(item("from inside")))

    async def publish_with(self, tls: ssl.SSLContext | None) -> None:
        """Begin to listen anew, with this TLS or without."""
        await self.close()
        self.web = await self.stack.enter_async_context(
            Publisher(host=OUTSIDE, port=self.port, tls=tls)
        )
        self.good()

    def good(self) -> None:
        """Publish a good document, with validators."""
        self.web.route(PATH, self.document())
        self.dns.answer(self.host, [OUTSIDE])

    def document(self) -> Reply:
        tag = b'"%d"' % self.entries
        return Reply(
            body=rss(*map(item, range(self.entries, 0, -1))), etag=tag, last_modified=b"L" + tag
        )

    async def heal(self) -> None:
        """Publish a good document with one more entry, whatever was wrong before."""
        self.entries += 1
        await self.open()

    async def close(self) -> None:
        """Stop to listen."""
        await self.stack.aclose()

    async def listen_raw(self, answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        """Answer everyone, as soon as they say anything, with what `answer` writes."""
        await self.close()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.closing(writer), contextlib.suppress(OSError):
                await reader.read(1)
                await answer(writer)

        server = await asyncio.start_server(connected, OUTSIDE, self.port)
        self.stack.callback(server.close)

    async def listen_deaf(self, backlog: int) -> socket.socket:
        """Listen and never accept."""
        await self.close()
        listener = self.stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((OUTSIDE, self.port))
        listener.listen(backlog)
        return listener


@dataclass(frozen=True)
class Row:
    """A fault, the kinds of problem that it may be called, and its limits where it never ends."""

    name: str
    kinds: tuple[ProblemKind, ...]
    reply: Reply | Callable[[Request], Reply] | None = None
    act: Callable[[Scene], Awaitable[None]] | None = None
    tls: bool = False
    limits: FetchLimits | None = None

    async def break_(self, scene: Scene) -> None:
        """Let it go wrong from now on."""
        if self.reply is not None:
            scene.web.route(PATH, self.reply)
            for path in ("/1", "/2", "/3", "/4", "/5", "/6"):
                scene.web.route(path, _hop)
        if self.act is not None:
            await self.act(scene)


# --- what is done to a scene --------------------------------------------------------------------


def _dns(*answers: list[str] | Trouble) -> Callable[[Scene], Awaitable[None]]:
    async def act(scene: Scene) -> None:
        # A connection that is still open needs no name: it must be a new one.
        await scene.open()
        if answers:
            scene.dns.answer(scene.host, *answers)
        else:
            scene.dns.forget(scene.host)

    return act


def _certificate(which: str) -> Callable[[Scene], Awaitable[None]]:
    async def act(scene: Scene) -> None:
        assert scene.certificates is not None
        await scene.publish_with(getattr(scene.certificates, which).server())

    return act


async def _old_tls(scene: Scene) -> None:
    # A ServerHello of TLS 1.0 (RFC 2246 §7.4.1.3): what an old server answers every hello with.
    hello = b"\x03\x01" + bytes(32) + b"\x00" + b"\x00\x2f" + b"\x00"
    handshake = b"\x02" + len(hello).to_bytes(3, "big") + hello
    record = b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake
    await scene.listen_raw(_write(record))


async def _no_tls(scene: Scene) -> None:
    await scene.listen_raw(_write(b"HTTP/1.1 400 Bad Request\r\n\r\n"))


async def _refuses(scene: Scene) -> None:
    await scene.close()


async def _half_open(scene: Scene) -> None:
    await scene.listen_deaf(100)


async def _full_backlog(scene: Scene) -> None:
    listener = await scene.listen_deaf(0)
    for _ in range(2):
        filler = scene.stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())


def _raw(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> Callable[[Scene], Awaitable[None]]:
    return lambda scene: scene.listen_raw(answer)


def _write(data: bytes, *, pause: float = 0.0) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for byte in (data,) if not pause else (bytes([one]) for one in data):
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


async def _fields_without_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 100)
        await writer.drain()


async def _one_field_without_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        writer.write(b"and more " * 1000)
        await writer.drain()


def _to(location: str, status: int = 302) -> Callable[[Request], Reply]:
    """Redirect; `{inside}` stands for the port of the one that may not be reached."""

    def reply(request: Request) -> Reply:
        port = (request.header("Host") or b"").decode().rpartition(":")[2]
        return Reply(status=status, headers={"Location": location.replace("{inside}", port)})

    return reply


def _hop(request: Request) -> Reply:
    return _to(f"/{int(request.path[1:]) + 1}")(request)


async def _to_a_private_name(scene: Scene) -> None:
    inside = scene.host.replace(".", "-inside.", 1)
    scene.dns.answer(inside, [INSIDE])
    scene.web.route(PATH, _to(f"http://{inside}:{{inside}}{PATH}"))


def _coded(coding: str, body: bytes, **fields: Any) -> Reply:
    return Reply(headers={"Content-Encoding": coding}, body=body, **fields)


def _gzip_bomb() -> bytes:
    # After a full flush the same bytes again are the same megabyte again.
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    head = packer.compress(b" " * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (BOMB_BYTES // 1024 // 1024)


def _zstd_bomb() -> bytes:
    packer = zstd.ZstdCompressor()
    return (
        b"".join(packer.compress(b" " * 1024 * 1024) for _ in range(BOMB_BYTES // 1024 // 1024))
        + packer.flush()
    )


def _brotli_bomb() -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join(
        packer.process(b" " * 1024 * 1024) for _ in range(BOMB_BYTES // 1024 // 1024)
    ) + bytes(packer.finish())


_GOOD = rss(item(1))
_GZIPPED = gzip.compress(_GOOD)
_HTML = b"<!doctype html><html><head><title>Log in</title></head><body><form></form></body></html>"
_RSSHUB = b"""<html><body><h1>Welcome to RSSHub!</h1><p>Looks like something went wrong</p>
<p>Error Message:<br/><code class="mt-2">this route is empty</code></p></body></html>"""

_K = ProblemKind
_CUT = (_K.PROTOCOL, _K.CONNECT)

#: What a status says; 429 and 503 without Retry-After.
_STATUSES = (202, 204, 206, 226, 300, 400, 401, 402, 403, 404, 406, 418, 421, 429, 451)
_SERVER_STATUSES = (500, 502, 503, 504, 520, 521, 522, 599)


ROWS = (
    Row("DNS: NXDOMAIN", (_K.DNS,), act=_dns()),
    Row("DNS: SERVFAIL", (_K.DNS,), act=_dns(FAILS)),
    Row("DNS: time-out", (_K.DNS,), act=_dns(SILENT), limits=_NO_NAME),
    Row("DNS: no address at all", (_K.DNS,), act=_dns([])),
    Row("DNS: A to private", (_K.BLOCKED,), act=_dns([INSIDE])),
    Row("DNS: A to metadata", (_K.BLOCKED,), act=_dns(["169.254.169.254"])),
    # Whoever looks up once to check and once to dial gets an allowed answer, then another.
    Row("DNS: rebinding", (_K.BLOCKED,), act=_dns([INSIDE], [OUTSIDE], [INSIDE])),
    Row("TLS: expired", (_K.TLS,), act=_certificate("expired"), tls=True),
    Row("TLS: wrong host", (_K.TLS,), act=_certificate("other_host"), tls=True),
    Row("TLS: self-signed", (_K.TLS,), act=_certificate("self_signed"), tls=True),
    Row("TLS: 1.0", (_K.TLS,), act=_old_tls, tls=True),
    Row("TLS: plain HTTP on its port", (_K.TLS,), act=_no_tls, tls=True),
    Row("connect: refused", (_K.CONNECT,), act=_refuses),
    Row("connect: half-open", (_K.TIMEOUT,), act=_half_open, limits=_NO_END),
    Row("connect: full backlog", (_K.CONNECT,), act=_full_backlog, limits=_NO_CONNECTION),
    Row("connect: reset before any byte", (_K.CONNECT,), Reply(reset=True)),
    Row("connect: reset mid-body", _CUT, Reply(body=_GOOD, stop_after=99, reset=True)),
    Row("HTTP: nothing", (_K.PROTOCOL, _K.CONNECT), act=_raw(_write(b""))),
    Row("HTTP: another protocol", (_K.PROTOCOL,), act=_raw(_write(b"SSH-2.0-OpenSSH_9.2\r\n"))),
    Row("HTTP: black hole", (_K.TIMEOUT,), Reply(delay=3600), limits=_NO_END),
    Row(
        "HTTP: no body after the head",
        (_K.TIMEOUT,),
        Reply(body=_GOOD, body_delay=99),
        limits=_NO_END,
    ),
    Row("body: short of its length", _CUT, Reply(body=_GOOD, declared_length=9999)),
    Row("body: no last chunk", _CUT, Reply(body=_GOOD, framing="chunked", stop_after=99)),
    Row(
        "body: a broken chunk",
        _CUT,
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n<rss>"),
    ),
    Row("body: empty", (_K.NOT_A_FEED,), Reply()),
    Row("body: endless", (_K.TOO_LARGE,), Reply(body=b"<item/>", endless=True, framing="close")),
    Row(
        "body: endless in chunks",
        (_K.TOO_LARGE,),
        Reply(body=b"<item/>", endless=True, framing="chunked"),
    ),
    Row("body: a byte at a time", (_K.TIMEOUT,), Reply(body=_GOOD, drip=0.05), limits=_NO_END),
    Row("head: fields without end", (_K.PROTOCOL, _K.TOO_LARGE), act=_raw(_fields_without_end)),
    Row("head: a field without end", (_K.PROTOCOL, _K.TOO_LARGE), act=_raw(_one_field_without_end)),
    Row(
        "head: a byte at a time",
        (_K.TIMEOUT,),
        act=_raw(_write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 999, pause=0.05)),
        limits=_NO_END,
    ),
    Row("encoding: gzip bomb", (_K.TOO_LARGE,), _coded("gzip", _gzip_bomb())),
    Row("encoding: br bomb", (_K.TOO_LARGE,), _coded("br", _brotli_bomb())),
    Row("encoding: zstd bomb", (_K.TOO_LARGE,), _coded("zstd", _zstd_bomb())),
    Row(
        "encoding: stacked high",
        (_K.ENCODING,),
        _coded("gzip", gzip.compress(gzip.compress(gzip.compress(_GZIPPED)))),
    ),
    Row(
        "encoding: stacked bomb",
        (_K.TOO_LARGE, _K.NOT_A_FEED, _K.ENCODING),
        _coded("gzip", gzip.compress(_gzip_bomb())),
    ),
    Row("encoding: gzip that is br", (_K.ENCODING,), _coded("gzip", brotli.compress(_GOOD))),
    Row("encoding: zstd that is br", (_K.ENCODING,), _coded("zstd", brotli.compress(_GOOD))),
    Row("encoding: unreadable", (_K.ENCODING,), _coded("compress", b"\x1f\x9d\x90" + _GZIPPED)),
    Row("encoding: corrupt", (_K.ENCODING,), _coded("gzip", _GZIPPED[:-12] + b"12charsbroken")),
    Row("encoding: ends early", (_K.ENCODING,), _coded("gzip", _GZIPPED[:-12])),
    Row("redirect: to itself", (_K.REDIRECT,), _to(PATH)),
    Row("redirect: six hops", (_K.REDIRECT,), _to("/1")),
    Row("redirect: to file:", (_K.REDIRECT,), _to("file:///etc/passwd")),
    Row("redirect: to ftp:", (_K.REDIRECT,), _to("ftp://site.example/feed.xml")),
    Row("redirect: to gopher:", (_K.REDIRECT,), _to("gopher://127.0.0.2:6379/_FLUSHALL")),
    Row("redirect: to a private address", (_K.BLOCKED,), _to(f"http://{INSIDE}:{{inside}}{PATH}")),
    Row("redirect: to a private name", (_K.BLOCKED,), act=_to_a_private_name),
    Row("redirect: for ever, to private", (_K.BLOCKED,), _to("http://10.0.0.1/", 301)),
    Row("redirect: to metadata", (_K.BLOCKED,), _to("http://169.254.169.254/latest/meta-data/")),
    Row("redirect: an address in disguise", (_K.BLOCKED,), _to("http://0x7f000002:{inside}/")),
    Row("redirect: to a port of another service", (_K.BLOCKED,), _to("http://site.example:22/")),
    Row("redirect: with user info", (_K.REDIRECT,), _to("http://me:secret@site.example/")),
    Row("redirect: to nowhere", (_K.REDIRECT,), Reply(status=302)),
    Row("not a feed: a login page", (_K.NOT_A_FEED,), Reply(body=_HTML)),
    Row("not a feed: RSSHub's error page", (_K.NOT_A_FEED,), Reply(body=_RSSHUB)),
    Row("not a feed: JSON", (_K.NOT_A_FEED,), Reply(body=b'{"error": "no such feed"}')),
    Row(
        "not a feed: a picture",
        (_K.ENCODING, _K.NOT_A_FEED),
        Reply(body=b"\x89PNG\r\n\x1a\n" + bytes(99)),
    ),
    Row("410", (_K.GONE,), Reply(status=410)),
    *(Row(str(code), (_K.HTTP_STATUS,), Reply(status=code)) for code in _STATUSES),
    *(Row(str(code), (_K.HTTP_STATUS,), Reply(status=code)) for code in _SERVER_STATUSES),
    Row(
        "403: a page for browsers",
        (_K.CHALLENGE,),
        Reply(status=403, headers={"cf-mitigated": "challenge"}, body=_HTML),
    ),
)
