"""`aggregator scheduler`: hands out what is due, and does the house-work of the database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.commands import Requests
from aggregator.daemon.configuring import Configuring, apply_first
from aggregator.daemon.control import ControlServer
from aggregator.daemon.equipment import Equipment
from aggregator.daemon.housework import Housework
from aggregator.daemon.jobs import Jobs
from aggregator.daemon.joined import load_with
from aggregator.daemon.log import event
from aggregator.daemon.poll_log import Reports
from aggregator.daemon.poll_measures import PollMeasures
from aggregator.daemon.poller import Dispatcher
from aggregator.daemon.prices import Prices
from aggregator.fleet.by_hand import ByHand
from aggregator.fleet.doing import Hands, until
from aggregator.fleet.handing_out import HandingOut
from aggregator.fleet.membership import Membership
from aggregator.fleet.queue import BY_HAND, HOUSE, POLL_BY_HAND
from aggregator.model.errors import AggregatorError, StoreUnavailableError

if TYPE_CHECKING:
    from datetime import timedelta

    from aggregator.config import Config
    from aggregator.fetch import Fetcher
    from aggregator.fleet.start import Start
    from aggregator.schedule.price import Pricing

log = logging.getLogger(__name__)

#: Sites that are polled by hand at a time.
BY_HAND_SLOTS = 8


class SchedulerRole:
    """Waits until no other scheduler is active, and is the active one until it is told to stop.

    One that loses its connection to the server waits again: another may be active already.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._active: ActiveScheduler | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing is handed out, or `None`."""
        return None if self._active is None else self._active.trouble

    @property
    def offline_since(self) -> None:
        """Our own network: workers look after theirs."""

    async def run(self) -> None:
        """Hand out until `Signals.stop` is set."""
        start = self._start
        with ThreadPoolExecutor(2, "vitals") as threads:
            members = Membership(start, _nothing, threads=threads, polls=self)
            members.is_working = False
            async with members:
                members.vitals.ready()
                stop, session = start.signals.stop, start.session
                while not stop.is_set():
                    await until(stop, session.led)
                    lost = session.lost
                    if stop.is_set() or not session.leads:
                        continue
                    try:
                        self._active = await _begin(start, members, lost)
                        members.is_working = True
                        await members.say()
                        await self._active.run()
                    except StoreUnavailableError as error:
                        if not await session.tells(error):
                            log.error(event("active no more", because=error))  # noqa: TRY400 -- expected trouble
                    finally:
                        members.is_working, self._active = False, None
                    if not lost.is_set():
                        await _sleep(start, start.pace.retry)


async def _nothing(_: int) -> None:
    """A scheduler applies configurations itself."""


async def _sleep(start: Start, pause: timedelta) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(start.signals.stop.wait(), pause.total_seconds())


async def _begin(start: Start, members: Membership, lost: asyncio.Event) -> ActiveScheduler:
    """Apply the configuration as it is now, and return what hands out by it."""

    def apply() -> tuple[Pricing, Config]:
        config = start.config
        try:
            config = load_with(start.store, config.path)
        except AggregatorError as error:  # the one that this process began with holds
            log.error(event("configuration not read", problem=error))  # noqa: TRY400 -- a mistake in a file
        return apply_first(config, start.store, start.environ, start.clock())

    pricing, config = await start.patience.wait_for(partial(asyncio.to_thread, apply))
    return ActiveScheduler(start, config, pricing, members, lost)


class ActiveScheduler:
    """The one of a fleet that hands out work, and does what is done beside polls.

    It is so until `lost`: another one may be active from that moment on.
    """

    def __init__(
        self,
        start: Start,
        config: Config,
        pricing: Pricing,
        members: Membership,
        lost: asyncio.Event,
    ) -> None:
        self._start = start
        self._members = members
        self._lost = lost
        self._over = asyncio.Event()
        self._jobs = Jobs(start.session.tells)
        self._reports = Reports()
        self._prices = Prices(pricing)
        self._equipment = Equipment(
            config,
            start.store,
            start.environ,
            workers=start.workers(),
            pricing=lambda: self._prices.pricing,
            clock=start.clock,
            dice=random.random,
            measures=PollMeasures(),
        )
        self._dispatcher = Dispatcher(
            self._equipment.tools,
            concurrency=BY_HAND_SLOTS,
            site_pause=config.polling.site_pause,
            report=lambda result: self._reports.add(result, start.clock()),
            scheduled=False,
            store_pause=start.pace.store,
        )
        self._by_hand = ByHand(self._dispatcher, start.queue)
        self._handing_out = HandingOut(
            start.store,
            start.queue,
            may=self._may_hand_out,
            in_thread=self._equipment.in_thread,
            clock=start.clock,
        )
        self._configuring = Configuring(
            config,
            start.store,
            start.environ,
            equipment=self._equipment,
            clock=start.clock,
            telling=members.vitals.reloading,
            follow=self._follow,
        )
        self._housework = Housework(
            self._configuring,
            start.store,
            start.environ,
            equipment=self._equipment,
            prices=self._prices,
            offline_since=lambda: None,
            is_stopping=self._over.is_set,
            clock=start.clock,
        )

    @property
    def trouble(self) -> str | None:
        """Why nothing is handed out, or `None`."""
        return self._handing_out.trouble

    async def run(self) -> None:
        """Hand out until the process is to stop, or another scheduler may be active."""
        start, queue, pace = self._start, self._start.queue, self._start.pace
        ending = asyncio.create_task(self._end_with(start.signals.stop, self._lost))
        requests = Requests(
            lambda: self._configuring.config,
            self._by_hand,
            self._configuring.reload,
            self._members.vitals.state,
            start.store,
            self._housework.lists,
        )
        control = ControlServer(self._configuring.config.store.path, requests.answer)
        try:
            await start.patience.wait_for(control.start)
            await self._housework.steer()
            await queue.members.add("applied", 1)
            await queue.rescue()
            await self._handing_out.recover()
            start.signals.on_reload(lambda: self._jobs.spawn(self._configuring.reload_quietly()))
            self._housework.schedule(self._jobs, pace)
            self._jobs.every(pace.heartbeat, self._account, name="requests of workers")
            self._jobs.spawn(self._housework.write_files(pace))
            self._jobs.start()
            self._handing_out.begin()
            queue.does(POLL_BY_HAND, self._by_hand.turn)
            log.info(event("active", name=start.name, pid=os.getpid()))
            await asyncio.gather(
                *(
                    Hands(
                        partial(queue.worker, name, slots=slots, grace_s=2),
                        start.session,
                        pace.retry,
                    ).work(self._over)
                    for name, slots in ((HOUSE, 2), (BY_HAND, BY_HAND_SLOTS))
                )
            )
        finally:
            self._over.set()
            ending.cancel()
            self._jobs.pause()
            await self._dispatcher.drain(pace.drain)
            with contextlib.suppress(AggregatorError):  # the price is found again in time
                await self._account()
                await self._equipment.in_thread(partial(self._prices.keep, start.store))
            self._jobs.stop()
            await control.close()
            await self._equipment.aclose()
            self._equipment.threads.shutdown()
            log.info(event("no longer active"))

    async def _end_with(self, stop: asyncio.Event, lost: asyncio.Event) -> None:
        await until(stop, lost)
        self._over.set()
        self._jobs.pause()
        self._members.is_working = False

    def _may_hand_out(self) -> bool:
        return not self._over.is_set() and not self._lost.is_set()

    async def _account(self) -> None:
        self._prices.add(await self._start.queue.members.take_priced())

    # --- another configuration ------------------------------------------------------------------

    async def _follow(self, old: Config, fresh: Config) -> None:
        self._dispatcher.site_pause = fresh.polling.site_pause
        retired = self._equipment.refit(old, fresh)
        self._dispatcher.tools = self._equipment.tools
        if retired is not None:
            self._jobs.spawn(self._retire(retired))
        await self._start.queue.members.add("applied", 1)
        await self._start.queue.tell()
        await self._housework.steer()
        self._jobs.hurry("operations feed")

    async def _retire(self, fetcher: Fetcher) -> None:
        """Close a client once the polls that began with it are over."""
        await self._dispatcher.running()
        await fetcher.aclose()
