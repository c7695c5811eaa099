"""`aggregator worker`: polls batches that the scheduler hands out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.equipment import Equipment
from aggregator.daemon.log import event
from aggregator.daemon.once import is_priced
from aggregator.daemon.poll_log import Reports
from aggregator.daemon.poll_measures import PollMeasures
from aggregator.daemon.poller import Dispatcher
from aggregator.fleet.batch_polls import BatchPolls
from aggregator.fleet.doing import Hands
from aggregator.fleet.followed_configuration import FollowedConfiguration
from aggregator.fleet.membership import Membership
from aggregator.fleet.queue import POLL_BATCH, POLLS
from aggregator.model.errors import AggregatorError
from aggregator.operations.fleet_messages import NOTHING_FETCHED
from aggregator.schedule import price

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.fetch import Fetcher
    from aggregator.fleet.start import Start
    from aggregator.model import PollResult, PollState

log = logging.getLogger(__name__)


class WorkerRole:
    """Polls so many batches at a time (`slots`) until it is told to stop.

    Then polls that have begun may end, and the rest of their batches is given back.
    """

    def __init__(self, start: Start, slots: int) -> None:
        self._start = start
        self._slots = slots
        self._pricing = price.recall(None)
        self._polls = self._priced = 0
        self._reports = Reports()
        self._measures = PollMeasures()
        self._equipment = Equipment(
            start.config,
            start.store,
            start.environ,
            workers=start.workers(),
            pricing=lambda: self._pricing,
            clock=start.clock,
            dice=random.random,
            measures=self._measures,
            at_once=slots,
        )
        self._dispatcher = Dispatcher(
            self._equipment.tools,
            concurrency=slots,
            site_pause=start.config.polling.site_pause,
            report=self._polled,
            scheduled=True,
            store_pause=start.pace.store,
            claims_due=False,
        )
        self._members = Membership(start, self._hear, threads=self._equipment.threads, polls=self)
        grace_s = start.pace.drain.total_seconds()
        self._hands = Hands(
            partial(start.queue.worker, POLLS, slots=slots, grace_s=grace_s),
            start.session,
            start.pace.retry,
        )
        self._batches = BatchPolls(
            self._dispatcher,
            self._equipment,
            start.store,
            polled=self._count,
            is_cut_off=self._members.is_cut_off,
        )
        self._configuration = FollowedConfiguration(
            start.config, start.store, start.environ, self._follow
        )

    @property
    def trouble(self) -> str | None:
        """Why nothing is polled, or nothing of it kept; `None` where all is well."""
        is_idle = self._hands.are_idle and not self._start.signals.stop.is_set()
        return self._dispatcher.trouble or (NOTHING_FETCHED if is_idle else None)

    @property
    def offline_since(self) -> datetime | None:
        """Since when our own network has been down, or `None`."""
        return self._dispatcher.offline_since

    async def run(self) -> None:
        """Poll until `Signals.stop` is set."""
        start, members = self._start, self._members
        stop = start.signals.stop
        members.slots = self._slots
        members.go_on = self._go_on
        members.counted = lambda: (self._batches.jobs, self._polls)
        members.jobs.every(start.pace.heartbeat, self._settle, name="price", at_once=True)
        members.jobs.every(start.pace.summary, self._sum_up, name="summary")
        start.queue.does(POLL_BATCH, self._batches.poll)
        try:
            async with members:
                members.vitals.ready()
                start.signals.on_reload(lambda: members.jobs.spawn(self._configuration.reload()))
                doing = asyncio.create_task(self._hands.work(stop))
                await stop.wait()
                with contextlib.suppress(AggregatorError):  # it is told all the same, by silence
                    await members.say()  # nothing more is handed out for us
                cancelled = await self._dispatcher.drain(start.pace.drain)
                await doing
                with contextlib.suppress(AggregatorError):  # the price is found again in time
                    await self._settle()
                log.info(event("stopped", cancelled=cancelled or None))
        finally:
            await self._equipment.aclose()
            self._equipment.threads.shutdown()

    def _go_on(self) -> None:
        self._dispatcher.go_on()
        self._members.jobs.spawn(self._batches.settle())

    async def _hear(self, applied: int) -> None:
        await self._configuration.look(applied)

    def _polled(self, result: PollResult) -> None:
        self._reports.add(result, self._start.clock())
        self._measures.polled(result)

    def _count(self, state: PollState, result: PollResult) -> None:
        self._polls += 1
        if result.tally.new or result.tally.updated:
            self._members.jobs.spawn(self._tell())
        self._priced += is_priced(state)

    async def _tell(self) -> None:
        with contextlib.suppress(AggregatorError):  # webs look by themselves, too
            await self._start.queue.tell()

    async def _settle(self) -> None:
        """Account for requests that the budget has paid; take the price that holds."""
        if self._priced:
            paid, self._priced = self._priced, 0
            await self._start.queue.members.add("priced", paid)
        self._pricing = price.recall(await self._equipment.in_thread(self._start.store.pricing))

    async def _sum_up(self) -> None:
        self._reports.summary()

    async def _follow(self, old: Config, fresh: Config) -> None:
        self._dispatcher.site_pause = fresh.polling.site_pause
        retired = self._equipment.refit(old, fresh)
        self._dispatcher.tools = self._equipment.tools
        if retired is not None:
            await _close(retired, self._dispatcher)


async def _close(fetcher: Fetcher, dispatcher: Dispatcher) -> None:
    """Close a client once the polls that began with it are over."""
    await dispatcher.running()
    await fetcher.aclose()
