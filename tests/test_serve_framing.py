"""Where a request ends: what could have two meanings has none, whichever library reads it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.serve.connections import ANSWERED_AT_ONCE
from aggregator.serve.request_heads import HEADER_BYTES, body_bytes, is_hopeless
from tests import PATIENCE
from tests.golden import STORIES
from tests.serving import Stock, running, site

if TYPE_CHECKING:
    from tests.serving import Running

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FEED = b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n\r\n"


def post(*fields: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([b"POST /healthz HTTP/1.1", b"Host: x", *fields, b"", body])


async def statuses(server: Running, *packets: bytes) -> list[int]:
    """Send packets on one connection until the server closes it; return what it answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for packet in packets:
        writer.write(packet)
        await asyncio.sleep(0.01)
    answered = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]


REFUSED = [
    post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + HEALTH),
    post(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n"),
    post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    post(b"transfer-encoding:\tchunked", body=b"Fx\r\n"),
    post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    post(b"Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"),
    post(b"X: y\nTransfer-Encoding: chunked", body=b"0\r\n\r\n"),
    post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"),
    post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"),
    post(b"Content-Length: 3, 3", body=b"abc"),
    post(b"Content-Length: +3", body=b"abc"),
    post(b"Content-Length: 0x3", body=b"abc"),
    post(b"Content-Length: -1", body=b"abc"),
    post(b"Content-Length:", body=b"abc"),
    post(b"Content-Length: 3\r\n 4", body=b"abc"),
    post(b"Content-Length: 99999999999999999999", body=b"abc"),
    post(b" Content-Length: 3", body=b"abc"),
    HEALTH.replace(b"\r\n", b"\n"),
    HEALTH.replace(b"Host: x\r\n", b"Host: x\n"),
    HEALTH.replace(b"Host: x\r\n", b"Host: x\r"),
    HEALTH.replace(b"Host: x", b"Host: x\r\n folded"),
    HEALTH.replace(b"Host: x", b"Host: x\r\nA: \x00"),
    HEALTH.replace(b"Host: x", b"Host: x\r\nA\x00: b"),
    HEALTH.replace(b"Host: x", b"Host: x\r\nHost: x"),
    HEALTH.replace(b"Host: x", b"Host: x\r\nA: " + b"a" * HEADER_BYTES),
    HEALTH.replace(b"Host: x\r\n", b""),
    HEALTH.replace(b"HTTP/1.1", b"HTTP/2.0"),
    HEALTH.replace(b"HTTP/1.1", b"HTTP/1.1\t"),
    HEALTH.replace(b" HTTP/1.1", b""),
    HEALTH.replace(b"/healthz", b"/health\x00z"),
    HEALTH.replace(b"/healthz", b"/health z"),
    HEALTH.replace(b"/healthz", b"/healthz#x"),
    HEALTH.replace(b"/healthz", b"http://x/healthz"),
    b"\x16\x03\x01\x00\xa5\x01",
    b"\x00",
]


async def test_what_has_two_meanings_is_refused_and_nothing_behind_it_is_answered() -> None:
    async with running(site(Stock(STORIES))) as server:
        for packet in REFUSED:
            assert await statuses(server, packet + HEALTH) == [400], packet
            assert await statuses(server, HEALTH + packet + HEALTH) == [200, 400], packet


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    many = 3 * ANSWERED_AT_ONCE
    async with running(site(Stock(STORIES))) as server:
        missing = HEALTH.replace(b"/healthz", b"/none")
        assert await statuses(server, HEALTH + missing + FEED + missing + FEED + LAST) == [
            200, 404, 200, 404, 200, 200
        ]  # fmt: skip
        assert await statuses(server, FEED * many + LAST) == [200] * (many + 1)
        assert await statuses(server, HEALTH * many + LAST + FEED) == [200] * (many + 1)


async def test_a_body_is_no_request_however_it_comes() -> None:
    async with running(site(Stock(STORIES))) as server:
        inner = post(b"Content-Length: %d" % len(FEED), body=FEED)
        assert await statuses(server, inner + LAST) == [405, 200]
        assert await statuses(server, inner[:60], inner[60:90], inner[90:] + LAST) == [405, 200]
        get = inner.replace(b"POST /healthz", b"GET /feeds/all.atom")
        assert await statuses(server, get + LAST) == [200, 200]
        assert await statuses(server, post(b"Content-Length: 0", body=LAST)) == [405, 200]


async def test_other_protocols_and_versions_are_answered_in_this_one() -> None:
    async with running(site(Stock(STORIES))) as server:
        upgrade = HEALTH.replace(
            b"Host: x", b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"
        )
        assert (await statuses(server, upgrade + LAST))[0] == 200
        for old in (b"GET /healthz HTTP/1.0\r\n\r\n", HEALTH.replace(b"1.1", b"1.0")):
            assert await statuses(server, old) == [200]
        assert await statuses(server, b"\r\n\r\n" + LAST) == [200]
        assert await statuses(server, *(LAST[n : n + 7] for n in range(0, len(LAST), 7))) == [200]


# --- the decision ---------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        b"Host: x", b"A: b", b"A:", b" folded", b"\tfolded", b"Content-Length: 0",
        b"Content-Length: 3", b"Content-Length: +3", b"Content-Length: 3 ", b"content-length:3,3",
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"A\x00: b", b"A: \x00",
        b"A b: c", b"A: \xff", b"A: b\r", b"", b": x", b"Expect: 100-continue",
    ]
)  # fmt: skip
BREAKS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n"])
FIRST = st.sampled_from(
    [
        b"GET / HTTP/1.1", b"BREW /x HTTP/1.1", b"GET  / HTTP/1.1", b"GET /\x01 HTTP/1.1",
        b"GET / HTTP/1.0",
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(FIRST, st.lists(st.tuples(LINES, BREAKS), max_size=5), BREAKS)
def test_what_is_taken_is_one_request_to_a_strict_parser_with_a_body_as_long(
    first: bytes, lines: list[tuple[bytes, bytes]], end: bytes
) -> None:
    head = first + b"\r\n" + b"".join(line + stop for line, stop in lines) + end
    size = body_bytes(head)
    if size is None:
        return
    assert not is_hopeless(head)
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(head + b"x" * size + HEALTH)
    assert isinstance(parser.next_event(), h11.Request)
    body = b""
    while isinstance(event := parser.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert len(body) == size
    assert parser.trailing_data[0] == HEALTH


@pytest.mark.parametrize("packet", [HEALTH, LAST, FEED, post(b"Content-Length: 3", body=b"")])
def test_the_beginning_of_a_request_has_hope(packet: bytes) -> None:
    for end in range(1, len(packet) + 1):
        assert not is_hopeless(packet[:end])
