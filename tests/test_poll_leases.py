"""Two pollers on one store: what one polls the other leaves alone, however the poll ends."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.daemon.poller import Dispatcher
from aggregator.model import PollOutcome
from aggregator.schedule.leases import LEASE
from aggregator.store.leases.memory_leases import MemoryLeases
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.polling import Clock, House, house
from tests.web import Publisher, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SECOND = timedelta(seconds=1)
GOOD = Reply(body=rss(item(1)))
HANGS = Reply(delay=3600)


@asynccontextmanager
async def opened(folder: Path, *paths: str) -> AsyncIterator[tuple[Publisher, House, Dispatcher]]:
    """Open a house with a source of each path, and a second poller on its store."""
    async with Publisher() as web:
        toml = '[network]\nallow_private = ["127.0.0.1/32"]\n'
        toml += "".join(source_toml(path.strip("/"), web.url(path)) for path in paths)
        async with house(folder, Clock(), toml) as home:
            other = Dispatcher(
                home.dispatcher.tools,
                concurrency=2,
                report=home.note,
                scheduled=True,
                site_pause=timedelta(0),
                renew_every=timedelta(milliseconds=5),
            )
            yield web, home, other
            await other.drain(timedelta(0))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.005)


async def test_a_poll_that_outlasts_its_lease_is_nobody_elses(tmp_path: Path) -> None:
    async with opened(tmp_path, "/one") as (web, home, other):
        web.route("/one", HANGS)
        await other.start_due()
        await until(lambda: bool(web.requests))
        (number,) = other._running

        def is_renewed() -> bool:
            assert isinstance(home.store._leases, MemoryLeases)
            lease = home.store._leases._stored[number]
            return lease.claimed_until_at == home.clock.now + LEASE

        for _ in range(3):
            home.clock.now += LEASE - SECOND
            await until(is_renewed)
        await home.dispatcher.start_due()
        assert not home.dispatcher._running
        result = (await home.poll("one"))["one"]
        assert (result.outcome, result.problem) == (PollOutcome.CLAIMED, None)
        assert len(web.requests) == 1


async def test_a_poll_that_is_cancelled_leaves_its_source_to_others(tmp_path: Path) -> None:
    async with opened(tmp_path, "/one") as (web, home, other):
        web.route("/one", HANGS)
        await other.start_due()
        await until(lambda: bool(web.requests))
        assert await other.drain(timedelta(0)) == 1
        web.route("/one", GOOD)
        assert await home.tick() == 1
        assert home.results["one"][-1].outcome is PollOutcome.PARSED


async def test_a_poll_that_is_held_back_leaves_its_source_to_others(tmp_path: Path) -> None:
    async with opened(tmp_path, "/one", "/two") as (web, home, _):
        busy = Reply(status=429, headers={"Retry-After": "7200"})
        for path in ("/one", "/two"):
            web.route(path, busy)
        results = await home.poll()
        assert sorted(one.outcome for one in results.values()) == ["failed", "held"]
        assert not home.store._leases.held(home.clock())
