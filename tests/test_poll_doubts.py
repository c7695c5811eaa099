"""Publishers whose "not modified" is not to be believed: what is asked for once more, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.schedule.doubt import LONGEST_BELIEF, SHORTEST_BELIEF, is_doubted
from aggregator.schedule.rhythm import FLAT, Rhythm, learn
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.polling import DAY, HOUR, START, Clock, house
from tests.web import Publisher, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = "/feed.xml"
TOML = '[network]\nallow_private = ["127.0.0.0/8"]\n'


def lively(per_day: int) -> Rhythm:
    """Return the rhythm of a source that has published so much for a month."""
    dates = [START - 30 * DAY + n * DAY / per_day for n in range(30 * per_day)]
    rhythm, known = learn(Rhythm(), [], now=START - 30 * DAY), 0
    for day in range(29, -1, -1):
        now = START - day * DAY
        new = sum(date <= now for date in dates)
        rhythm = learn(rhythm, dates[known:new], now=now, polled_at=now - DAY)
        known = new
    return rhythm


@pytest.mark.parametrize(
    ("per_day", "age", "doubted"),
    [
        (0, LONGEST_BELIEF, True),
        (0, LONGEST_BELIEF - HOUR, False),
        (1, 3 * DAY, False),
        (10, SHORTEST_BELIEF, True),
        (10, SHORTEST_BELIEF - HOUR, False),
        (300, SHORTEST_BELIEF - HOUR, False),
        (300, -HOUR, False),  # the clock was set back
    ],
)
def test_304_is_believed_for_a_week_and_less_where_much_is_overdue(
    per_day: int, age: timedelta, doubted: bool
) -> None:
    rhythm = lively(per_day) if per_day else Rhythm()
    assert is_doubted(START, rhythm, FLAT, now=START + age) is doubted


def test_nothing_is_doubted_of_what_has_never_answered() -> None:
    assert not is_doubted(None, lively(300), FLAT, now=START)


def stuck(clock: Clock) -> Callable[[Request], Reply]:
    """Answer each condition with 304, whatever is new: a cache that was never told."""

    def answer(request: Request) -> Reply:
        if request.header("If-None-Match") or request.header("If-Modified-Since"):
            return Reply(status=304)
        entries = 1 + (clock.now - START) // DAY
        return Reply(body=rss(*map(item, range(entries, 0, -1))), etag=b'"for ever"')

    return answer


async def test_a_cache_that_is_stuck_is_asked_for_the_whole_once_a_week(tmp_path: Path) -> None:
    clock = Clock()
    async with Publisher() as web:
        web.route(PATH, stuck(clock))
        toml = TOML + source_toml("one", web.url(PATH), 'interval = "6h"')
        async with house(tmp_path, clock, toml) as home:
            await home.run_until(START + 22 * DAY)
            whole = [request for request in web.requests if not request.header("If-None-Match")]
            assert len(whole) == 4
            assert len(web.requests) > 80
            assert len(home.rows("one")["entries"]) == 22
            # That is our doing, and no fault of the publisher's validators.
            assert home.store.status()[0].unconditional == 0


@pytest.mark.parametrize(
    "never", [b"Tue, 01 Jan 2041 00:00:00 GMT", b"Thu, 01 Jan 1970 00:00:00 GMT"]
)
async def test_a_date_that_cannot_be_is_kept_and_never_sent(tmp_path: Path, never: bytes) -> None:
    async with Publisher() as web:
        web.route(PATH, Reply(body=rss(item(1)), last_modified=never))
        toml = TOML + source_toml("one", web.url(PATH))
        async with house(tmp_path, Clock(), toml) as home:
            await home.run_until(START + 3 * HOUR)
            web.route(PATH, Reply(body=rss(item(2), item(1)), last_modified=never))
            await home.run_until(START + 6 * HOUR)
            assert not any(request.header("If-Modified-Since") for request in web.requests)
            assert len(home.rows("one")["entries"]) == 2
            assert home.store.status()[0].unconditional == len(web.requests) - 1
