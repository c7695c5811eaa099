"""A wall clock that jumps between polls: neither a storm nor silence.

After the jump the clock ticks on, minute by minute, as the daemon looks at it; what counts is how
often the publishers are asked from then on.
"""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.workers import Workers
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.polling import DAY, HOUR, START, Clock, House, house
from tests.web import Publisher, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Each source has a host of its own: 127.0.0.1, 127.0.0.2, …
EVERYWHERE = "0.0.0.0"  # noqa: S104 -- only loopback is asked

MINUTE = timedelta(minutes=1)
COUNT = 6
#: Every second source has a fixed interval, the others their own pace within these bounds.
INTERVAL = 2 * HOUR
SHORTEST, LONGEST = HOUR, 4 * HOUR
#: So many requests of one source, and of all, may come in any hour.
MOST_OF_ONE, MOST_OF_ALL = 2, 2 * COUNT

JUMPS = {
    "an hour on": START + 30 * HOUR + HOUR,
    "an hour back": START + 30 * HOUR - HOUR,
    "a day on": START + 30 * HOUR + DAY,
    "a day back": START + 30 * HOUR - DAY,
    "back to 1970": datetime(1970, 1, 1, 0, 1, tzinfo=UTC),
    "ten years on": START + 3650 * DAY,
}


@asynccontextmanager
async def living(
    folder: Path, clock: Clock, web: Publisher, workers: Workers
) -> AsyncIterator[House]:
    toml = '[network]\nallow_private = ["127.0.0.0/8"]\n[polling]\nmin_interval = "1h"\n'
    toml += 'max_interval = "4h"\nbudget = "12/day"\n'
    for number in range(COUNT):
        web.route(f"/{number}.xml", body=rss(item(number)), etag=b'"1"')
        more = 'interval = "2h"' if number % 2 else ""
        url = f"http://127.0.0.{number + 1}:{web.port}/{number}.xml"
        toml += source_toml(f"s{number}", url, more)
    async with house(folder, clock, toml, workers=workers, resumed=True) as home:
        yield home


async def tick_on(home: House, for_: timedelta) -> dict[str, list[timedelta]]:
    """Let the clock tick; return when each source was asked, counted from now."""
    began = home.clock.now
    before = {name: len(at) for name, at in home.at.items()}
    while home.clock.now < began + for_:
        await home.tick()
        home.clock.now += MINUTE
    return {
        name: [at - began for at in moments[before.get(name, 0) :]]
        for name, moments in home.at.items()
    }


def check_pace(asked: dict[str, list[timedelta]]) -> None:
    assert len(asked) == COUNT
    for name, moments in asked.items():
        waits = [b - a for a, b in zip([timedelta(0), *moments], [*moments, DAY], strict=True)]
        assert max(waits) <= LONGEST + HOUR, (name, "silence", waits)
        assert max(Counter(at // HOUR for at in moments).values()) <= MOST_OF_ONE, (name, moments)
        assert len(moments) <= DAY / SHORTEST, (name, "storm")
    all_of_them = Counter(at // HOUR for moments in asked.values() for at in moments)
    assert max(all_of_them.values()) <= MOST_OF_ALL


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_clock_that_jumps_makes_neither_storm_nor_silence(
    jump: str, tmp_path: Path, workers: Workers
) -> None:
    clock = Clock()
    async with Publisher(host=EVERYWHERE) as web, living(tmp_path, clock, web, workers) as home:
        await home.run_until(START + 30 * HOUR)
        clock.now = JUMPS[jump]
        check_pace(await tick_on(home, DAY))
        # And when somebody puts it right again.
        clock.now = START + 60 * HOUR
        check_pace(await tick_on(home, DAY))


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_restart_under_another_clock_makes_neither_storm_nor_silence(
    jump: str, tmp_path: Path, workers: Workers
) -> None:
    clock = Clock()
    async with Publisher(host=EVERYWHERE) as web:
        async with living(tmp_path, clock, web, workers) as home:
            await home.run_until(START + 30 * HOUR)
        clock.now = JUMPS[jump]
        async with living(tmp_path, clock, web, workers) as home:
            check_pace(await tick_on(home, DAY))
        whole = [one.path for one in web.requests[COUNT:] if not one.header("If-None-Match")]
        # After more than a week of nothing but 304 each is asked for everything, once.
        assert sorted(whole) == (
            sorted(f"/{number}.xml" for number in range(COUNT)) if jump == "ten years on" else []
        )


@pytest.mark.parametrize("back", [HOUR, DAY, 20_000 * DAY], ids=str)
async def test_a_retry_after_is_neither_broken_nor_for_ever_when_the_clock_goes_back(
    back: timedelta, tmp_path: Path, workers: Workers
) -> None:
    clock = Clock()
    async with Publisher(host=EVERYWHERE) as web, living(tmp_path, clock, web, workers) as home:
        await home.run_until(START + HOUR)
        web.route("/0.xml", Reply(status=503, headers={"Retry-After": "10800"}))
        while home.results["s0"][-1].problem is None:
            await home.run_until(clock.now + MINUTE)
        clock.now -= back
        web.route("/0.xml", body=rss(item(0)), etag=b'"1"')
        moments = (await tick_on(home, DAY))["s0"]
        assert 2.9 * HOUR <= min(moments) <= 3.3 * HOUR
        assert len(moments) >= 5
