"""The daemon: wires the stages together and keeps them running until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aggregator import __version__
from aggregator.config.automatic_feeds import newly_withheld
from aggregator.daemon import configuration_log
from aggregator.daemon.beside_polls import work_beside_polls
from aggregator.daemon.bytes_in_flight import BytesInFlight
from aggregator.daemon.changed_settings import changed_settings, fixed_settings
from aggregator.daemon.commands import Requests
from aggregator.daemon.control import ControlServer
from aggregator.daemon.figures import daemon_figures, store_figures
from aggregator.daemon.further_secrets import further_secrets
from aggregator.daemon.jobs import Jobs
from aggregator.daemon.joined import changed_by_lists, load_with
from aggregator.daemon.list_jobs import ListJobs
from aggregator.daemon.log import conceal, event, local, set_level
from aggregator.daemon.notifying import Deliveries
from aggregator.daemon.once import make_fetcher, make_tools, weighed
from aggregator.daemon.operator_actions import OperatorActions
from aggregator.daemon.output_jobs import Outlets
from aggregator.daemon.poll_log import Reports
from aggregator.daemon.poll_measures import PollMeasures
from aggregator.daemon.poller import Dispatcher
from aggregator.daemon.saved_edits import SavedEdits
from aggregator.daemon.terms import make_bounds, utc_now
from aggregator.daemon.vitals import Vitals
from aggregator.language.spoken import retold
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.notes import NoteKind, NotReloaded, RestartNeeded
from aggregator.operations.messages import daemon_summary
from aggregator.publish.feeds_page import addresses
from aggregator.rules.held_secrets import secrets_of
from aggregator.schedule import price
from aggregator.serve import (
    ConnectionBounds,
    Site,
    allow_open_files,
    create_app,
    open_operator_sockets,
    open_sockets,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aggregator.config import Config
    from aggregator.daemon.pace import Pace
    from aggregator.daemon.patience import Patience
    from aggregator.daemon.poll import Tools
    from aggregator.daemon.process_signals import Signals
    from aggregator.daemon.systemd_notify import Notifier
    from aggregator.daemon.workers import Workers
    from aggregator.fetch import Fetcher
    from aggregator.model import PollResult
    from aggregator.model.changes import Change
    from aggregator.model.measures import Measure
    from aggregator.model.notes import Fact
    from aggregator.schedule.price import Pricing
    from aggregator.store import Store
    from aggregator.store.lock import Hold

log = logging.getLogger(__name__)

T = TypeVar("T")

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
        self._config = config
        self._enabled = _enabled(config)
        self._store = store
        self._environ = environ
        self._clock = clock
        self._dice = dice
        self._pace = pace
        self._notifier = notifier
        self._patience = patience
        self._reports = Reports()
        self._measures = PollMeasures()
        self._signals = signals
        self._stop = signals.stop
        self._reloading = asyncio.Lock()
        self._ticked_at: datetime | None = None
        self._rejected: NotReloaded | None = None
        self._priced: frozenset[str] = frozenset()
        self._threads = ThreadPoolExecutor(config.polling.concurrency + 4, "store")
        self._workers = workers
        self._bodies = BytesInFlight()
        self._jobs = Jobs()
        self._lists = ListJobs(
            lambda: self._config, lambda: self._dispatcher.tools, store, self._take_over_lists
        )
        self._saved = SavedEdits(config.path)
        self._pricing = pricing
        self._fixed = fixed_settings(config)
        self._dispatcher = Dispatcher(
            self._tools(make_fetcher(config, environ, self._workers)),
            concurrency=config.polling.concurrency,
            site_pause=config.polling.site_pause,
            report=self._polled,
            scheduled=True,
            store_pause=pace.store,
        )
        self._deliveries = Deliveries(
            lambda: self._config,
            store,
            self._threads,
            fetcher=lambda: self._dispatcher.tools.fetcher,
            environ=environ,
            clock=clock,
        )
        self._vitals = Vitals(
            store,
            jobs=self._jobs,
            dispatcher=self._dispatcher,
            notifier=notifier,
            patience=patience,
            hold=hold,
            pace=pace,
            is_stopping=self._stop.is_set,
            threads=self._threads,
            summary=self._summary,
        )

    async def run(self) -> None:
        """Serve and poll until `Signals.stop` is set."""
        server = self._config.server
        sockets = open_sockets(server.listen, self._environ)
        own = open_operator_sockets(server.operator_listen)
        state = self._vitals.state
        asked = (lambda: self._config, self._dispatcher, self._reload, state, self._store)
        requests = Requests(*asked, self._lists)
        control = ControlServer(self._config.store.path, requests.answer)
        await self._patience.wait_for(control.start)
        acting = OperatorActions(requests, self._jobs.spawn, self._environ, self._workers)
        site = Site(
            lambda: self._config,
            self._store,
            lambda: self._vitals.health,
            unready=self._vitals.unready,
            counted=self._counted,
            asked=lambda: store_figures(self._store, self._config.store.path, self._clock()),
            operating=acting,
        )
        serving = asyncio.create_task(
            serve(
                create_app(site),
                sockets,
                self._stop,
                ConnectionBounds().within(allow_open_files()),
                operator=own,
                proxies=lambda: self._config.server.trusted_proxies,
            )
        )
        looking = [asyncio.create_task(self._vitals.examine())]
        try:
            await self._patience.wait_for(self._prepare)
            self._schedule_jobs()
            looking.append(asyncio.create_task(self._vitals.beat()))
            outlets = Outlets(
                lambda: self._config,
                self._store,
                self._threads,
                clock=self._clock,
                is_stopping=self._stop.is_set,
            )
            self._jobs.spawn(outlets.run(self._pace.outputs))
            self._announce()
            self._jobs.spawn(self._vitals.look_through())
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
            if not self._stop.is_set():
                await serving  # raises what ended it; systemd starts us again
                raise AggregatorError("the HTTP server ended by itself")
        finally:
            self._stop.set()
            self._notifier.send("STOPPING=1", "STATUS=stopping")
            await self._wind_up(serving)
            await control.close()
            for task in looking:
                task.cancel()
            self._threads.shutdown()

    # --- starting and stopping ------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Do the first work of the database, so that polling can begin."""
        self._reports.expect(await self._in_thread(self._store.failing), self._clock())
        await self._steer()
        await self._dispatcher.spread_overdue()

    def _schedule_jobs(self) -> None:
        jobs, pace = self._jobs, self._pace
        jobs.every(pace.tick, self._tick, name="tick", at_once=True)
        jobs.every(pace.lists, self._poll_lists, name="lists", at_once=True)
        jobs.every(pace.advance, self._advance, name="windows")
        jobs.every(pace.beside_polls, self._work_beside_polls, name="stories and search")
        jobs.every(pace.watch, self._watch, name="operations feed")
        jobs.every(pace.notify, self._deliveries.look, name="notices")
        jobs.every(pace.steer, self._steer, name="budget")
        jobs.every(pace.saved, self._reload_saved, name="saved edits")
        jobs.every(pace.prune, self._prune, name="retention", at_once=True)
        jobs.every(pace.summary, self._sum_up, name="summary")
        jobs.start()

    def _announce(self) -> None:
        try:
            sys.stdout.write(retold(f"aggregator {__version__} serves\n{addresses(self._config)}"))
            sys.stdout.flush()
        except (OSError, AggregatorError) as error:  # nobody reads it: no reason not to serve
            log.warning(event("addresses not printed", because=error))
        sources = len(self._config.sources)
        log.info(event("started", version=__version__, sources=sources, pid=os.getpid()))
        self._vitals.ready()
        self._signals.on_reload(lambda: self._jobs.spawn(self._reload_quietly()))

    async def _wind_up(self, serving: asyncio.Task[None]) -> None:
        """Finish what can be finished in time; every committed poll stays committed."""
        self._jobs.pause()
        cancelled = await self._dispatcher.drain(self._pace.drain)
        with contextlib.suppress(AggregatorError):  # the price is found again in time
            await self._in_thread(partial(self._store.set_pricing, price.to_text(self._pricing)))
        self._jobs.stop()
        await asyncio.gather(
            self._workers.aclose(), self._dispatcher.tools.fetcher.aclose(), return_exceptions=True
        )
        await asyncio.wait({serving}, timeout=2)
        log.info(event("stopped", cancelled=cancelled or None))

    # --- jobs -----------------------------------------------------------------------------------

    async def _tick(self) -> None:
        before, self._ticked_at = self._ticked_at, self._clock()
        if before is not None and self._ticked_at - before > SLEPT:
            await self._dispatcher.spread_overdue()
        await self._dispatcher.start_due()

    async def _sum_up(self) -> None:
        self._reports.summary()

    def _polled(self, result: PollResult) -> None:
        if result.source in self._priced:
            self._pricing = price.count_request(self._pricing)
        self._reports.add(result, self._clock())
        self._measures.polled(result)

    def _counted(self) -> tuple[Measure, ...]:
        counted = self._measures.measures() + self._deliveries.measures()
        return counted + daemon_figures(
            sources=len(self._config.sources),
            enabled=self._enabled,
            failing=self._reports.failing,
            is_well=self._vitals.health is None,
            is_ready=self._vitals.unready() is None,
            is_offline=self._dispatcher.offline_since is not None,
        )

    async def _steer(self) -> None:
        """Weigh the last hour's requests against the budget, and keep the new price."""
        bounds, before = make_bounds(self._config), self._pricing
        weigh = partial(weighed, self._store, before, bounds, now=self._clock())
        found, self._priced = await self._in_thread(weigh)
        await self._in_thread(partial(self._store.set_pricing, price.to_text(found)))
        # What was asked meanwhile counts for the next hour.
        meanwhile = self._pricing.requests - before.requests
        self._pricing = replace(found, requests=found.requests + meanwhile)

    async def _advance(self) -> None:
        await self._in_thread(partial(self._store.advance, self._clock()))

    async def _poll_lists(self) -> None:
        if self._dispatcher.offline_since is None:
            await self._lists.poll_due()

    async def _work_beside_polls(self) -> None:
        await self._in_thread(partial(work_beside_polls, self._config, self._store, self._clock()))

    async def _watch(self) -> None:
        """Tell the operations feed what went wrong and what is well again."""
        if self._dispatcher.offline_since is not None:
            return  # it is our own network, and every source would be reported
        config = self._config
        watch = partial(self._store.watch, self._clock(), config.publish.alert_after)
        told = await self._in_thread(partial(watch, config.notify))
        for title in told:
            log.info(event("told in the operations feed", what=title))

    async def _prune(self) -> None:
        settings, now = self._config.store, self._clock()
        prune = partial(self._store.prune, retention=settings.retention, keep_raw=settings.keep_raw)
        pruned = await self._in_thread(partial(prune, now, forget_after=settings.forget_after))
        if pruned:
            log.info(event("pruned", entries=pruned))

    def _summary(self, ailment: str | None) -> str:
        offline_since = self._dispatcher.offline_since
        return daemon_summary(
            sources=self._enabled,
            failing=self._reports.failing,
            offline_since=None if offline_since is None else local(offline_since),
            ailment=ailment,
            rejected=self._rejected,
        )

    # --- configuration --------------------------------------------------------------------------

    async def _reload_quietly(self) -> None:
        with contextlib.suppress(AggregatorError):  # logged and noted already
            await self._reload()

    async def _reload_saved(self) -> None:
        if self._config.server.reload_on_save and await self._in_thread(self._saved.look):
            await self._reload_quietly()

    async def _reload(self) -> tuple[Change, ...]:
        """Read the configuration again and apply it whole, or keep the old one and say why."""
        async with self._reloading:
            if self._vitals.is_ready:
                self._notifier.reloading()
            try:
                await self._in_thread(self._saved.handle)
                load = partial(load_with, self._store, self._config.path)
                changes = await self._apply(await self._in_thread(load))
                self._rejected = None
                await self._note(NoteKind.NOT_RELOADED, None)
            except AggregatorError as error:
                lines = error.lines if isinstance(error, ConfigError) else (str(error),)
                for line in lines:
                    log.error(  # noqa: TRY400 -- a mistake in a file, not a bug: no traceback
                        event("configuration rejected", problem=line)
                    )
                self._rejected = NotReloaded(lines[0], len(lines) - 1)
                await self._note(NoteKind.NOT_RELOADED, self._rejected)
                raise
            else:
                return changes
            finally:
                if self._vitals.is_ready:
                    self._notifier.send("READY=1", self._vitals.status_line)

    async def _take_over_lists(self) -> None:
        """Apply what lists list now to the configuration that holds, whatever its file says."""
        async with self._reloading:
            old, stored = self._config, await self._in_thread(self._store.lists)
            fresh = await self._in_thread(partial(changed_by_lists, old, stored))
            if fresh is not None:
                await self._apply(fresh)

    async def _apply(self, fresh: Config) -> tuple[Change, ...]:
        old = self._config
        further = await self._in_thread(partial(further_secrets, fresh, self._environ))
        # The old ones, too, until what was asked with them has ended.
        both = (*fresh.sources, *old.sources)
        conceal(await self._in_thread(partial(secrets_of, both, further)))
        apply = partial(
            self._store.apply,
            quota=fresh.store.quota,
            now=self._clock(),
            further_secrets=further,
        )
        changes = await self._in_thread(partial(apply, fresh.sources, fresh.feeds))
        restart = self._needs_restart(fresh)
        if restart is not None:
            changes += (restart,)
        changes += changed_settings(old, fresh, fixed=self._fixed)
        changes += await self._in_thread(partial(newly_withheld, old, fresh))
        self._config, self._enabled = fresh, _enabled(fresh)
        set_level(fresh.log.level)
        self._dispatcher.concurrency = fresh.polling.concurrency
        self._dispatcher.site_pause = fresh.polling.site_pause
        fetcher = self._dispatcher.tools.fetcher
        if fresh.network != old.network:
            self._jobs.spawn(self._retire(fetcher))
            fetcher = make_fetcher(fresh, self._environ, self._workers)
        self._dispatcher.tools = self._tools(fetcher)
        self._reports.expect(await self._in_thread(self._store.failing), self._clock())
        await self._note(NoteKind.RESTART_NEEDED, restart)
        await self._steer()
        self._jobs.hurry("operations feed")
        await self._in_thread(partial(configuration_log.tell, changes, fresh.warnings))
        log.info(event("configuration applied", changes=len(changes)))
        return changes

    def _needs_restart(self, fresh: Config) -> RestartNeeded | None:
        keys = tuple(
            key for key, value in fixed_settings(fresh).items() if value != self._fixed[key]
        )
        return RestartNeeded(keys) if keys else None

    async def _note(self, kind: NoteKind, fact: Fact | None) -> None:
        with contextlib.suppress(AggregatorError):
            if fact is None:
                await self._in_thread(partial(self._store.forget_note, kind))
            else:
                await self._in_thread(partial(self._store.note, fact, now=self._clock()))

    async def _retire(self, fetcher: Fetcher) -> None:
        """Close a client once the polls that began with it are over."""
        await self._dispatcher.running()
        await fetcher.aclose()

    # --- parts ----------------------------------------------------------------------------------

    def _tools(self, fetcher: Fetcher) -> Tools:
        return make_tools(
            self._config,
            store=self._store,
            fetcher=fetcher,
            workers=self._workers,
            bodies=self._bodies,
            threads=self._threads,
            pricing=lambda: self._pricing,
            clock=self._clock,
            dice=self._dice,
            measures=self._measures,
        )

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def _enabled(config: Config) -> int:
    """Return how many sources are polled."""
    return sum(source.enabled for source in config.sources)
