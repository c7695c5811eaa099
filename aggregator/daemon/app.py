"""The daemon: wires the stages together and keeps them running until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from apscheduler.schedulers.asyncio import (  # type: ignore[import-untyped]  # ships no types
    AsyncIOScheduler,
)

from aggregator import __version__
from aggregator import config as configuration
from aggregator.config.automatic_feeds import newly_withheld
from aggregator.daemon.commands import Requests
from aggregator.daemon.control import ControlServer
from aggregator.daemon.log import event, local, set_level, set_up
from aggregator.daemon.once import (
    is_priced,
    make_bounds,
    make_fetcher,
    make_tools,
    steered,
    utc_now,
)
from aggregator.daemon.output_jobs import Outlets
from aggregator.daemon.pace import Pace
from aggregator.daemon.poll_log import Reports
from aggregator.daemon.poller import Dispatcher
from aggregator.daemon.systemd_notify import Notifier
from aggregator.daemon.workers import Workers
from aggregator.model.changes import ChangedNetwork
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.notes import NoteKind, NotReloaded, RestartNeeded
from aggregator.operations.messages import change_text, daemon_summary
from aggregator.publish.feeds_page import addresses
from aggregator.schedule import price
from aggregator.serve import Site, create_app, open_sockets, serve
from aggregator.store.lock import Hold
from aggregator.store.sqlite import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from aggregator.config import Config
    from aggregator.daemon.poll import Tools
    from aggregator.fetch import Fetcher
    from aggregator.model import PollResult
    from aggregator.model.changes import Change
    from aggregator.model.notes import Fact
    from aggregator.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

USUAL_PACE = Pace()

#: A poll's write waits this long for others to share its commit with.
LINGER = timedelta(milliseconds=100)

#: A tick of the scheduler that is older than this is no tick.
STALE_TICK = timedelta(seconds=15)

#: When this passes between two ticks the clock was set, or the machine slept: as after a restart.
SLEPT = timedelta(minutes=1)

#: The store must answer the heartbeat within this time, a busy disk included.
PING_TIMEOUT_S = 20.0


class Daemon:
    """Everything that runs between a configuration and a signal."""

    def __init__(
        self,
        config: Config,
        store: Store,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = utc_now,
        dice: Callable[[], float] = random.random,
        pace: Pace = USUAL_PACE,
    ) -> None:
        self._config = config
        self._store = store
        self._environ = environ
        self._clock = clock
        self._dice = dice
        self._pace = pace
        self._notifier = Notifier(environ)
        self._reports = Reports()
        self._stop = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._ticked_s = 0.0
        self._ticked_at: datetime | None = None
        self._health: str | None = None
        self._rejected: NotReloaded | None = None
        self._status = ""
        self._priced: frozenset[str] = frozenset()
        self._background: set[asyncio.Task[Any]] = set()
        self._threads = ThreadPoolExecutor(config.polling.concurrency + 4, "store")
        self._workers = Workers()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._pricing = price.recall(store.pricing())
        self._listening = (config.server.listen, config.store.path)
        self._dispatcher = Dispatcher(
            self._tools(make_fetcher(config, environ)),
            concurrency=config.polling.concurrency,
            report=self._polled,
            scheduled=True,
        )

    async def run(self) -> None:
        """Serve and poll until SIGTERM or SIGINT."""
        sockets = open_sockets(self._config.server.listen, self._environ)
        self._catch_signals()
        requests = Requests(lambda: self._config, self._dispatcher, self._reload, self._state)
        control = ControlServer(self._config.store.path, requests.answer)
        await control.start()
        site = Site(lambda: self._config, self._store, lambda: self._health)
        serving = asyncio.create_task(serve(create_app(site), sockets, self._stop))
        self._reports.expect(await self._in_thread(self._store.status), self._clock())
        await self._steer()
        await self._dispatcher.spread_overdue()
        self._schedule_jobs()
        beating = asyncio.create_task(self._beat())
        outlets = Outlets(
            lambda: self._config,
            self._store,
            self._threads,
            clock=self._clock,
            is_stopping=self._stop.is_set,
        )
        self._spawn(outlets.run(self._pace.outputs))
        self._announce()
        try:
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
            beating.cancel()
            self._threads.shutdown()

    # --- starting and stopping ------------------------------------------------------------------

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_now)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload_quietly()))

    def _stop_now(self) -> None:
        if self._stop.is_set():
            log.warning(event("stopped at once", because="second signal"))
            os._exit(1)
        log.info(event("stopping"))
        self._stop.set()

    def _schedule_jobs(self) -> None:
        # A late job still runs, once; a tick never piles up on a slow one.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler.configure(job_defaults=defaults)
        self._run_every(self._pace.tick, self._tick, next_run_time=utc_now())
        # The others are tasks of ours, which end quietly when the daemon does.
        for work, every in (
            (self._advance, self._pace.advance),
            (self._watch, self._pace.watch),
            (self._steer, self._pace.steer),
            (self._prune, self._pace.prune),
        ):
            self._run_every(every, self._in_background, args=(work,))
        self._spawn(self._prune())
        self._run_every(self._pace.summary, self._reports.summary)
        self._scheduler.start()

    def _run_every(self, every: timedelta, job: Callable[..., object], **more: Any) -> None:
        self._scheduler.add_job(job, "interval", seconds=every.total_seconds(), **more)

    def _announce(self) -> None:
        try:
            sys.stdout.write(f"aggregator {__version__} serves\n{addresses(self._config)}")
            sys.stdout.flush()
        except (OSError, AggregatorError) as error:  # nobody reads it: no reason not to serve
            log.warning(event("addresses not printed", because=error))
        sources = len(self._config.sources)
        log.info(event("started", version=__version__, sources=sources, pid=os.getpid()))
        self._status = self._status_line()
        self._notifier.send("READY=1", self._status)

    async def _wind_up(self, serving: asyncio.Task[None]) -> None:
        """Finish what can be finished in time; every committed poll stays committed."""
        self._scheduler.pause()
        cancelled = await self._dispatcher.drain(self._pace.drain)
        with contextlib.suppress(AggregatorError):  # the price is found again in time
            await self._in_thread(partial(self._store.set_pricing, price.to_text(self._pricing)))
        self._scheduler.shutdown(wait=False)
        for task in self._background:
            task.cancel()
        await asyncio.gather(
            self._workers.aclose(), self._dispatcher.tools.fetcher.aclose(), return_exceptions=True
        )
        await asyncio.wait({serving}, timeout=2)
        log.info(event("stopped", cancelled=cancelled or None))

    # --- jobs -----------------------------------------------------------------------------------

    async def _in_background(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._spawn(work())

    async def _tick(self) -> None:
        self._ticked_s = asyncio.get_running_loop().time()
        before, self._ticked_at = self._ticked_at, self._clock()
        if before is not None and self._ticked_at - before > SLEPT:
            await self._dispatcher.spread_overdue()
        await self._dispatcher.start_due()

    def _polled(self, result: PollResult) -> None:
        if result.source in self._priced:
            self._pricing = price.count_request(self._pricing)
        self._reports.add(result, self._clock())

    async def _steer(self) -> None:
        """Weigh the last hour's requests against the budget, and keep the new price."""
        bounds, now = make_bounds(self._config), self._clock()
        states = await self._in_thread(self._store.states)
        self._priced = frozenset(state.source.name for state in states if is_priced(state))
        self._pricing = steered(states, self._pricing, bounds, now=now)
        await self._in_thread(partial(self._store.set_pricing, price.to_text(self._pricing)))

    async def _advance(self) -> None:
        await self._in_thread(partial(self._store.advance, self._clock()))

    async def _watch(self) -> None:
        """Tell the operations feed what went wrong and what is well again."""
        if self._dispatcher.offline_since is not None:
            return  # it is our own network, and every source would be reported
        alert_after = self._config.publish.alert_after
        told = await self._in_thread(partial(self._store.watch, self._clock(), alert_after))
        for title in told:
            log.info(event("told in the operations feed", what=title))

    async def _prune(self) -> None:
        settings, now = self._config.store, self._clock()
        pruned = await self._in_thread(
            partial(
                self._store.prune, now, retention=settings.retention, keep_raw=settings.keep_raw
            )
        )
        if pruned:
            log.info(event("pruned", entries=pruned))

    async def _beat(self) -> None:
        """Look after the tick and the store, and tell systemd only of what really works."""
        loop = asyncio.get_running_loop()
        usual_s = self._pace.heartbeat.total_seconds()
        pause_s = min(usual_s, (self._notifier.watchdog_s or usual_s * 3) / 3)
        self._ticked_s = loop.time()
        while True:
            silent = timedelta(seconds=loop.time() - self._ticked_s)
            if silent > STALE_TICK / 3:
                # The scheduler waits for wall-clock times: after the clock was set back it would
                # sleep for as long as the step was.
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=utc_now())
            self._health = await self._ailment(silent)
            if self._health is None and self._notifier.watchdog_s is not None:
                self._notifier.send("WATCHDOG=1")
            if self._status != (status := self._status_line()):
                self._status = status
                self._notifier.send(status)
            await asyncio.sleep(pause_s)

    async def _ailment(self, silent: timedelta) -> str | None:
        if silent > STALE_TICK:
            return f"the scheduler has not run for {silent.seconds} s"
        if self._dispatcher.trouble is not None:
            return self._dispatcher.trouble
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await self._in_thread(self._store.ping)
        except TimeoutError:
            return "the database does not answer"
        except AggregatorError as error:
            return str(error)
        return None

    def _state(self) -> tuple[bool, str]:
        fine = self._health is None and self._dispatcher.offline_since is None
        return fine, self._health or self._summary()

    def _summary(self) -> str:
        offline_since = self._dispatcher.offline_since
        return daemon_summary(
            sources=sum(source.enabled for source in self._config.sources),
            failing=self._reports.failing,
            offline_since=None if offline_since is None else local(offline_since),
            ailment=self._health,
            rejected=self._rejected,
        )

    def _status_line(self) -> str:
        return f"STATUS={self._summary()}"

    # --- configuration --------------------------------------------------------------------------

    async def _reload_quietly(self) -> None:
        with contextlib.suppress(AggregatorError):  # logged and noted already
            await self._reload()

    async def _reload(self) -> tuple[Change, ...]:
        """Read the configuration again and apply it whole, or keep the old one and say why."""
        async with self._reloading:
            self._notifier.send("RELOADING=1", f"MONOTONIC_USEC={_monotonic_usec()}")
            try:
                fresh = await self._in_thread(partial(configuration.load, self._config.path))
                return await self._apply(fresh)
            except AggregatorError as error:
                lines = error.lines if isinstance(error, ConfigError) else (str(error),)
                for line in lines:
                    log.error(  # noqa: TRY400 -- a mistake in a file, not a bug: no traceback
                        event("configuration rejected", problem=line)
                    )
                self._rejected = NotReloaded(lines[0], len(lines) - 1)
                await self._note(NoteKind.NOT_RELOADED, self._rejected)
                raise
            finally:
                self._notifier.send("READY=1", self._status_line())

    async def _apply(self, fresh: Config) -> tuple[Change, ...]:
        old = self._config
        changes = await self._in_thread(
            partial(self._store.apply, fresh.sources, fresh.feeds, now=self._clock())
        )
        restart = self._needs_restart(fresh)
        if restart is not None:
            changes += (restart,)
        changes += newly_withheld(old, fresh)
        self._config = fresh
        self._rejected = None
        set_level(fresh.log.level)
        self._dispatcher.concurrency = fresh.polling.concurrency
        fetcher = self._dispatcher.tools.fetcher
        if fresh.network != old.network:
            self._spawn(self._retire(fetcher))
            fetcher = make_fetcher(fresh, self._environ)
            changes += (ChangedNetwork(),)
        self._dispatcher.tools = self._tools(fetcher)
        self._reports.expect(await self._in_thread(self._store.status), self._clock())
        await self._note(NoteKind.NOT_RELOADED, None)
        await self._note(NoteKind.RESTART_NEEDED, restart)
        await self._steer()
        self._spawn(self._watch())
        for change in changes:
            log.info(event("configuration", change=change_text(change)))
        for warning in fresh.warnings:
            log.warning(event("configuration", warning=warning))
        log.info(event("configuration applied", changes=len(changes)))
        return changes

    def _needs_restart(self, fresh: Config) -> RestartNeeded | None:
        listen, path = self._listening
        keys = tuple(
            name
            for name, changed in (
                ("server.listen", fresh.server.listen != listen),
                ("store.path", fresh.store.path != path),
            )
            if changed
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
            threads=self._threads,
            pricing=lambda: self._pricing,
            clock=self._clock,
            dice=self._dice,
        )

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def _spawn(self, coroutine: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def run(config: Config, pace: Pace = USUAL_PACE) -> int:
    """Run the daemon until it is told to stop; return its exit status.

    Raises `BusyError` when another process holds the database, `StoreError` when it cannot be
    used, and `AggregatorError` when the address to listen on cannot be had.
    """
    set_up(config.log.level, os.environ)
    hold = Hold(config.store.path)
    try:
        store = open_store(config.store.path, linger=LINGER)
        try:
            for change in store.apply(config.sources, config.feeds, now=utc_now()):
                log.info(event("configuration", change=change_text(change)))
            store.forget_note(NoteKind.NOT_RELOADED)
            store.forget_note(NoteKind.RESTART_NEEDED)
            for warning in config.warnings:
                log.warning(event("configuration", warning=warning))
            asyncio.run(_run(config, store, pace))
        finally:
            store.close()
    finally:
        hold.release()
    return 0


async def _run(config: Config, store: Store, pace: Pace) -> None:
    await Daemon(config, store, os.environ, pace=pace).run()


def _monotonic_usec() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
