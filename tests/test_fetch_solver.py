"""Sources that a solver asks for: what it is told, what it may not be asked for, how it fails."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.workers import Workers
from aggregator.fetch import Fetcher, user_agent
from aggregator.model import Access, Failed, Fetched, Gone, PollOutcome, ProblemKind, Validators
from tests.fetching import LIMITS, NOW, QUICK, Names, fetching, problem_of
from tests.making import START
from tests.polling import Clock, house
from tests.proxies import HttpProxy
from tests.solvers import Solver, viewed_as_text, viewed_as_xml
from tests.web import Publisher

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "10.0.0.1/32"
URL = "http://far.example/a%2Fb?c=%20"
PUBLIC = Names({"far.example": [["93.184.216.34"]], "far2.example": [["93.184.216.35"]]})
RSS = '<rss version="2.0"><channel><title>T</title><item><title>{}</title></item></channel></rss>'
BODY = b"\xef\xbb\xbf" + RSS.format("新").encode()


def via(solver: Solver, path: str = "") -> Access:
    return Access(fetch_via=solver.url + path)


@pytest.mark.parametrize("path", ["", "/", "/behind/a/proxy", "/v1"])
async def test_a_solver_is_asked_for_the_very_url_and_nothing_goes_along(path: str) -> None:
    async with Solver() as solver, fetching(NOWHERE, names=PUBLIC) as fetcher:
        solver.shows(URL, viewed_as_text(RSS.format("新")))
        outcome = await fetcher.fetch(
            URL, Validators(b'"1"', b"Mon, 30 Nov 2026 01:02:03 GMT"), access=via(solver, path)
        )
        assert isinstance(outcome, Fetched)
        assert (outcome.url, outcome.status, outcome.body) == (URL, 200, BODY)
        assert outcome.validators == Validators()
        assert outcome.permanent_url is None
        milliseconds = LIMITS.solving.total_seconds() * 1000
        assert solver.asked == [{"cmd": "request.get", "url": URL, "maxTimeout": milliseconds}]
        head = solver.heads[0].lower()
        assert head.startswith(f"post {path.rstrip('/').removesuffix('/v1')}/v1 http/1.1\r\n")
        assert "content-type: application/json\r\n" in head
        assert "if-none-match" not in head
        again = await fetcher.fetch(URL, access=via(solver, path))
        assert isinstance(again, Fetched)
        assert again.sha256 == outcome.sha256
        assert solver.connections == 1


async def test_where_it_was_led_to_counts_and_a_name_in_the_network_is_no_way_out() -> None:
    names = Names({**PUBLIC.table, "evil.example": [["192.168.1.1"]]})
    page = viewed_as_xml(RSS.format("one"))
    async with Solver() as solver, fetching(NOWHERE, names=names) as fetcher:
        solver.shows(URL, page, url="http://far2.example/feed")
        outcome = await fetcher.fetch(URL, access=via(solver))
        assert isinstance(outcome, Fetched)
        assert (outcome.url, outcome.permanent_url) == ("http://far2.example/feed", None)
        for led_to in (
            "http://192.168.1.1/", "http://evil.example/", "http://localhost/", "http://[::1]:8/",
            "http://a.localhost/", "file:///etc/passwd", "chrome://version", "http://far2.example:22/",
        ):  # fmt: skip
            solver.shows(URL, page, url=led_to)
            problem = problem_of(await fetcher.fetch(URL, access=via(solver)))
            assert problem.kind in {ProblemKind.BLOCKED, ProblemKind.PROTOCOL}, led_to
            assert "192.168" not in problem.detail or "192.168" in led_to


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.1/", "http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/",
        "http://localhost/", "http://a.localhost/", "http://evil.example/", "http://both.example/",
        "http://far.example:22/",
    ],
)  # fmt: skip
async def test_a_solver_is_asked_for_nothing_in_the_network(url: str) -> None:
    names = Names({"evil.example": [["10.1.1.1"]], "both.example": [["93.184.216.34", "10.1.1.1"]]})
    async with Solver() as solver, fetching(NOWHERE, names=names) as fetcher:
        solver.shows(url, RSS)
        problem = problem_of(await fetcher.fetch(url, access=via(solver)))
        assert problem.kind is ProblemKind.BLOCKED
        assert "10.1.1.1" not in problem.detail
        assert solver.asked == []


async def test_what_is_allowed_is_asked_for_and_names_are_the_proxys_where_there_is_one() -> None:
    names = Names({"nas.lan": [["10.1.1.1"]]})
    async with Solver() as solver, HttpProxy({}) as proxy:
        solver.shows("http://nas.lan:80/f", RSS.format("x"), url="http://nas.lan/f")
        async with fetching("nas.lan:80", names=names) as fetcher:
            assert isinstance(
                await fetcher.fetch("http://nas.lan:80/f", access=via(solver)), Failed
            )  # the solver is told the URL without the usual port
            solver.shows("http://nas.lan/f", RSS.format("x"))
            assert isinstance(await fetcher.fetch("http://nas.lan/f", access=via(solver)), Fetched)
        async with fetching(NOWHERE, names=names, proxy=proxy.url()) as fetcher:
            looked_up = len(names.asked)
            solver.shows("http://far.example/f", RSS.format("x"))
            found = await fetcher.fetch("http://far.example/f", access=via(solver))
            assert isinstance(found, Fetched)
            problem = problem_of(await fetcher.fetch("http://localhost/", access=via(solver)))
            assert problem.kind is ProblemKind.BLOCKED
            assert len(names.asked) == looked_up
        assert proxy.asked == []  # the solver is the operator's own


@pytest.mark.parametrize(
    ("fields", "kind", "detail"),
    [
        ({"status": 404}, ProblemKind.HTTP_STATUS, "far.example answered 404: not found"),
        ({"status": 429}, ProblemKind.HTTP_STATUS, "far.example answered 429"),
        (
            {"status": 403, "response": "<html><title>Just a moment...</title>"},
            ProblemKind.CHALLENGE,
            "far.example answered 403 with a page of Cloudflare that only a browser passes",
        ),
        ({"response": ""}, ProblemKind.NOT_A_FEED, "far.example answered with an empty page"),
    ],
)
async def test_the_publishers_failure_is_told_as_its_own(
    fields: dict[str, object], kind: ProblemKind, detail: str
) -> None:
    async with Solver() as solver, fetching(NOWHERE, names=PUBLIC) as fetcher:
        solver.shows(URL, "", **{"headers": {"Retry-After": "600"}, "response": "x", **fields})
        outcome = await fetcher.fetch(URL, access=via(solver))
        problem = problem_of(outcome)
        assert problem.kind is kind
        assert problem.detail.startswith(detail)
        assert isinstance(outcome, Failed)
        if fields.get("status") == 429:
            assert outcome.hints.retry_after == timedelta(seconds=600)
        solver.shows(URL, "x", status=410)
        assert isinstance(await fetcher.fetch(URL, access=via(solver)), Gone)


@pytest.mark.parametrize(
    ("status", "says", "kind", "detail"),
    [
        (500, None, ProblemKind.CONNECT, "does not get the page: Error: net::ERR_NAME"),
        (200, b"<html>", ProblemKind.PROTOCOL, "answered with what is not JSON"),
        (404, b"not here", ProblemKind.PROTOCOL, "answered with what is not JSON"),
        (
            500,
            b'{"status": "error", "message": "Error solving the challenge. Timeout after 60.0 s."}',
            ProblemKind.TIMEOUT,
            "does not get the page: Error solving the challenge. Timeout",
        ),
    ],
)
async def test_the_solvers_failure_is_told_as_its_own_with_a_remedy(
    status: int, says: bytes | None, kind: ProblemKind, detail: str
) -> None:
    async with (
        Solver(says=says, status=status) as solver,
        fetching(NOWHERE, names=PUBLIC) as fetcher,
    ):
        problem = problem_of(await fetcher.fetch(URL, access=via(solver)))
        assert problem.kind is kind
        assert problem.detail.startswith(f"the solver 127.0.0.1:{solver.port} {detail}")
        assert problem.remedy == "start the solver, or check fetch_via of the source"


async def test_a_solver_that_is_gone_silent_or_no_solver_is_told_in_time() -> None:
    quick = replace(QUICK, solving=timedelta(seconds=0.1))
    async with (
        Solver(silent=True) as solver,
        fetching(NOWHERE, names=PUBLIC, limits=quick) as fetcher,
    ):
        problem = problem_of(await fetcher.fetch(URL, access=via(solver)))
        assert problem.kind is ProblemKind.TIMEOUT
        assert problem.detail.endswith("did not finish within 0.5 s")
        assert solver.asked[0]["maxTimeout"] == 100
    async with fetching(NOWHERE, names=PUBLIC) as fetcher:
        problem = problem_of(await fetcher.fetch(URL, access=via(solver)))
        assert problem.kind is ProblemKind.CONNECT
        assert f"the solver 127.0.0.1:{solver.port} cannot be reached" in problem.detail
        async with Publisher() as web:
            web.route("/v1", raw=b"SSH-2.0-x\r\n\r\n")
            found = await fetcher.fetch(URL, access=Access(fetch_via=web.url()))
            assert problem_of(found).detail.endswith("answered with what is not HTTP")


async def test_an_answer_is_bounded_and_waits_for_room() -> None:
    small = replace(LIMITS, free_bytes=1000, decoded_bytes=50_000, wire_bytes=50_000)
    reserved: list[int] = []

    class Room:
        async def reserve(self, size_bytes: int) -> None:
            reserved.append(size_bytes)

        def keep(self, size_bytes: int) -> None:
            reserved.append(-size_bytes)

    async with Solver() as solver, fetching(NOWHERE, names=PUBLIC, limits=small) as fetcher:
        solver.shows(URL, "x" * 20_000)
        outcome = await fetcher.fetch(URL, access=via(solver), reservation=Room())
        assert isinstance(outcome, Fetched)
        assert reserved == [50_000, -len(outcome.body)]
        solver.shows(URL, "x" * 60_000)
        problem = problem_of(await fetcher.fetch(URL, access=via(solver)))
        assert problem.kind is ProblemKind.TOO_LARGE


async def test_a_solver_is_asked_for_one_page_at_a_time_and_read_by_a_worker() -> None:
    workers = Workers(count=1)
    async with Solver() as solver:
        fetcher = Fetcher(
            allow_private=(),
            proxy=None,
            user_agent=user_agent(None),
            clock=lambda: NOW,
            resolver=PUBLIC,
            workers=workers,
        )
        urls = [f"http://far{n}.example/" for n in ("", "2")] * 3
        for url in urls:
            solver.shows(url, viewed_as_text(RSS.format("新")))
        found = await asyncio.gather(*(fetcher.fetch(url, access=via(solver)) for url in urls))
        assert [one.body for one in found if isinstance(one, Fetched)] == [BODY] * 6
        assert solver.most_at_once == 1
        await fetcher.aclose()
        await workers.aclose()


async def test_a_source_behind_a_challenge_is_polled_and_the_same_page_is_no_change(
    tmp_path: Path,
) -> None:
    async with Solver() as solver:
        toml = (
            f'[[sources]]\nname = "a"\nurl = "{URL}"\nfetch_via = "{solver.url}"\n'
            '[[feeds]]\nname = "all"\ntitle = "All"\n'
        )
        clock = Clock(START)
        async with house(tmp_path, clock, toml, resolver=PUBLIC) as made:
            solver.shows(URL, viewed_as_text(RSS.format("one")))
            assert (await made.poll("a"))["a"].outcome is PollOutcome.PARSED
            assert made.titles() == {"one"}
            clock.now += timedelta(hours=1)
            assert (await made.poll("a"))["a"].outcome is PollOutcome.SAME_BODY
            clock.now += timedelta(hours=1)
            solver.shows(URL, "<html><head><title>Hello</title></head><body>no feed</body></html>")
            failed = (await made.poll("a"))["a"]
            assert failed.problem is not None
            assert failed.problem.kind is ProblemKind.NOT_A_FEED
            clock.now += timedelta(hours=1)
            solver.shows(URL, viewed_as_xml(RSS.format("two")))
            assert (await made.poll("a"))["a"].tally.new == 1
            assert made.titles() == {"one", "two"}
        assert json.dumps(solver.asked).count("request.get") == 4
