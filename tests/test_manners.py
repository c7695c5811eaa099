"""What docs/manners.md tells publishers is so: its request, its figures, its recipes.

What a whole week shows is not shown again here: see test_week.py, test_poll_failures.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import aggregator
from aggregator import config as configuration
from aggregator.config.settings import SHORTEST_PUBLIC_INTERVAL
from aggregator.fetch import FetchLimits
from aggregator.fetch.redirects import FIRST_FEEDS
from aggregator.model import (
    DocumentHints,
    Failed,
    Gone,
    HttpHints,
    Outcome,
    PollState,
    Problem,
    ProblemKind,
)
from aggregator.schedule import doubt, permanent_redirects
from aggregator.schedule.history import History
from aggregator.schedule.host_holds import Temper, eased, struck
from aggregator.schedule.policy import next_poll
from aggregator.schedule.price import PollingBounds, Pricing
from tests import ROOT
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.making import fetched, source
from tests.polling import DAY, HOUR, START, Clock, house
from tests.web import Publisher, Reply

TEXT = (ROOT / "docs" / "manners.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
PLAIN = " ".join(re.sub(r"[`*]", "", TEXT).split())

QUARTER, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
PATH = "/feed.xml"
TOML = '[network]\nallow_private = ["127.0.0.0/8"]\n'


def said(*sentences: str) -> None:
    """Hold the page to these words: whoever changes them looks at what is shown here."""
    for sentence in sentences:
        assert sentence in PLAIN, sentence


def fields(block: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+): (.*)$", block, re.MULTILINE))


async def test_the_request_is_the_one_shown(tmp_path: Path) -> None:
    who, shown, *_ = BLOCKS
    contact = 'contact = "https://reader.example/about"\n'
    async with Publisher() as web:
        web.route(PATH, body=rss(item(1)), etag=b'W/"1"', last_modified=b"then")
        clock, one = Clock(), source_toml("one", web.url(PATH))
        async with house(tmp_path, clock, TOML + one) as home:
            await home.run_until(START + DAY)
        async with house(tmp_path, clock, TOML + contact + one) as home:
            await home.run_until(START + 2 * DAY)
        first, *others = web.requests
        names = [name.decode() for name, _ in others[0].headers]
        expected = fields(shown)
        assert shown.splitlines()[0] == first.raw.decode().splitlines()[0]
        assert names == list(expected)
        for name in ("Accept", "Accept-Encoding", "User-Agent"):
            assert (others[0].header(name) or b"").decode() == expected[name]
        assert (web.requests[-1].header("User-Agent") or b"").decode() == fields(who)["User-Agent"]
    assert f"aggregator/{aggregator.__version__} (" in who
    assert f"aggregator/{aggregator.__version__} (" in shown


async def test_an_etag_that_is_no_utf8_is_left_out_and_counted(tmp_path: Path) -> None:
    said("your ETag is no UTF-8", "they are then left out, and counted for the operator to see")
    async with Publisher() as web:
        web.route(PATH, body=rss(item(1)), etag=b'"\xe9"')
        async with house(tmp_path, Clock(), TOML + source_toml("one", web.url(PATH))) as home:
            await home.run_until(START + 3 * HOUR)
            assert len(web.requests) > 1
            assert not any(request.header("If-None-Match") for request in web.requests)
            assert home.store.status()[0].unconditional == len(web.requests) - 1


def test_304_is_believed_as_long_as_it_says() -> None:
    said("all your answers have been 304 for a week", "or for a day and more in which entries")
    assert (doubt.LONGEST_BELIEF, doubt.SHORTEST_BELIEF) == (7 * DAY, DAY)
    said("your Last-Modified is in the future or before 1995")
    assert FIRST_FEEDS.year == 1995


def test_the_defaults_are_the_ones_named(tmp_path: Path) -> None:
    said("An average feed is asked 24 times a day", "down to once in 12 hours")
    said(
        "No feed is asked more often than every 15 minutes", "not below a minute for anybody else's"
    )
    path = tmp_path / "config.toml"
    path.write_text("")
    polling = configuration.load(path).polling
    assert (polling.min_interval, polling.max_interval) == (QUARTER, 12 * HOUR)
    assert polling.budget == 24
    assert SHORTEST_PUBLIC_INTERVAL == MINUTE


def test_the_bound_on_redirects_is_the_one_named() -> None:
    said("Redirects are followed, up to 5 for one poll")
    assert FetchLimits().redirects == 5
    said("after 3 polls over 48 hours with one target")
    assert (permanent_redirects.POLLS_TO_BELIEVE, permanent_redirects.TIME_TO_BELIEVE) == (
        3,
        48 * HOUR,
    )


def pause(
    outcome: Outcome,
    *,
    failures: int = 0,
    since: timedelta | None = None,
    limited_until: datetime | None = None,
    **state: object,
) -> timedelta:
    """Return how long a source with the default bounds rests after an outcome, without chance."""
    known = PollState(
        source_id=1,
        source=source(),
        failures=failures,
        failing_since_at=None if since is None else START - since,
    )
    plan = next_poll(
        replace(known, **state),  # type: ignore[arg-type] # a test's shorthand
        History(),
        outcome,
        now=START,
        bounds=PollingBounds(QUARTER, 12 * HOUR, 24),
        pricing=Pricing(),
        dice=lambda: 0.0,
        limited_until=limited_until,
    )
    return plan.at - START


def failed(status: int | None = None, **hints: timedelta) -> Failed:
    return Failed(Problem(ProblemKind.HTTP_STATUS, "no"), status, HttpHints(**hints))


def doubling(first: timedelta, status: int | None = None) -> None:
    """Check that the pause after this status begins so, doubles, and ends with a day."""
    assert [pause(failed(status), failures=n) for n in range(3)] == [first, 2 * first, 4 * first]
    assert DAY * 0.8 <= pause(failed(status), failures=50) <= DAY


@pytest.mark.parametrize("status", [429, 503])
def test_the_table_says_what_429_and_503_do(status: int) -> None:
    said("nothing of your host is asked before it ends, by no hand either; a minute at least")
    said("31 days at most")
    assert pause(failed(status, retry_after=5 * HOUR)) == 5 * HOUR
    assert pause(failed(status, retry_after=99 * DAY)) == 31 * DAY
    said("an hour, then twice as long each time, up to a day")
    doubling(HOUR, status)


def test_the_table_says_what_a_limit_without_a_word_does() -> None:
    said("429 without any of these, or 403 or 503 right after successes of your host")
    said("nothing of your host is asked for 5 minutes, twice as long each time, up to a day")
    said("each success takes one doubling back")
    once = struck(Temper(), START)
    # Once its hold is over: what answers meanwhile is the same limit.
    later = START + 5 * MINUTE
    twice = struck(once, later)
    assert (once.until_at, twice.until_at) == (later, later + 10 * MINUTE)
    assert struck(Temper(99), START).until_at == START + DAY
    assert struck(eased(twice), START + DAY).until_at == START + DAY + 10 * MINUTE
    assert pause(failed(403), limited_until=START + 2 * HOUR) == 2 * HOUR
    assert pause(failed(403), limited_until=START + 5 * MINUTE) == QUARTER
    assert pause(failed(429), limited_until=START + 5 * MINUTE) == HOUR


def test_the_table_says_what_freshness_and_hints_do() -> None:
    said("not asked while it is fresh; a day at most", "kept; a day at most")
    fresh = replace(fetched(), hints=HttpHints(fresh_for=20 * HOUR))
    assert pause(fresh) == 20 * HOUR
    assert pause(replace(fresh, hints=HttpHints(fresh_for=3 * DAY))) == DAY
    assert pause(fetched(), hints=DocumentHints(ttl=20 * HOUR)) == 20 * HOUR
    assert pause(fetched(), hints=DocumentHints(ttl=3 * DAY, update_every=4 * DAY)) == DAY
    said("overrides Cache-Control, <ttl> and the like, but not Retry-After")
    fixed = source(interval=2 * HOUR)
    assert pause(fresh, source=fixed) == 2 * HOUR
    assert pause(failed(503, retry_after=5 * HOUR), source=fixed) == 5 * HOUR


def test_the_table_says_what_ends_do() -> None:
    said("401, 403, 451 | once a day, but for a 403 that is such a limit")
    assert {pause(failed(status)) for status in (401, 403, 451)} == {DAY}
    said("when nothing but failures has come for two weeks, and 14 times, once a week")
    doubling(QUARTER, 404)
    assert pause(failed(404), failures=14, since=14 * DAY) == 7 * DAY
    assert pause(failed(404), failures=13, since=14 * DAY) <= DAY
    assert pause(failed(404), failures=14, since=13 * DAY) <= DAY
    said('410, or "expired": true in JSON Feed | once a week')
    assert pause(Gone(Problem(ProblemKind.GONE, "gone"))) == 7 * DAY
    assert pause(fetched(), hints=DocumentHints(expired=True)) == 7 * DAY
    said("any other failure | 15 minutes", "then twice as long each time, up to a day")
    doubling(QUARTER, 500)


async def test_the_recipes_work(tmp_path: Path) -> None:
    hourly, tomorrow = BLOCKS[2], BLOCKS[3]
    said("Once an hour at most", "Not before tomorrow, for everything on this host")
    async with Publisher() as web:
        web.route(PATH, body=rss(item(1)), headers=fields(hourly))
        web.route("/other.xml", body=rss(item(2)))
        # The operator of the second source would ask every five minutes.
        toml = TOML + '[polling]\nmin_interval = "1m"\nbudget = "600/day"\n'
        toml += source_toml("one", web.url(PATH))
        toml += source_toml("other", web.url("/other.xml"), 'interval = "5m"')
        async with house(tmp_path, Clock(), toml) as home:
            await home.run_until(START + 12 * HOUR)
            assert 11 <= len(web.asked(PATH)) <= 12
            assert len(web.asked("/other.xml")) > 100
            status = int(tomorrow.split()[1])
            web.route(PATH, Reply(status=status, headers=fields(tomorrow)))
            await home.run_until(START + 14 * HOUR)
            told_at, asked = home.at["one"][-1], len(web.requests)
            assert web.asked(PATH)[-1] in web.requests
            await home.run_until(told_at + DAY - MINUTE)
            assert len(web.requests) == asked
            await home.run_until(told_at + DAY + HOUR)
            assert len(web.requests) > asked


async def test_what_was_away_for_months_is_found_again(tmp_path: Path) -> None:
    said("you are found again without anybody's doing", "What was read before is kept where it is")
    async with Publisher() as web:
        web.route(PATH, body=rss(item(1)))
        async with house(tmp_path, Clock(), TOML + source_toml("one", web.url(PATH))) as home:
            await home.run_until(START)
            web.route(PATH, status=404)
            await home.run_until(START + 120 * DAY)
            assert len(web.requests) < 50
            assert len(home.rows("one")["entries"]) == 1
            web.route(PATH, body=rss(item(2), item(1)))
            await home.run_until(START + 130 * DAY)
            assert home.store.status()[0].problem is None
            assert len(home.rows("one")["entries"]) == 2
