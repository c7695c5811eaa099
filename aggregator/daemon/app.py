"""The daemon: wires the stages together and keeps them running until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.daemon.commands import Requests
from aggregator.daemon.configuring import Configuring
from aggregator.daemon.control import ControlServer
from aggregator.daemon.equipment import Equipment
from aggregator.daemon.figures import daemon_figures
from aggregator.daemon.housework import Housework
from aggregator.daemon.jobs import Jobs
from aggregator.daemon.log import event, local
from aggregator.daemon.operator_actions import OperatorActions
from aggregator.daemon.poll_log import Reports
from aggregator.daemon.poll_measures import PollMeasures
from aggregator.daemon.poller import Dispatcher
from aggregator.daemon.prices import Prices
from aggregator.daemon.serving import Serving
from aggregator.daemon.terms import utc_now
from aggregator.daemon.vitals import Vitals
from aggregator.language.spoken import retold
from aggregator.model.errors import AggregatorError
from aggregator.operations.messages import daemon_summary
from aggregator.publish.feeds_page import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon.pace import Pace
    from aggregator.daemon.patience import Patience
    from aggregator.daemon.process_signals import Signals
    from aggregator.daemon.systemd_notify import Notifier
    from aggregator.daemon.workers import Workers
    from aggregator.fetch import Fetcher
    from aggregator.model import PollResult
    from aggregator.model.measures import Measure
    from aggregator.schedule.price import Pricing
    from aggregator.store import Store
    from aggregator.store.engines.lock import Hold

log = logging.getLogger(__name__)

#: When this passes between two ticks the clock was set, or the machine slept: as after a restart.
SLEPT = timedelta(minutes=1)


class Daemon:
    """Everything that runs between a configuration and a signal."""

    def __init__(
        self,
        config: Config,
        store: Store,
        environ: Mapping[str, str],
        *,
        pricing: Pricing,
        signals: Signals,
        notifier: Notifier,
        patience: Patience,
        hold: Hold,
        clock: Callable[[], datetime] = utc_now,
        dice: Callable[[], float] = random.random,
        pace: Pace,
        workers: Workers,
    ) -> None:
        self._enabled = _enabled(config)
        self._store = store
        self._environ = environ
        self._clock = clock
        self._pace = pace
        self._notifier = notifier
        self._patience = patience
        self._reports = Reports()
        self._measures = PollMeasures()
        self._signals = signals
        self._stop = signals.stop
        self._ticked_at: datetime | None = None
        self._workers = workers
        self._jobs = Jobs()
        self._prices = Prices(pricing)
        self._equipment = Equipment(
            config,
            store,
            environ,
            workers=workers,
            pricing=lambda: self._prices.pricing,
            clock=clock,
            dice=dice,
            measures=self._measures,
        )
        self._dispatcher = Dispatcher(
            self._equipment.tools,
            concurrency=config.polling.concurrency,
            site_pause=config.polling.site_pause,
            report=self._polled,
            scheduled=True,
            store_pause=pace.store,
        )
        self._vitals = Vitals(
            store,
            jobs=self._jobs,
            polls=self._dispatcher,
            notifier=notifier,
            patience=patience,
            hold=hold,
            pace=pace,
            is_stopping=self._stop.is_set,
            threads=self._equipment.threads,
            summary=self._summary,
        )
        self._configuring = Configuring(
            config,
            store,
            environ,
            equipment=self._equipment,
            clock=clock,
            telling=self._reloading,
            follow=self._follow,
        )
        self._housework = Housework(
            self._configuring,
            store,
            environ,
            equipment=self._equipment,
            prices=self._prices,
            offline_since=lambda: self._dispatcher.offline_since,
            is_stopping=self._stop.is_set,
            clock=clock,
        )

    async def run(self) -> None:
        """Serve and poll until `Signals.stop` is set."""
        serving = Serving(lambda: self._configuring.config, self._environ, self._stop)
        requests = Requests(
            lambda: self._configuring.config,
            self._dispatcher,
            self._configuring.reload,
            self._vitals.state,
            self._store,
            self._housework.lists,
        )
        control = ControlServer(self._configuring.config.store.path, requests.answer)
        await self._patience.wait_for(control.start)
        serving.begin(
            self._store,
            self._vitals,
            operating=OperatorActions(requests, self._jobs.spawn, self._environ, self._workers),
            counted=self._counted,
            clock=self._clock,
        )
        looking = [asyncio.create_task(self._vitals.examine())]
        try:
            await self._patience.wait_for(self._prepare)
            self._schedule_jobs()
            looking.append(asyncio.create_task(self._vitals.beat()))
            self._jobs.spawn(self._housework.write_files(self._pace))
            self._announce()
            self._jobs.spawn(self._vitals.look_through())
            await serving.last()
        finally:
            self._stop.set()
            self._notifier.send("STOPPING=1", "STATUS=stopping")
            await self._wind_up(serving)
            await control.close()
            for task in looking:
                task.cancel()
            self._equipment.threads.shutdown()

    # --- starting and stopping ------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Do the first work of the database, so that polling can begin."""
        failing = await self._equipment.in_thread(self._store.failing)
        self._reports.expect(failing, self._clock())
        await self._housework.steer()
        await self._dispatcher.spread_overdue()

    def _schedule_jobs(self) -> None:
        jobs, pace = self._jobs, self._pace
        jobs.every(pace.tick, self._tick, name="tick", at_once=True)
        self._housework.schedule(jobs, pace)
        jobs.every(pace.summary, self._sum_up, name="summary")
        jobs.start()

    def _announce(self) -> None:
        config = self._configuring.config
        try:
            sys.stdout.write(retold(f"aggregator {__version__} serves\n{addresses(config)}"))
            sys.stdout.flush()
        except (OSError, AggregatorError) as error:  # nobody reads it: no reason not to serve
            log.warning(event("addresses not printed", because=error))
        sources = len(config.sources)
        log.info(event("started", version=__version__, sources=sources, pid=os.getpid()))
        self._vitals.ready()
        self._signals.on_reload(lambda: self._jobs.spawn(self._configuring.reload_quietly()))

    async def _wind_up(self, serving: Serving) -> None:
        """Finish what can be finished in time; every committed poll stays committed."""
        self._jobs.pause()
        cancelled = await self._dispatcher.drain(self._pace.drain)
        with contextlib.suppress(AggregatorError):  # the price is found again in time
            await self._equipment.in_thread(partial(self._prices.keep, self._store))
        self._jobs.stop()
        await self._equipment.aclose()
        await serving.end()
        log.info(event("stopped", cancelled=cancelled or None))

    # --- polls ----------------------------------------------------------------------------------

    async def _tick(self) -> None:
        before, self._ticked_at = self._ticked_at, self._clock()
        if before is not None and self._ticked_at - before > SLEPT:
            await self._dispatcher.spread_overdue()
        await self._dispatcher.start_due()

    async def _sum_up(self) -> None:
        self._reports.summary()

    def _polled(self, result: PollResult) -> None:
        self._prices.count(result.source)
        self._reports.add(result, self._clock())
        self._measures.polled(result)

    def _counted(self) -> tuple[Measure, ...]:
        counted = self._measures.measures() + self._housework.measures()
        return counted + daemon_figures(
            sources=len(self._configuring.config.sources),
            enabled=self._enabled,
            failing=self._reports.failing,
            is_well=self._vitals.health is None,
            is_ready=self._vitals.unready() is None,
            is_offline=self._dispatcher.offline_since is not None,
        )

    def _summary(self, ailment: str | None) -> str:
        offline_since = self._dispatcher.offline_since
        return daemon_summary(
            sources=self._enabled,
            failing=self._reports.failing,
            offline_since=None if offline_since is None else local(offline_since),
            ailment=ailment,
            rejected=self._configuring.rejected,
        )

    # --- another configuration ------------------------------------------------------------------

    @contextlib.contextmanager
    def _reloading(self) -> Iterator[None]:
        """Tell systemd of a reload, and the operations feed how it ended."""
        try:
            with self._vitals.reloading():
                yield
        finally:
            self._jobs.hurry("operations feed")

    async def _follow(self, old: Config, fresh: Config) -> None:
        self._enabled = _enabled(fresh)
        self._dispatcher.concurrency = fresh.polling.concurrency
        self._dispatcher.site_pause = fresh.polling.site_pause
        retired = self._equipment.refit(old, fresh)
        self._dispatcher.tools = self._equipment.tools
        if retired is not None:
            self._jobs.spawn(self._retire(retired))
        failing = await self._equipment.in_thread(self._store.failing)
        self._reports.expect(failing, self._clock())
        await self._housework.steer()

    async def _retire(self, fetcher: Fetcher) -> None:
        """Close a client once the polls that began with it are over."""
        await self._dispatcher.running()
        await fetcher.aclose()


def _enabled(config: Config) -> int:
    """Return how many sources are polled."""
    return sum(source.enabled for source in config.sources)
