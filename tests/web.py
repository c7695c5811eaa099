"""A scriptable publisher on loopback: it serves, or misbehaves, exactly as a test tells it.

    async with Publisher() as web:
        web.route("/feed.xml", body=b"<rss/>", etag=b'"v1"')
        await fetcher.fetch(web.url("/feed.xml"))
        assert web.requests[0].header("If-None-Match") is None

`ThreadedPublisher` is the same for tests that are not coroutines, such as those that run the
daemon as a process. A route is a `Reply`, a function from `Request` to `Reply`, or the fields of a
`Reply` as keywords; it may be replaced at any time. What has no route is answered with 404.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests import PATIENCE
from tests.listening import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

Header = tuple[str | bytes, str | bytes]

#: A request head longer than this is not one that our client would send.
MAX_HEAD_BYTES = 256 * 1024
#: What an endless body is made of, and how a body is cut when it is chunked.
PIECE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: `raw` is its head to the last byte, `target` is as sent."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    raw: bytes
    connection: int
    at: float

    @property
    def path(self) -> str:
        """The path without query; an absolute target (a proxy is asked so) loses its origin."""
        return _local_target(self.target).partition("?")[0]

    def header(self, name: str) -> bytes | None:
        """Return the value of the first header with this name, as sent."""
        values = self.all(name)
        return values[0] if values else None

    def all(self, name: str) -> list[bytes]:
        """Return the values of all headers with this name, as sent."""
        wanted = name.lower().encode()
        return [value for key, value in self.headers if key.lower() == wanted]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and what is wrong with it.

    `etag` and `last_modified` are sent, and answered with 304 when the request carries them (an
    If-None-Match decides alone). `framing` is how the body's end is told. `delay` (seconds) passes
    before the head, `body_delay` between head and body, `drip` between the single bytes of the
    body. `declared_length` lies in Content-Length. `stop_after` ends the connection after so many
    body bytes, with a reset when `reset` is set (0: right after the head; `reset` alone: before any
    byte). `endless` repeats the body until the client goes. `raw` is sent instead of everything.
    """

    status: int = 200
    headers: Iterable[Header] | dict[str, str] = ()
    body: bytes = b""
    etag: bytes | None = None
    last_modified: bytes | None = None
    framing: Literal["length", "chunked", "close"] = "length"
    reason: str | None = None
    delay: float = 0.0
    body_delay: float = 0.0
    drip: float = 0.0
    declared_length: int | None = None
    stop_after: int | None = None
    reset: bool = False
    endless: bool = False
    raw: bytes | None = None


@dataclass
class Publisher(Listener):
    """The publisher, under `name` if it has one.

    `requests` is every request in order; `most_at_once` the most that were being answered at the
    same time.
    """

    limit = MAX_HEAD_BYTES

    name: str | None = None
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0
    _routes: dict[str, Reply | Callable[[Request], Reply]] = field(default_factory=dict)
    _answering: int = 0

    def route(
        self,
        path: str,
        reply: Reply | Callable[[Request], Reply] | None = None,
        **fields: Any,
    ) -> None:
        """Answer `path` (with or without a query) with `reply`, or `Reply(**fields)`."""
        self._routes[path] = Reply(**fields) if reply is None else reply

    def forget(self, path: str) -> None:
        """Answer `path` with 404 from now on."""
        self._routes.pop(path, None)

    def url(self, target: str = "/") -> str:
        """Return the absolute URL of `target` on this publisher."""
        host = self.name or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}{target}"

    def asked(self, path: str) -> list[Request]:
        """Return the requests for `path`, oldest first."""
        return [request for request in self.requests if request.path == path]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        number = self.connections
        while await self._answer_one(reader, writer, number):
            pass

    async def _answer_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        request = _parse(head, number)
        self.requests.append(request)
        self._answering += 1
        self.most_at_once = max(self.most_at_once, self._answering)
        try:
            return await _send(self._reply_to(request), request, writer)
        finally:
            self._answering -= 1

    def _reply_to(self, request: Request) -> Reply:
        route = self._routes.get(_local_target(request.target), self._routes.get(request.path))
        if route is None:
            return Reply(status=404, body=b"not here")
        reply = route if isinstance(route, Reply) else route(request)
        return _not_modified(reply) if _matches(reply, request) else reply


def _local_target(target: bytes) -> str:
    text = target.decode("latin-1")
    if text.startswith(("http://", "https://")):
        return "/" + text.split("/", 3)[3] if text.count("/") > 2 else "/"
    return text


def _parse(head: bytes, connection: int) -> Request:
    lines = head[:-4].split(b"\r\n")
    method, target, _version = lines[0].split(b" ", 2)
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers.append((name, value.strip(b" \t")))
    return Request(
        method.decode("latin-1"), target, tuple(headers), head, connection, time.monotonic()
    )


def _matches(reply: Reply, request: Request) -> bool:
    if reply.status != 200:
        return False
    if (etag := request.header("If-None-Match")) is not None:
        return etag == reply.etag
    since = request.header("If-Modified-Since")
    return since is not None and since == reply.last_modified


def _not_modified(reply: Reply) -> Reply:
    return Reply(
        status=304,
        headers=reply.headers,
        etag=reply.etag,
        last_modified=reply.last_modified,
        delay=reply.delay,
    )


def _head(reply: Reply) -> bytes:
    reason = reply.reason
    if reason is None:
        known = {status.value for status in HTTPStatus}
        reason = HTTPStatus(reply.status).phrase if reply.status in known else "Whatever"
    lines = [f"HTTP/1.1 {reply.status} {reason}".encode("latin-1")]
    pairs = reply.headers.items() if isinstance(reply.headers, dict) else reply.headers
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in pairs]
    if reply.etag is not None:
        lines.append(b"ETag: " + reply.etag)
    if reply.last_modified is not None:
        lines.append(b"Last-Modified: " + reply.last_modified)
    if reply.framing == "chunked":
        lines.append(b"Transfer-Encoding: chunked")
    elif reply.framing == "close":
        lines.append(b"Connection: close")
    elif reply.status not in {204, 304} and not reply.endless:
        length = len(reply.body) if reply.declared_length is None else reply.declared_length
        lines.append(b"Content-Length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


async def _send(reply: Reply, request: Request, writer: asyncio.StreamWriter) -> bool:
    """Send a reply; tell whether the connection can take another request."""
    await asyncio.sleep(reply.delay)
    if reply.reset and reply.stop_after is None:
        _reset(writer)
        return False
    if reply.raw is not None:
        writer.write(reply.raw)
        await writer.drain()
        return False
    writer.write(_head(reply))
    await writer.drain()
    if request.method == "HEAD" or reply.status in {204, 304}:
        return True
    await asyncio.sleep(reply.body_delay)
    await _send_body(reply, writer)
    if reply.reset:
        _reset(writer)
    short = reply.declared_length is not None and reply.declared_length > len(reply.body)
    close = reply.framing == "close" or request.header("Connection") == b"close"
    return not close and reply.stop_after is None and not short


def _reset(writer: asyncio.StreamWriter) -> None:
    # With a linger time of zero the kernel sends RST where it would have sent FIN.
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    writer.transport.abort()


async def _send_body(reply: Reply, writer: asyncio.StreamWriter) -> None:
    chunked = reply.framing == "chunked"
    if reply.endless:
        piece = reply.body * (PIECE_BYTES // max(1, len(reply.body)) + 1) or b" " * PIECE_BYTES
        while True:
            writer.write(_chunk(piece) if chunked else piece)
            await writer.drain()
            await asyncio.sleep(0)
    body = reply.body if reply.stop_after is None else reply.body[: reply.stop_after]
    size = 1 if reply.drip else PIECE_BYTES
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        writer.write(_chunk(piece) if chunked else piece)
        await writer.drain()
        await asyncio.sleep(reply.drip)
    if chunked and reply.stop_after is None:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


class ThreadedPublisher:
    """A `Publisher` in a thread of its own, as a plain context manager for synchronous tests.

    `route`, `forget`, `url`, `asked` and `requests` are those of the publisher.
    """

    def __init__(self, **fields: Any) -> None:
        self._publisher = Publisher(**fields)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._ready = threading.Event()
        self._stop = asyncio.Event()

    def __enter__(self) -> Publisher:
        """Start the thread and return its publisher, listening."""
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            msg = "the publisher did not start to listen"
            raise RuntimeError(msg)
        return self._publisher

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the publisher and its thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with self._publisher:
            self._ready.set()
            await self._stop.wait()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-made certificate: a context to serve with, and one that trusts exactly it."""

    path: Path
    key_path: Path

    def server(self) -> ssl.SSLContext:
        """Return a context that serves with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key_path)
        return context

    def trusted(self) -> ssl.SSLContext:
        """Return a client's context that trusts this certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.path))


#: `openssl ca` is the one command that takes a date in the past, in every version; it wants this.
_CA_CONFIG = """
[ca]
default_ca = own
[own]
database = {directory}/database
serial = {directory}/serial
new_certs_dir = {directory}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


#: When an expired certificate was good.
_PAST = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))


def make_certificate(
    directory: Path,
    *names: str,
    expired: bool = False,
    life: tuple[datetime, datetime] | None = None,
) -> Certificate:
    """Make a certificate for host names and addresses with the openssl command (Debian: openssl).

    It is good for two days from now on, or for its `life` (UTC, whole seconds). The test is
    skipped, with its reason, where there is no such command.
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with (apt install openssl)")
    made = Certificate(directory / "certificate.pem", directory / "certificate.key")
    request_path = directory / "request.pem"
    life = _PAST if expired else life
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={_alt_names(names)}"]
    to = ["-keyout", str(made.key_path), "-out", str(made.path if life is None else request_path)]
    _openssl("req", *([] if life else ["-x509", "-days", "2"]), "-new", *key, *subject, *to)
    if life is not None:
        config_path = directory / "ca.cnf"
        config_path.write_text(_CA_CONFIG.format(directory=directory))
        (directory / "database").touch()
        (directory / "serial").write_text("01")
        begin, end = (f"{at:%Y%m%d%H%M%SZ}" for at in life)
        days = ["-startdate", begin, "-enddate", end]
        files = ["-keyfile", str(made.key_path), "-in", str(request_path), "-out", str(made.path)]
        own = ["-batch", "-notext", "-config", str(config_path), "-selfsign"]
        _openssl("ca", *own, *days, *files)
    return made


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)


def _alt_names(names: tuple[str, ...]) -> str:
    kinds = []
    for name in names:
        try:
            ipaddress.ip_address(name)
        except ValueError:
            kinds.append(f"DNS:{name}")
        else:
            kinds.append(f"IP:{name}")
    return ",".join(kinds)
