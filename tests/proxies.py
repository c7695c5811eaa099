"""Two small real proxies on loopback: HTTP (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

    async with Socks5({"far.example": web.port}) as proxy:
        async with fetching(proxy=proxy.url()) as fetcher:
            await fetcher.fetch("http://far.example/")
            assert proxy.asked == [("far.example", 80)]

Both look names up in a table of their own, which says to which port of this machine they lead; what
is not in it, the proxy cannot reach.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar

from tests.listening import Listener

ANONYMOUS, LOGIN, NOTHING = 0, 2, 0xFF
SUCCEEDED, HOST_UNREACHABLE = 0, 4


@dataclass
class _Proxy(Listener):
    """What both share: a table of names, and pipes."""

    scheme: ClassVar[str]
    names: dict[str, int]
    login: tuple[str, str] | None = None
    raw: bytes | None = None  # sent, whatever is asked, instead of everything
    silent: bool = False  # listens and says nothing
    reply: int = HOST_UNREACHABLE  # of SOCKS, for names that it does not know
    asked: list[tuple[str, int]] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)  # of HTTP, one for each connection
    open: int = 0
    fewer: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, login: str = "", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{login}{host}:{self.port}"

    async def open_at_most(self, most: int) -> None:
        """Wait until no more connections than these are open."""
        while self.open > most:
            self.fewer.clear()
            await self.fewer.wait()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do as a proxy does on one connection, unless it is to say something else, or nothing."""
        self.open += 1
        try:
            if self.raw is not None:
                writer.write(self.raw)
            elif self.silent:
                await reader.read()
            else:
                await self._serve(reader, writer)
        finally:
            self.open -= 1
            self.fewer.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _join(
        self,
        port: int,
        first: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            far_writer.write(first)
            pipes = [
                asyncio.create_task(_pipe(reader, far_writer)),
                asyncio.create_task(_pipe(far_reader, writer)),
            ]
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
        finally:
            far_writer.close()


class HttpProxy(_Proxy):
    """Forwards requests with an absolute target, and makes tunnels for CONNECT."""

    scheme = "http"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.split(b" ", 2)
        authority = target if method == b"CONNECT" else target.split(b"/")[2]
        host, _, port = authority.decode().partition(":")
        self.asked.append((host, int(port or 80)))
        if host not in self.names:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            head = b""
        await self._join(self.names[host], head, reader, writer)


class Socks5(_Proxy):
    """CONNECT with or without a login."""

    scheme = "socks5"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = ANONYMOUS if self.login is None else LOGIN
        writer.write(bytes([5, wanted if wanted in methods else NOTHING]))
        if wanted not in methods or (wanted == LOGIN and not await self._log_in(reader, writer)):
            return
        _, _, _, kind = await reader.readexactly(4)
        host = await _address(reader, kind)
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        self.asked.append((host, port))
        reply = SUCCEEDED if host in self.names else self.reply
        writer.write(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if reply == SUCCEEDED:
            await self._join(self.names[host], b"", reader, writer)

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        (length,) = await reader.readexactly(1)
        password = await reader.readexactly(length)
        right = (user.decode(), password.decode()) == self.login
        writer.write(bytes([1, 0 if right else 1]))
        return right


async def _address(reader: asyncio.StreamReader, kind: int) -> str:
    match kind:
        case 1:
            return str(IPv4Address(await reader.readexactly(4)))
        case 4:
            return str(IPv6Address(await reader.readexactly(16)))
        case _:
            (length,) = await reader.readexactly(1)
            return (await reader.readexactly(length)).decode()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
