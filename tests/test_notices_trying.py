"""A receiver that is down: tried again with growing pauses, named by `status`, given up at last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.config import allowance
from aggregator.daemon.notifying import Deliveries
from aggregator.fetch import Fetcher
from aggregator.model.notes import NotNotified
from aggregator.model.notices import Receiver
from aggregator.operations.deliveries import EVENTS, GIVEN_UP_AFTER
from aggregator.operations.messages import note_lines
from tests.making import DAY, HOUR, START, document, entry, fail, fetched, finish
from tests.publishing import config
from tests.receivers import ReceivingServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aggregator.store import Store

pytestmark = pytest.mark.usefixtures("one_source")

MINUTE = timedelta(minutes=1)


@dataclass
class World:
    """A store in which one source is broken, and whoever is to be told of it."""

    store: Store
    server: ReceivingServer
    deliveries: Deliveries
    now: list[datetime] = field(default_factory=list)

    async def look(self, later: timedelta) -> None:
        self.now[0] += later
        await self.deliveries.look()

    def notes(self) -> list[NotNotified]:
        return [one.fact for one in self.store.notes() if isinstance(one.fact, NotNotified)]


@pytest.fixture
async def world(store: Store) -> AsyncIterator[World]:
    server = ReceivingServer()
    receiver = Receiver("phone", server.url(), events=EVENTS)
    present = replace(config(), notify=(receiver,))
    finish(store, fetched(), START, refined=document(entry(1)))
    now = [fail(store, START + HOUR, 25) + MINUTE]
    fetcher = Fetcher(
        allow_private=(allowance(f"127.0.0.1:{server.port}"),),
        proxy=None,
        user_agent="test",
        clock=lambda: now[0],
    )
    with ThreadPoolExecutor(2) as threads:
        deliveries = Deliveries(
            lambda: present,
            store,
            threads,
            fetcher=lambda: fetcher,
            environ={},
            clock=lambda: now[0],
        )
        await deliveries.look()
        store.watch(now[0], DAY, present.notify)
        yield World(store, server, deliveries, now)
    await fetcher.aclose()


async def test_it_is_tried_again_and_named_and_comes_when_it_is_back(world: World) -> None:
    await world.look(MINUTE / 2)
    assert world.store.waiting("phone", most=9).tries == 0  # gathered for a minute first
    for tries in (1, 2, 3):
        await world.look(HOUR)
        assert world.store.waiting("phone", most=9).tries == tries
        await world.look(timedelta(seconds=1))
        assert world.store.waiting("phone", most=9).tries == tries
        assert bool(world.notes()) == (tries == 3)
    (note,) = [one for one in world.store.notes() if isinstance(one.fact, NotNotified)]
    ((heading, told),) = note_lines(note)
    assert heading == "notices"
    assert told.startswith("phone does not take them: connect: ")
    with world.server:
        await world.look(HOUR)
    assert [one.told["title"] for one in world.server.received] == ["one is broken"]
    assert world.notes() == []
    assert not world.store.waiting("phone", most=9).notices


async def test_what_could_not_be_sent_for_days_is_given_up_and_counted(world: World) -> None:
    for _ in range(3):
        await world.look(HOUR)
    await world.look(GIVEN_UP_AFTER)
    assert not world.store.waiting("phone", most=9).notices
    ((one,),) = (fact.receivers for fact in world.notes())
    (counted,) = world.deliveries.measures()
    assert dict(counted.samples) == {"sent": 0, "failed": 4, "given-up": 1}
    assert (one.receiver, one.lost) == ("phone", 1)
    with world.server:
        await world.look(HOUR)
        assert world.server.asked == 0
        finish(world.store, fetched(), world.now[0], refined=document(entry(1)))
        world.store.watch(world.now[0], DAY, (Receiver("phone", events=EVENTS),))
        await world.look(HOUR)
    assert [one.told["title"] for one in world.server.received] == ["one works again"]
    assert world.notes() == []
