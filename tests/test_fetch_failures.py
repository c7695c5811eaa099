"""The failure matrix of the network: each row a named problem, in bounded time and memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.fetch import Fetcher
from aggregator.fetch.dns import SystemResolver
from aggregator.fetch.request_limits import FetchLimits
from aggregator.fetch.request_target import Target, parse_target, redirect_target
from aggregator.model import Failed, Fetched, Problem, ProblemKind
from aggregator.operations.messages import problem_text
from tests.fetching import LIMITS, LOOPBACK, NOW, QUICK, Names, allow, fetching, problem_of
from tests.proxies import Socks5
from tests.web import Publisher, Reply, Request, make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# --- DNS ----------------------------------------------------------------------------------------


async def test_a_name_without_address_is_a_dns_problem_of_its_own() -> None:
    async with fetching("10.0.0.0/8", names=Names({})) as fetcher:
        problem = problem_of(await fetcher.fetch("http://no.example/"))
        assert problem.kind is ProblemKind.DNS
        assert problem.detail == "the name no.example has no address"
    async with fetching("10.0.0.0/8", names=Names({"no.example": [[]]})) as fetcher:
        assert problem_of(await fetcher.fetch("http://no.example/")).kind is ProblemKind.DNS


async def test_a_name_server_that_fails_is_told_from_a_name_that_does_not_exist() -> None:
    class Failing:
        async def resolve(self, host: str) -> list[object]:
            raise socket.gaierror(socket.EAI_AGAIN, f"try again {host}")

    fetcher = Fetcher(
        allow_private=(),
        proxy=None,
        user_agent="x",
        clock=lambda: NOW,
        resolver=Failing(),  # type: ignore[arg-type] # it never returns
    )
    problem = problem_of(await fetcher.fetch("http://a.example/"))
    await fetcher.aclose()
    assert problem == Problem(ProblemKind.DNS, "no answer from DNS for a.example")


async def test_the_systems_resolver_knows_localhost_and_not_what_is_invalid() -> None:
    resolver = SystemResolver(LIMITS)
    assert any(address.is_loopback for address in await resolver.resolve("localhost"))
    with pytest.raises(socket.gaierror):
        await resolver.resolve("does-not-exist.invalid")
    with pytest.raises(socket.gaierror):
        await resolver.resolve("x" * 64 + ".example")


async def test_a_look_up_that_hangs_ends_in_time_and_holds_up_nothing_else() -> None:
    names = Names({"hangs.example": [["127.0.0.1"]], "ok.example": [["127.0.0.1"]]})
    names.seconds["hangs.example"] = 3600
    async with (
        Publisher() as web,
        fetching(names=names, limits=QUICK, public=LOOPBACK) as fetcher,
    ):
        web.route("/", body=b"x")
        hanging = [fetcher.fetch(f"http://hangs.example:{port}/") for port in range(8000, 8020)]
        *hung, fine = await asyncio.gather(
            *hanging, fetcher.fetch(f"http://ok.example:{web.port}/")
        )
        assert isinstance(fine, Fetched)
        assert all(problem_of(outcome).kind is ProblemKind.TIMEOUT for outcome in hung)


async def test_threads_that_never_come_back_are_bounded_and_end_as_dns_problems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = threading.Event()
    begun: list[str] = []

    def hang(host: str, *_: object, **__: object) -> list[object]:
        begun.append(host)
        free.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "at last")

    # The C library itself must hang here, and no name server can be made to do that to a test.
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    limits = replace(FetchLimits(), look_up=timedelta(seconds=0.2), look_ups=3)
    resolver = SystemResolver(limits)
    answers = await asyncio.gather(
        *(resolver.resolve(f"h{i}.example") for i in range(9)), return_exceptions=True
    )
    assert all(isinstance(answer, socket.gaierror) for answer in answers)
    assert len(begun) == 3
    assert await asyncio.to_thread(lambda: "free") == "free"
    free.set()
    with pytest.raises(socket.gaierror):
        await resolver.resolve("later.example")


# --- TCP and TLS --------------------------------------------------------------------------------


async def test_a_closed_port_refuses() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as unused:
        port = unused.getsockname()[1]
    async with fetching() as fetcher:
        problem = problem_of(await fetcher.fetch(f"http://127.0.0.1:{port}/"))
        assert problem.kind is ProblemKind.CONNECT
        assert problem.detail == f"127.0.0.1:{port} refuses connections"


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Give a port whose backlog is full: the kernel answers no further SYN."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_a_black_hole_is_given_up_at_the_connect_limit(black_hole: int) -> None:
    limits = replace(LIMITS, connect=timedelta(seconds=0.2))
    async with fetching(limits=limits) as fetcher:
        problem = problem_of(await fetcher.fetch(f"http://127.0.0.1:{black_hole}/"))
        assert problem.kind is ProblemKind.CONNECT
        assert problem.detail == f"no connection to 127.0.0.1:{black_hole} within 0.2 s"
        problem = problem_of(await fetcher.fetch(f"https://127.0.0.1:{black_hole}/"))
        assert problem.kind is ProblemKind.CONNECT
        assert problem.detail == f"no TLS connection to 127.0.0.1:{black_hole} within 0.2 s"


async def test_a_server_that_never_shakes_hands_is_no_tls_connection() -> None:
    limits = replace(LIMITS, connect=timedelta(seconds=0.2))
    async with Socks5({}, silent=True) as mute, fetching(limits=limits) as fetcher:
        problem = problem_of(await fetcher.fetch(f"https://127.0.0.1:{mute.port}/"))
        assert problem.kind is ProblemKind.CONNECT
        assert problem.detail == f"no TLS connection to 127.0.0.1:{mute.port} within 0.2 s"


async def test_a_connection_that_resets_is_told() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", reset=True)
        problem = problem_of(await fetcher.fetch(web.url()))
        assert problem.kind is ProblemKind.CONNECT
        assert "broke the connection off" in problem.detail


@pytest.mark.parametrize(
    ("names", "expired", "trusted", "words"),
    [
        (("localhost",), False, False, "self-signed"),
        (("localhost",), True, True, "expired"),
        (("other.example",), False, True, "localhost"),
    ],
)
async def test_a_certificate_that_fails_is_a_tls_problem(
    tmp_path: Path, names: tuple[str, ...], expired: bool, trusted: bool, words: str
) -> None:
    made = make_certificate(tmp_path, *names, expired=expired)
    tls = made.trusted() if trusted else None
    async with (
        Publisher(tls=made.server()) as web,
        fetching(tls=tls, public=LOOPBACK) as fetcher,
    ):
        problem = problem_of(await fetcher.fetch(web.url().replace("127.0.0.1", "localhost")))
        assert problem.kind is ProblemKind.TLS
        assert words in problem.detail
        assert not web.requests


async def test_a_server_without_tls_is_a_tls_problem() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, fetching() as fetcher:
        problem = problem_of(await fetcher.fetch(f"https://127.0.0.1:{port}/"))
        assert problem.kind is ProblemKind.TLS
        assert problem.detail.startswith(f"no TLS with 127.0.0.1:{port}: ")


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        {"delay": 3600.0},
        {"body": b"x" * 99, "body_delay": 3600.0},
        {"body": b"x" * 9999, "drip": 0.05},
        {"raw": b"HTTP/1.1 200 OK\r\nX-Half: "},
    ],
    ids=["no answer", "no body", "one byte at a time", "half a header"],
)
async def test_what_never_ends_is_cut_at_the_deadline(reply: dict[str, Any]) -> None:
    async with Publisher() as web, fetching(limits=QUICK) as fetcher:
        web.route("/", **reply)
        web.route("/next", body=b"x")
        problem = problem_of(await fetcher.fetch(web.url()))
        if "raw" in reply:
            assert problem.kind in {ProblemKind.TIMEOUT, ProblemKind.PROTOCOL}
            return
        assert problem.kind is ProblemKind.TIMEOUT
        assert problem.detail == "127.0.0.1 did not finish its answer within 0.4 s"
        assert isinstance(await fetcher.fetch(web.url("/next")), Fetched)


async def test_redirects_share_one_deadline() -> None:
    limits = replace(LIMITS, deadline=timedelta(seconds=0.5))
    async with Publisher() as web, fetching(limits=limits) as fetcher:
        for hop in range(4):
            location = {"Location": f"/{hop + 1}"}
            web.route(f"/{hop}", status=302, headers=location, delay=0.2)
        web.route("/4", body=b"x")
        assert problem_of(await fetcher.fetch(web.url("/0"))).kind is ProblemKind.TIMEOUT


async def test_a_cancelled_poll_frees_its_host_and_its_connection() -> None:
    async with Publisher() as web, fetching() as fetcher:
        asked = asyncio.Event()

        def slowly(_: Request) -> Reply:
            asked.set()
            return Reply(delay=3600.0)

        web.route("/slow", slowly)
        web.route("/", body=b"x")
        polls = [asyncio.create_task(fetcher.fetch(web.url("/slow"))) for _ in range(3)]
        await asked.wait()
        for poll in polls:
            poll.cancel()
        results = await asyncio.gather(*polls, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert isinstance(await fetcher.fetch(web.url()), Fetched)


# --- HTTP ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        {"body": b"x" * 9, "declared_length": 10},
        {"body": b"x" * 99, "framing": "chunked", "stop_after": 50},
    ],
    ids=["short of its length", "without a last chunk"],
)
async def test_a_body_that_ends_early_is_no_document(reply: dict[str, Any]) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", **reply)
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Failed)
        assert outcome.problem == Problem(
            ProblemKind.PROTOCOL, "the body from 127.0.0.1 ends early"
        )
        assert outcome.status == 200


async def test_a_reset_in_the_middle_of_a_body_is_no_document() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", body=b"x" * 9999, stop_after=999, reset=True)
        kind = problem_of(await fetcher.fetch(web.url())).kind
        assert kind in {ProblemKind.PROTOCOL, ProblemKind.CONNECT}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"<html>hello</html>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    ],
)
async def test_what_is_not_http_is_a_protocol_problem(raw: bytes) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", raw=raw)
        problem = problem_of(await fetcher.fetch(web.url()))
        assert problem.kind in {ProblemKind.PROTOCOL, ProblemKind.NOT_A_FEED}


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Long", "x" * 40_000)],
        [(f"X-{i}", "x" * 15_000) for i in range(10)],
        [(f"X-{i}", "x") for i in range(1000)],
    ],
    ids=["one long field", "many bytes", "many fields"],
)
async def test_a_header_without_end_is_refused(headers: list[tuple[str, str]]) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", headers=headers, body=b"x")
        problem = problem_of(await fetcher.fetch(web.url()))
        assert problem.kind in {ProblemKind.PROTOCOL, ProblemKind.TOO_LARGE}


async def test_a_body_of_bytes_without_end_is_cut_at_the_bound() -> None:
    limits = replace(LIMITS, wire_bytes=200_000, decoded_bytes=300_000)
    async with Publisher() as web, fetching(limits=limits) as fetcher:
        web.route("/close", endless=True, body=b"<item/>", framing="close")
        web.route("/chunked", endless=True, body=b"<item/>", framing="chunked")
        web.route("/declared", body=b"x", declared_length=200_001)
        web.route("/fits", body=b"x" * 200_000)
        for path in ("/close", "/chunked", "/declared"):
            assert problem_of(await fetcher.fetch(web.url(path))).kind is ProblemKind.TOO_LARGE
        assert isinstance(await fetcher.fetch(web.url("/fits")), Fetched)


async def test_an_empty_body_is_not_a_feed() -> None:
    async with Publisher() as web, fetching() as fetcher:
        for framing in ("length", "chunked", "close"):
            web.route("/", framing=framing, headers={"Content-Encoding": "gzip"})
            assert problem_of(await fetcher.fetch(web.url())).kind is ProblemKind.NOT_A_FEED


# --- anything at all ----------------------------------------------------------------------------


@given(st.text(max_size=60) | st.text("/:@?#[]%.\\ 中0x1a-", max_size=40))
def test_any_text_for_a_url_is_a_target_or_a_problem(text: str) -> None:
    own = parse_target("http://feeds.example/a/b")
    assert isinstance(own, Target)
    for found in (
        parse_target(text),
        parse_target("http://" + text),
        redirect_target(own, text.encode(errors="replace")),
    ):
        if isinstance(found, Target):
            assert found.target.startswith("/")
            assert found.target.isascii()
            assert found.target.isprintable()
            assert " " not in found.target
            # What is asked for is what a second reading of it would ask for.
            assert parse_target(found.url) == replace(found, authorization=None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=80)
    | st.tuples(
        st.sampled_from([200, 206, 301, 304, 403, 410, 500]),
        st.sampled_from([b"Location", b"Content-Encoding", b"ETag", b"Retry-After", b"Expires"]),
        st.binary(max_size=30).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")),
    ).map(lambda r: b"HTTP/1.1 %d X\r\n%b: %b\r\nContent-Length: 2\r\n\r\nok" % r)
)
def test_no_answer_makes_the_fetcher_raise(raw: bytes) -> None:
    async def poll() -> None:
        async with Publisher() as web, fetching(limits=QUICK) as fetcher:
            web.route("/", raw=raw)
            outcome = await fetcher.fetch(web.url())
            if isinstance(outcome, Failed):
                assert len(problem_text(outcome.problem)) < 500
                assert problem_text(outcome.problem).isprintable()

    asyncio.run(poll())


def test_a_fetcher_is_made_outside_of_any_loop_and_closed_unused() -> None:
    fetcher = Fetcher(
        allow_private=(allow("127.0.0.0/8"),), proxy=None, user_agent="x", clock=lambda: NOW
    )
    asyncio.run(fetcher.aclose())
