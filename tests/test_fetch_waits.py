"""A host that asked everybody to wait: not even a redirect leads there, and who asked is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from aggregator.fetch import Fetcher
from aggregator.fetch.host_waits import MAX_WAITS, Waits
from aggregator.model import Failed, Fetched, ProblemKind
from tests.fetching import LIMITS, NOW, allow, fetching
from tests.web import Publisher

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@dataclass
class Clock:
    now = NOW


async def test_a_redirect_into_a_host_that_asked_to_wait_is_not_followed_until_then() -> None:
    clock = Clock()
    fetcher = Fetcher(
        allow_private=(allow("127.0.0.0/8"),),
        proxy=None,
        user_agent="x",
        clock=lambda: clock.now,
        limits=LIMITS,
    )
    async with Publisher() as busy, Publisher() as other:
        busy.route("/feed", status=503, headers={"Retry-After": "3600"})
        busy.route("/moved", body=b"x")
        other.route("/", status=302, headers={"Location": busy.url("/moved")})
        assert isinstance(await fetcher.fetch(busy.url("/feed")), Failed)
        clock.now += timedelta(minutes=20)
        outcome = await fetcher.fetch(other.url())
        assert isinstance(outcome, Failed)
        assert outcome.problem.kind is ProblemKind.HTTP_STATUS
        assert outcome.problem.detail == "127.0.0.1 asked everybody to wait"
        assert outcome.hints.retry_after == timedelta(minutes=40)
        assert (outcome.status, outcome.answered_url) == (None, None)
        assert busy.asked("/moved") == []
        clock.now += timedelta(minutes=40)
        assert isinstance(await fetcher.fetch(other.url()), Fetched)
    await fetcher.aclose()


async def test_no_redirect_leads_into_a_host_that_limits_us_without_a_word() -> None:
    async with Publisher() as web, Publisher() as held, fetching() as fetcher:
        held.route("/", body=b"x")
        web.route("/", status=302, headers={"Location": held.url()})
        fetcher.leave_alone(f"http://127.0.0.1:{held.port}", NOW + timedelta(minutes=5))
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Failed)
        assert outcome.problem.detail == "127.0.0.1 asked everybody to wait"
        assert outcome.hints.retry_after == timedelta(minutes=5)
        assert held.requests == []
        fetcher.leave_alone("no url", NOW)
        assert isinstance(await fetcher.fetch(held.url()), Fetched)  # who polls has asked


async def test_a_wait_holds_back_no_first_request_and_no_other_port() -> None:
    async with Publisher() as busy, Publisher() as other, fetching() as fetcher:
        busy.route("/feed", status=429, headers={"Retry-After": "3600"})
        busy.route("/other", body=b"x")
        other.route("/", status=302, headers={"Location": "/feed"})
        other.route("/feed", body=b"x")
        await fetcher.fetch(busy.url("/feed"))
        assert isinstance(await fetcher.fetch(busy.url("/other")), Fetched)
        assert isinstance(await fetcher.fetch(other.url()), Fetched)


async def test_only_a_429_or_503_that_says_how_long_makes_everybody_wait() -> None:
    async with Publisher() as web, Publisher() as other, fetching() as fetcher:
        web.route("/no-time", status=503)
        web.route("/missing", status=404, headers={"Retry-After": "3600"})
        web.route("/moved", status=302, headers={"Retry-After": "3600", "Location": "/x"})
        for path in ("/no-time", "/missing", "/moved"):
            await fetcher.fetch(web.url(path))
        web.route("/x", body=b"x")
        other.route("/", status=302, headers={"Location": web.url("/x")})
        assert isinstance(await fetcher.fetch(other.url()), Fetched)


async def test_a_failure_says_who_answered_after_redirects() -> None:
    async with Publisher() as web, Publisher() as other, fetching() as fetcher:
        web.route("/", status=302, headers={"Location": other.url("/feed")})
        for reply in (
            {"status": 503, "headers": {"Retry-After": "3600"}},
            {"status": 302},
            {"body": b"\x1f\x9dx", "headers": {"Content-Encoding": "compress"}},
        ):
            other.route("/feed", **reply)
            async with fetching() as fresh:
                outcome = await fresh.fetch(web.url())
            assert isinstance(outcome, Failed)
            assert outcome.status is not None
            assert outcome.answered_url == other.url("/feed")
        other.route("/feed", reset=True)
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Failed)
        assert (outcome.status, outcome.answered_url) == (None, None)


def test_a_later_answer_does_not_shorten_a_wait() -> None:
    waits = Waits()
    origin = ("https", "a.example", 443)
    waits.note(origin, NOW + HOUR, NOW)
    waits.note(origin, NOW + SECOND, NOW)
    assert waits.remaining(origin, NOW) == HOUR
    assert waits.remaining(("http", "a.example", 80), NOW) is None
    assert waits.remaining(origin, NOW + HOUR) is None


def test_waits_are_bounded_and_those_that_end_first_go_first() -> None:
    waits = Waits()
    for number in range(MAX_WAITS + 1):
        waits.note(("http", "a.example", number), NOW + (number + 1) * SECOND, NOW)
    assert waits.remaining(("http", "a.example", 0), NOW) is None
    assert waits.remaining(("http", "a.example", 1), NOW) == 2 * SECOND
    assert len(waits) == MAX_WAITS
    later = NOW + (MAX_WAITS + 1) * SECOND
    waits.note(("http", "b.example", 80), later + HOUR, later)
    assert len(waits) == 1
