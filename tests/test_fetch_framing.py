"""Messages framed in other ways than most: read where HTTP lets us, else refused by their cause."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from aggregator.model import Failed, Fetched, NotModified, ProblemKind, Validators
from tests.fetching import fetching, problem_of
from tests.listening import Listener
from tests.proxies import Socks5

BODY = b"<rss>hello</rss>"
LENGTH = len(BODY)
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, BODY)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

#: How TCP may cut a message: whole, a few bytes at a time, after the head, within the body.
CUTS = ("whole", "small", "head", "body")

READ = {
    "a comment after Content-Length": OK
    + b"Content-Length: %d\r\n\r\n%s\n<!-- 0.1 s -->" % (LENGTH, BODY),
    "bytes after the end, Connection: close": OK
    + b"Connection: close\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (LENGTH, BODY),
    "a second message that nobody asked for": (
        OK + b"Content-Length: %d\r\n\r\n%s" % (LENGTH, BODY)
    )
    * 2,
    "bytes after the last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n%sx" % CHUNKS,
    "Content-Length twice, the same": OK
    + b"Content-Length: %d\r\nContent-Length: %d\r\n\r\n%s" % (LENGTH, LENGTH, BODY),
    "Content-Length as a list of the same": OK
    + b"Content-Length: %d, %d\r\n\r\n%s" % (LENGTH, LENGTH, BODY),
    "Content-Length beside chunks": OK
    + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n%s" % CHUNKS,
    "lines that end with LF": b"HTTP/1.1 200 OK\nContent-Length: %d\n\n%s" % (LENGTH, BODY),
    "a folded field": OK + b"X: a\r\n b\r\nContent-Length: %d\r\n\r\n%s" % (LENGTH, BODY),
    "a field of 30 KiB": OK
    + b"Content-Security-Policy: %s\r\nContent-Length: %d\r\n\r\n%s"
    % (b"x" * 30_000, LENGTH, BODY),
    "no reason phrase": b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n%s" % (LENGTH, BODY),
    "chunk lines that end with LF alone": CHUNKED + b"%x\n%s\n0\n\n" % (LENGTH, BODY),
    "chunk lines that end so and so": CHUNKED
    + b"5\n%s\r\n%x;a=b\r\n%s\n0\nX: y\r\n\n" % (BODY[:5], LENGTH - 5, BODY[5:]),
    "a space before a field's colon": OK
    + b"X-Foo : bar\r\nContent-Length: %d\r\n\r\n%s" % (LENGTH, BODY),
    "an interim answer first": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    + OK
    + b"Content-Length: %d\r\n\r\n%s" % (LENGTH, BODY),
}

REFUSED = {
    "two different Content-Length values": OK
    + b"Content-Length: %d\r\nContent-Length: 5\r\n\r\n%s" % (LENGTH, BODY),
    "a Content-Length that is no number": OK + b"Content-Length: +9\r\n\r\n%s" % BODY,
    "chunk lines that end with CR alone": CHUNKED + b"%x\r%s\r0\r\r" % (LENGTH, BODY),
    "a chunk that does not begin with its size": OK
    + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n%s\r\n0\r\n\r\n" % BODY,
    "a chunk that does not end where its size says": OK
    + b"Transfer-Encoding: chunked\r\n\r\n3\r\n%s\r\n0\r\n\r\n" % BODY,
    "a first line that is not of HTTP": b"ICY 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "a line in its header that is no field": OK + b"X Foo : bar\r\nContent-Length: 3\r\n\r\nabc",
    "in its header that is no field": OK + b"no field\r\nContent-Length: 3\r\n\r\nabc",
}


@dataclass
class Raw(Listener):
    """A server that sends bytes, cut in some way, and then keeps silent."""

    data: bytes
    cut: str | int
    closing: bool = False
    heads: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            for piece in self._pieces():
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.001)
            if self.closing:
                return

    def _pieces(self) -> list[bytes]:
        match self.cut:
            case int(at):
                return [self.data[:at], self.data[at:]]
            case "bytes":
                return [bytes([byte]) for byte in self.data]
            case "whole":
                return [self.data]
            case "small":
                step = max(7, len(self.data) // 40)
                return [self.data[at : at + step] for at in range(0, len(self.data), step)]
            case "head":
                end = self.data.find(b"\n\r\n") + 3
                return [self.data[:end], self.data[end:]]
            case _:
                end = self.data.find(BODY[:4]) + 4
                return [self.data[:end], self.data[end:]]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", READ)
async def test_what_http_leaves_to_the_recipient_is_read(name: str, cut: str) -> None:
    async with Raw(READ[name], cut) as web, fetching() as fetcher:
        for _ in range(3):
            outcome = await fetcher.fetch(f"http://127.0.0.1:{web.port}/feed.xml")
            assert isinstance(outcome, Fetched), outcome
            assert outcome.body == BODY
        # A server that needs the second parser is asked by it from then on: once more, not always.
        assert len(web.heads) <= 4


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("words", REFUSED)
async def test_what_no_parser_may_read_is_refused_by_its_cause(words: str, cut: str) -> None:
    async with Raw(REFUSED[words], cut) as web, fetching() as fetcher:
        for _ in range(2):
            problem = problem_of(await fetcher.fetch(f"http://127.0.0.1:{web.port}/"))
            assert problem.kind is ProblemKind.PROTOCOL
            assert words in problem.detail
        assert len(web.heads) <= 3


@pytest.mark.parametrize(
    "name", ["chunk lines that end with LF alone", "chunk lines that end so and so"]
)
async def test_chunk_lines_are_read_alike_however_they_are_cut(name: str) -> None:
    for cut in ("bytes", *range(1, len(READ[name]))):
        async with Raw(READ[name], cut) as web, fetching() as fetcher:
            for _ in range(2):
                outcome = await fetcher.fetch(f"http://127.0.0.1:{web.port}/")
                assert isinstance(outcome, Fetched), (cut, outcome)
                assert outcome.body == BODY


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
async def test_chunks_that_end_early_are_told_as_that_however_they_are_cut(end: bytes) -> None:
    whole = b"%x%b%s%b0%b" % (LENGTH, end, BODY, end, end)
    for left in (1, 9, len(whole)):
        data = CHUNKED + whole[:left]
        for cut in ("whole", "bytes", len(CHUNKED), len(data) - 1):
            async with Raw(data, cut, closing=True) as web, fetching() as fetcher:
                for _ in range(2):
                    problem = problem_of(await fetcher.fetch(f"http://127.0.0.1:{web.port}/"))
                    assert problem.detail == "the body from 127.0.0.1 ends early", (left, cut)


@pytest.mark.parametrize("cut", CUTS)
async def test_a_304_with_a_body_is_not_modified(cut: str) -> None:
    data = b'HTTP/1.1 304 Not Modified\r\nETag: "v"\r\nContent-Length: 16\r\n\r\n' + BODY
    async with Raw(data, cut) as web, fetching() as fetcher:
        for _ in range(2):
            held = Validators(b'"v"', None)
            outcome = await fetcher.fetch(f"http://127.0.0.1:{web.port}/", held)
            assert isinstance(outcome, NotModified), outcome
        assert all(b'If-None-Match: "v"' in head for head in web.heads)


@pytest.mark.parametrize("cut", CUTS)
async def test_a_redirect_with_more_than_its_length_leads_on(cut: str) -> None:
    async with Raw(READ["no reason phrase"], "whole") as there:
        location = b"http://127.0.0.1:%d/" % there.port
        data = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 2\r\n\r\nokay" % location
        async with Raw(data, cut) as web, fetching() as fetcher:
            outcome = await fetcher.fetch(f"http://127.0.0.1:{web.port}/")
            assert isinstance(outcome, Fetched), outcome


@pytest.mark.parametrize("cut", CUTS)
async def test_a_body_longer_than_told_is_what_was_told(cut: str) -> None:
    data = OK + b"Content-Length: %d\r\n\r\n%s" % (LENGTH - 6, BODY)
    async with Raw(data, cut) as web, fetching() as fetcher:
        outcome = await fetcher.fetch(f"http://127.0.0.1:{web.port}/")
        assert isinstance(outcome, Fetched), outcome
        assert outcome.body == BODY[:-6]


async def test_the_second_parser_passes_the_same_guard() -> None:
    async with Raw(READ["Content-Length twice, the same"], "whole") as web:
        async with fetching(f"127.0.0.2:{web.port}") as fetcher:
            outcome = await fetcher.fetch(f"http://127.0.0.1:{web.port}/")
            assert isinstance(outcome, Failed)
            assert outcome.problem.kind is ProblemKind.BLOCKED
        assert not web.heads


@pytest.mark.parametrize("cut", [*CUTS, "bytes"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (READ["chunk lines that end with LF alone"], "framing that we do not read behind a SOCKS"),
        (CHUNKED + b"%x\r\n%s" % (LENGTH, BODY[:5]), "the body from far.example ends early"),
    ],
)
async def test_behind_a_socks_proxy_the_cause_is_as_steady(
    data: bytes, words: str, cut: str
) -> None:
    async with (
        Raw(data, cut, closing=True) as web,
        Socks5({"far.example": web.port}) as proxy,
        fetching("127.0.0.9:1", proxy=proxy.url()) as fetcher,
    ):
        problem = problem_of(await fetcher.fetch("http://far.example/"))
        assert words in problem.detail
