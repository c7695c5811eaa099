"""Feeds at hand are answered before routing: the same bytes, the same bounds, and nothing older."""

from __future__ import annotations

import asyncio
import gc
import re
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Feed
from aggregator.serve import ConnectionBounds, Site
from aggregator.serve.connections import READY_PIECE_BYTES, BoundedConnection
from aggregator.serve.request_heads import HEADER_BYTES, Asked, read_head
from aggregator.serve.routes import App
from aggregator.serve.server_context import Served
from tests import PATIENCE
from tests.golden import STORIES
from tests.publishing import config, story
from tests.serving import Running, Stock, read_answer, running, site

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from aggregator.serve.ready_feeds import Ready

ATOM = b"/feeds/all.atom"
INTERNET = ConnectionBounds(on_this_machine=(ip_network("127.0.0.0/24"),))


class Counted(App):
    """Counts what comes to its routes; `is_ready` can be taken from it."""

    def __init__(self, served: Site) -> None:
        super().__init__(Served.of(served))
        self.routed = 0
        self.is_ready = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.routed += 1
        await super().__call__(scope, receive, send)

    def ready(self, asked: Asked) -> Ready | None:
        return super().ready(asked) if self.is_ready else None


async def exchange(server: Running, *requests: bytes, address: str = "127.0.0.1") -> bytes:
    """Send requests, each as one packet, on one connection; the last must close it."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, local_addr=(address, 0)
    )
    for request in requests[:-1]:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head)
        if found is not None and not request.startswith(b"HEAD"):
            await reader.readexactly(int(found[1]))
    writer.write(requests[-1])
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    return re.sub(rb"\r\ndate: [^\r]*", b"", answer, count=1)


def request(target: bytes = ATOM, *lines: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: x", *lines, b"", b""])


CLOSE = b"Connection: close"
TAG = "$TAG"


# --- the same answer ------------------------------------------------------------------------------

CODINGS = ["gzip", "gzip, deflate, br", "br", "identity", "*;q=0", "gzip;q=0, *", ""]
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "Accept-Encoding": st.lists(st.sampled_from(CODINGS), min_size=1, max_size=2),
        "If-None-Match": st.lists(
            st.sampled_from([TAG, f"W/{TAG}", '"other"', f'"other", {TAG}', "*", "", "no tag"]),
            min_size=1,
            max_size=2,
        ),
        "If-Modified-Since": st.lists(
            st.sampled_from(
                [
                    "Fri, 20 Nov 2026 08:30:15 GMT",
                    "Fri, 20 Nov 2026 08:30:14 GMT",
                    "Sat, 21 Nov 2026 00:00:00 GMT",
                    "yesterday",
                ]
            ),
            min_size=1,
            max_size=2,
        ),
        "Connection": st.lists(
            st.sampled_from(["close", "Close", "keep-alive", "Keep-Alive", "keep-alive, TE", "TE"]),
            min_size=1,
            max_size=2,
        ),
        "User-Agent": st.lists(st.sampled_from(["r/1", "Pös", "\t a\t"]), min_size=1, max_size=1),
        "Range": st.just(["bytes=0-9"]),
        "Host": st.just(["y"]),
        "Content-Length": st.just(["0"]),
    },
)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "HEAD"]),
            st.sampled_from(
                ["/feeds/all.atom", "/feeds/all.rss", "/feeds/t0/own.json", "/feeds/all.atom?x=1"]
            ),
            FIELDS,
        ),
        min_size=8,
        max_size=20,
    )
)
def test_what_is_at_hand_is_answered_as_the_route_answers_it(
    asked: list[tuple[str, str, dict[str, list[str]]]],
) -> None:
    feeds = (Feed("all", "All"), Feed("own", "Own", token="t0"))

    async def compare() -> None:
        app = Counted(site(Stock(STORIES), lambda: present))
        async with running(app._served.site, app=app) as server:
            for method, target, fields in asked:
                plain = await server.get(target)
                tags = {}
                for coding in ("gzip", "br"):
                    tags[coding] = (await server.get(target, accept_encoding=coding)).headers[
                        "etag"
                    ]
                accepted = fields.get("Accept-Encoding", [""])[0]
                tag = tags.get(accepted, plain.headers["etag"])
                lines = [
                    f"{name}: {value.replace(TAG, tag)}".encode("latin-1")
                    for name, values in fields.items()
                    for value in values
                ]
                made = request(target.encode(), *lines, method=method.encode())
                last = request(b"/healthz", CLOSE)
                answers = []
                for is_ready in (True, False):
                    app.is_ready = is_ready
                    answers.append(await exchange(server, made, last))
                app.is_ready = True
                assert answers[0] == answers[1], made

    present = config(feeds=feeds)
    asyncio.run(compare())


async def test_routes_are_asked_once_a_version_and_coding() -> None:
    store = Stock(STORIES)
    app = Counted(site(store))
    async with running(app._served.site, app=app) as server:
        for _ in range(3):
            await server.get("/feeds/all.atom", accept_encoding="gzip")
            await server.ask("HEAD", "/feeds/all.atom", accept_encoding="gzip, deflate")
        assert app.routed == 1
        await server.get("/feeds/all.atom", accept_encoding="br")
        await server.get("/feeds/all.atom", accept_encoding="br")
        assert app.routed == 2
        store.publish(story(title="new"))
        for _ in range(2):
            assert b"new" in (await server.get("/feeds/all.atom")).body
        assert app.routed == 3
        store.broken = True  # what is at hand is still the present version
        assert (await server.get("/feeds/all.atom")).status == 200
        assert store.selects == 2


async def test_another_configuration_is_obeyed_at_once() -> None:
    open_feed, secret = Feed("all", "All"), Feed("all", "All", token="t0")
    present = config(feeds=(open_feed,))
    async with running(site(Stock(STORIES), lambda: present)) as server:
        for _ in range(2):
            assert (await server.get("/feeds/all.atom")).status == 200
        present = config(feeds=(secret,))
        assert (await server.get("/feeds/all.atom")).status == 404
        for _ in range(2):
            answer = await server.get("/feeds/t0/all.atom")
            assert answer.status == 200
            assert answer.headers["cache-control"].startswith("private")
        present = config(feeds=(Feed("all", "Another"),))
        assert (await server.get("/feeds/t0/all.atom")).status == 404
        assert b"Another" in (await server.get("/feeds/all.atom")).body


# --- the same bounds ------------------------------------------------------------------------------


async def test_what_is_at_hand_counts_for_a_clients_share() -> None:
    store = Stock(STORIES)
    bounds = replace(INTERNET, answered_each=1)
    last = request(ATOM, CLOSE, b"X-Forwarded-For: 198.51.100.7")
    async with running(site(store), bounds) as server:
        assert (await exchange(server, last)).startswith(b"HTTP/1.1 200")
        store.gate.clear()
        waiting = asyncio.create_task(
            exchange(server, request(b"/feeds/all.rss", CLOSE, b"X-Forwarded-For: 198.51.100.7"))
        )
        await asyncio.to_thread(store.reading.wait, PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while not (await exchange(server, last)).startswith(b"HTTP/1.1 503"):
                pass
        other = request(ATOM, CLOSE, b"X-Forwarded-For: 198.51.100.8")
        assert (await exchange(server, other)).startswith(b"HTTP/1.1 200")
        store.gate.set()
        assert (await waiting).startswith(b"HTTP/1.1 200")
        assert (await exchange(server, last)).startswith(b"HTTP/1.1 200")


LARGE = "<p>" + "x" * 6_000_000 + "</p>"


async def test_a_large_body_at_hand_leaves_piece_by_piece_as_its_reader_takes_it() -> None:
    feed = Feed("all", "All", entry_size=2**30, document_size=2**30)
    served = site(Stock((story(content_html=LARGE),)), lambda: present)
    present = config(feeds=(feed,))
    app = Counted(served)
    held: list[int] = []
    async with running(served, app=app) as server:
        whole = await server.get("/feeds/all.json")
        assert app.routed == 1
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(request(b"/feeds/all.json"))
        begun = await reader.readexactly(1)
        held = [one.unsent_bytes for one in connections()]
        writer.write(request(b"/healthz", CLOSE))  # asked meanwhile, answered afterwards
        length = int(whole.headers["content-length"])
        head = begun + await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert await reader.readexactly(length) == whole.body
        answer = await read_answer(reader, writer)
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert app.routed == 2
    assert 0 < max(held) <= READY_PIECE_BYTES


def connections() -> list[BoundedConnection]:
    return [one for one in gc.get_objects() if isinstance(one, BoundedConnection)]


async def test_stopping_finishes_a_body_that_is_under_way() -> None:
    feed = Feed("all", "All", entry_size=2**30, document_size=2**30)
    served = site(Stock((story(content_html=LARGE),)), lambda: present)
    present = config(feeds=(feed,))
    async with running(served) as server:
        whole = await server.get("/feeds/all.json")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(request(b"/feeds/all.json"))
        begun = await reader.readexactly(1)
        reading = asyncio.create_task(read_answer(reader, writer, begun=begun))
        await asyncio.sleep(0)
    answer = await reading
    assert answer.body == whole.body


# --- what is taken for a request ------------------------------------------------------------------


@pytest.mark.parametrize(
    "packet",
    [
        request(ATOM, b"Content-Length: 0"),
        request(ATOM, b"content-length: 5"),
        request(ATOM, b"Content-Length: 5", b"Content-Length: 6"),
        request(ATOM, b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        request(ATOM, b"Transfer-Encoding: chunked"),
        request(ATOM, b"Expect: 100-continue"),
        request(ATOM, b"Connection: upgrade", b"Upgrade: h2c"),
        request(ATOM, b"Connection: close, TE"),
        request(ATOM, b"Connection: close", b"Connection: keep-alive"),
        request(ATOM, b"Host: y"),
        request(ATOM, b"A: b\r\n folded"),
        request(ATOM, b"A: b\r\n\tfolded"),
        request(ATOM, b"A : b"),
        request(ATOM, b"A"),
        request(ATOM, b": b"),
        request(ATOM, b"A: b\x00"),
        request(ATOM, b"A: b\x0bc"),
        request(ATOM, b"A: b\x7f"),
        request(ATOM, b"A: b\rc"),
        request(ATOM, b"A: b\nContent-Length: 5"),
        request(ATOM, b"X\xff: b"),
        request(ATOM, b"A: " + b"a" * HEADER_BYTES),
        request(ATOM, method=b"POST"),
        request(ATOM, method=b"get"),
        request(b"feeds/all.atom"),
        request(b"http://x/feeds/all.atom"),
        request(b"/feeds/all.atom?x"),
        request(b"/feeds/\xff.atom"),
        request(b"/feeds/all .atom"),
        request().replace(b"HTTP/1.1", b"HTTP/1.0"),
        request().replace(b"HTTP/1.1", b"HTTP/1.1 "),
        request().replace(b"HTTP/1.1", b"HTTP/2.0"),
        request().replace(b"GET ", b"GET  "),
        request().replace(b"GET ", b"GET\t"),
        request().replace(b"\r\n", b"\n"),
        b"\r\n" + request(),
        request() + b"x",
        request() + request(),
        request()[:-2],
        request()[:-1],
        b"GET /feeds/all.atom HTTP/1.1\r\n\r\n",
        b"GET /feeds/all.atom\r\n\r\n",
        b"",
    ],
)
def test_what_is_not_surely_one_head_of_the_usual_kind_is_left_to_the_parser(
    packet: bytes,
) -> None:
    assert read_head(packet) is None


def test_what_a_head_asks_for() -> None:
    packet = request(
        b"/feeds/%61.atom",
        b"accept-ENCODING:gzip",
        b"Accept-Encoding: \t br \t",
        b'If-None-Match: "a", W/"b"',
        b"If-Modified-Since: Fri",
        b"X-Forwarded-For: 192.0.2.1",
        b"X-Accept-Encoding: br",
        b"User-Agent: P\xc3\xb6s; Host: y",
        b"Empty:",
        b"Connection: close",
        method=b"HEAD",
    )
    assert read_head(packet) == Asked(
        "HEAD",
        b"/feeds/%61.atom",
        ("gzip", "br"),
        ('"a", W/"b"',),
        "Fri",
        ("192.0.2.1",),
        closes=True,
    )


LINES = st.sampled_from(
    [
        b"Host: x", b"host:y", b"A: b", b"A:", b" folded", b"\tfolded", b"Content-Length: 0",
        b"Content-Length: 3", b"Content-Length: +3", b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: identity", b"Connection: close", b"Connection: keep-alive",
        b"If-None-Match: \"a\"", b"Accept-Encoding: gzip", b"A\x00: b", b"A: \x00", b"A b: c",
        b"A: \xff", b"A: b\r", b"", b"X-Forwarded-For: 192.0.2.1", b"Expect: 100-continue",
    ]
)  # fmt: skip
BREAKS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b"\n\r\n"])


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        [b"GET / HTTP/1.1", b"HEAD /x HTTP/1.1", b"GET  / HTTP/1.1", b"GET / HTTP/1.0"]
    ),
    st.lists(st.tuples(LINES, BREAKS), max_size=5),
    BREAKS,
    st.sampled_from([b"", b"", b"", b"x", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]),
)
def test_a_head_that_is_taken_is_one_whole_request_to_a_strict_parser(
    first: bytes, lines: list[tuple[bytes, bytes]], end: bytes, rest: bytes
) -> None:
    packet = first + b"\r\n" + b"".join(line + stop for line, stop in lines) + end + rest
    asked = read_head(packet)
    if asked is None:
        return
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(packet)
    head = parser.next_event()
    assert isinstance(head, h11.Request)
    assert isinstance(parser.next_event(), h11.EndOfMessage)
    assert parser.trailing_data == (b"", False)
    assert (head.method, head.target) == (asked.method.encode(), asked.target)
    told = [value.decode("latin-1") for name, value in head.headers if name == b"if-none-match"]
    assert asked.if_none_match == tuple(told)
    assert asked.closes == (parser.their_state is h11.MUST_CLOSE)
