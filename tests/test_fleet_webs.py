"""Webs of a fleet: what one has shown all show, whoever told them; and when they may be asked."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aggregator.config import load
from aggregator.model.errors import StoreUnavailableError
from aggregator.serve.looks import Looks
from aggregator.store.engines.roles import Role
from tests.config_texts import source_toml
from tests.engines import FleetDatabase
from tests.fleet import Fleet
from tests.making import HOUR, START, absorb, document, entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[FleetDatabase]:
    with closing(FleetDatabase(tmp_path, is_own=True)) as made:
        yield made


def test_a_web_shows_what_was_committed_before_it_was_asked(
    tmp_path: Path, database: FleetDatabase
) -> None:
    fleet = Fleet(tmp_path, allow_private=[], members={"web": "web"})
    fleet.store = f'url = "{database.as_url}"\n'
    fleet.configure(source_toml("one", "https://one.example/feed.xml"))
    worker = database.open(Role.WORKER)
    try:
        fleet.begin("web")
        fleet.wait(lambda: " started " in fleet.log.read_text(), "the web")
        told = fleet.get("/readyz")
        assert (told.status, "start `aggregator scheduler`" in told.text) == (503, True)
        assert fleet.get("/healthz").status == 200
        # What somebody has applied once can be served, though no scheduler runs, or ever ran here.
        config = load(fleet.config)
        worker.apply(config.sources, config.feeds, now=START)
        fleet.wait(lambda: fleet.get("/readyz").status == 200, "to be ready")
        # Nobody tells this web of anything.
        for count in range(1, 9):
            entries = [entry(number) for number in range(1, count + 1)]
            absorb(worker, document(*entries), START + count * HOUR)
            for _ in range(2):  # made, and out of memory
                assert len(fleet.items()) == count
            page = fleet.get("/feeds/all", {"Accept": "text/html"})
            assert page.text.count("<article") == count
        assert fleet.stop() == 0
    finally:
        fleet.end()


def test_all_who_ask_at_a_moment_wait_for_one_look_that_began_later() -> None:
    async def work() -> None:
        begun: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

        async def look() -> None:
            ended = asyncio.get_running_loop().create_future()
            await begun.put(ended)
            await ended

        looks = Looks(look)
        first = asyncio.create_task(looks.fresh())
        under_way = await begun.get()
        # That look may have missed what these know of.
        others = [asyncio.create_task(looks.fresh()) for _ in range(50)]
        await asyncio.sleep(0.01)
        assert begun.empty()
        under_way.set_result(None)
        await first
        later = await begun.get()
        assert not any(one.done() for one in others)
        later.set_exception(StoreUnavailableError("away"))
        await asyncio.gather(*others)
        assert looks.made == 2

    asyncio.run(work())


def test_a_server_that_says_nothing_keeps_nobody_waiting_twice() -> None:
    async def work() -> None:
        looks = Looks(asyncio.Event().wait, patience_s=0.05)
        assert looks.are_needed
        await looks.fresh()
        await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for _ in range(100):
            await looks.fresh()
        assert loop.time() - begun_s < 2
        assert looks.made == 1
        alone = Looks(None)
        await alone.fresh()
        assert (alone.are_needed, alone.made) == (False, 0)

    asyncio.run(work())
