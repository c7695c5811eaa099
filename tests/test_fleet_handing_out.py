"""What was handed out and never came to the queue: it is had back at once, not after minutes."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.fleet import queue
from aggregator.fleet.handing_out import HandingOut, new_batch
from aggregator.model.errors import StoreUnavailableError
from aggregator.model.members import Member
from aggregator.schedule.handing_out import Urgency
from aggregator.store.engines.roles import Role
from tests.engines import FleetDatabase
from tests.making import START, feed, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from aggregator.store import Store

NAMES = ("one", "two", "three")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A scheduler's, with three sources that are due."""
    with closing(FleetDatabase(tmp_path, is_own=True)) as made:
        opened = made.open(Role.SCHEDULER)
        opened.apply(tuple(map(source, NAMES)), (feed(),), now=START)
        yield opened


def handing_out(store: Store, jobs: Any) -> HandingOut:
    async def in_thread(work: Callable[[], Any]) -> Any:
        return await asyncio.to_thread(work)

    return HandingOut(store, jobs, may=lambda: True, in_thread=in_thread, clock=lambda: START)


def url_of(store: Store) -> str:
    return str(store._engine._url)  # type: ignore[attr-defined]  # of one engine


def test_who_leads_next_has_back_what_the_one_before_never_deferred(store: Store) -> None:
    async def work() -> None:
        async with queue.opened(url_of(store), timedelta(seconds=5)) as jobs:
            # Killed between the two: claimed, and not in the queue; another batch is.
            lost, kept = store.hand_out(START, most_batches=2, most_each=9, batch_id=new_batch)
            await jobs.defer(
                [queue.Job(kept.claimed_by, kept.queue, kept.source_ids, Urgency.USUAL)]
            )
            (third,) = {1, 2, 3}.difference(lost.source_ids, kept.source_ids)
            store.claim(third, START, claimer="by hand")
            await handing_out(store, jobs).recover()
            assert store.claimers() == {kept.claimed_by, "by hand"}
            (again,) = store.hand_out(START, most_batches=9, most_each=9, batch_id=new_batch)
            assert again.source_ids == lost.source_ids
            # A job that comes after all finds nothing to do.
            assert store.take_over(lost.claimed_by, lost.source_ids, START) == []

    asyncio.run(work())


class Away:
    """A queue that cannot be written at first."""

    def __init__(self, jobs: queue.JobQueue) -> None:
        self.members = jobs.members
        self.waiting = jobs.waiting
        self.deferred: list[queue.Job] = []
        self.is_away = True

    async def defer(self, jobs: Iterable[queue.Job]) -> None:
        if self.is_away:
            raise StoreUnavailableError("away")
        self.deferred += jobs


def test_what_cannot_be_deferred_is_given_back(store: Store) -> None:
    async def work() -> None:
        async with queue.opened(url_of(store), timedelta(seconds=5)) as jobs:
            await jobs.members.say(Member("worker", "worker", "host", 1, slots=9))
            away = Away(jobs)
            hands = handing_out(store, away)
            await hands.hand_out()
            assert (hands.trouble, store.claimers()) == ("away", frozenset())
            away.is_away = False
            await hands.hand_out()
            assert (hands.trouble, len(away.deferred)) == (None, 3)

    asyncio.run(work())
