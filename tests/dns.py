"""A tiny name server on loopback (UDP and TCP), and a `Resolver` that asks it.

    async with NameServer({"a.example": ["127.0.0.1"]}) as dns:
        dns.answer("b.example", FAILS)
        await DnsResolver(dns.port).resolve("a.example")

A name has one answer, or several that are given in turn (the last stays): so it is rebound. An
answer is a list of addresses, or what goes wrong: `FAILS` (SERVFAIL), `SILENT` (nothing at all).
A name that it has not heard of does not exist (NXDOMAIN).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import Enum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord  # type: ignore[import-untyped] # none

from tests.listening import Listener
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import IPAddress

#: Without EDNS an answer over UDP holds this much (RFC 1035 §4.2.1); more of it is asked over TCP.
MAX_UDP_BYTES = 512


class Trouble(Enum):
    """What a name server does instead of answering."""

    FAILS = "SERVFAIL"
    SILENT = "silence"


FAILS, SILENT = Trouble.FAILS, Trouble.SILENT
Answer = list[str] | Trouble


class NameServer(Listener, asyncio.DatagramProtocol):
    """Answers on one port over both transports; `asked` is every name, in order.

    `over_tcp` counts the questions that came over TCP.
    """

    def __init__(
        self, names: dict[str, list[str]] | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(host=host, port=port or free_port())  # of both transports
        self.asked: list[str] = []
        self.over_tcp = 0
        self._answers: dict[str, list[Answer]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        for name, addresses in (names or {}).items():
            self.answer(name, addresses)

    def answer(self, name: str, *answers: Answer) -> None:
        """Answer questions for `name` with these, look-up by look-up."""
        self._answers[name] = list(answers)

    def forget(self, name: str) -> None:
        """Answer questions for `name` with NXDOMAIN from now on."""
        self._answers.pop(name, None)

    async def __aenter__(self) -> Self:
        """Listen on one port for both transports."""
        await super().__aenter__()
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(self.host, self.port)
        )
        return self

    async def __aexit__(self, *raised: Any) -> None:
        """Stop to listen on both."""
        if self._transport is not None:
            self._transport.close()
        await super().__aexit__(*raised)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question that came over UDP; what does not fit is marked as cut off."""
        reply = self._reply(data)
        if reply is None or self._transport is None:
            return
        packed = reply.pack()
        if len(packed) > MAX_UDP_BYTES:
            reply.rr.clear()
            reply.header.tc = 1
            packed = reply.pack()
        self._transport.sendto(packed, addr)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the questions that come over one TCP connection."""
        while True:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            self.over_tcp += 1
            reply = self._reply(await reader.readexactly(size))
            if reply is None:
                return
            packed = reply.pack()
            writer.write(struct.pack("!H", len(packed)) + packed)
            await writer.drain()

    def _reply(self, data: bytes) -> DNSRecord | None:
        question = DNSRecord.parse(data)
        name = str(question.q.qname).rstrip(".").lower()
        kind = QTYPE[question.q.qtype]
        reply = question.reply()
        answer = self._answer_to(name, kind)
        if answer is SILENT:
            return None
        if answer is FAILS:
            reply.header.rcode = RCODE.SERVFAIL
        elif isinstance(answer, list):
            for text in answer:
                address = ip_address(text)
                if kind == ("A" if address.version == 4 else "AAAA"):
                    data_of = A if address.version == 4 else AAAA
                    reply.add_answer(RR(name, question.q.qtype, rdata=data_of(text), ttl=0))
        else:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply

    def _answer_to(self, name: str, kind: str) -> Answer | None:
        """Return this look-up's answer; its AAAA question, which comes first, takes no turn."""
        if kind == "A":
            self.asked.append(name)
        answers = self._answers.get(name)
        if not answers:
            return None
        return answers.pop(0) if kind == "A" and len(answers) > 1 else answers[0]


class DnsResolver:
    """Asks a name server on loopback: AAAA, then A, each as long as `seconds` says of a name."""

    def __init__(self, port: int, *, seconds: Callable[[str], float] = lambda _: 30) -> None:
        self._address = ("127.0.0.1", port)
        self._seconds = seconds

    async def resolve(self, host: str) -> list[IPAddress]:
        """Return the addresses of `host`, IPv4 first; `socket.gaierror` as the C library has it."""
        sixes, fours = await self._ask(host, "AAAA"), await self._ask(host, "A")
        if not fours + sixes:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return fours + sixes

    async def _ask(self, host: str, kind: str) -> list[IPAddress]:
        question = DNSRecord.question(host, kind)
        try:
            async with asyncio.timeout(self._seconds(host)):
                reply = DNSRecord.parse(await self._exchange(question.pack()))
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer in time") from None
        if reply.header.rcode == RCODE.NXDOMAIN:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        if reply.header.rcode != RCODE.NOERROR:
            raise socket.gaierror(socket.EAI_AGAIN, RCODE[reply.header.rcode])
        return [ip_address(str(found.rdata)) for found in reply.rr if QTYPE[found.rtype] == kind]

    async def _exchange(self, question: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.connect(self._address)
            await loop.sock_sendall(asking, question)
            answer = await loop.sock_recv(asking, MAX_UDP_BYTES)
        if not DNSRecord.parse(answer).header.tc:
            return answer
        reader, writer = await asyncio.open_connection(*self._address)
        with contextlib.closing(writer):
            writer.write(struct.pack("!H", len(question)) + question)
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            return await reader.readexactly(size)
