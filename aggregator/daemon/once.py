"""Polling once, without a daemon: the same parts, for as long as one command takes."""

from __future__ import annotations

import asyncio
import os
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.daemon.beside_polls import work_after_polls
from aggregator.daemon.bytes_in_flight import BytesInFlight
from aggregator.daemon.further_secrets import all_secrets, further_secrets
from aggregator.daemon.log import conceal, set_up
from aggregator.daemon.poll import Tools
from aggregator.daemon.poll_measures import PollMeasures
from aggregator.daemon.poller import Dispatcher
from aggregator.daemon.secret_places import places_of
from aggregator.daemon.terms import make_bounds, utc_now
from aggregator.daemon.workers import Workers
from aggregator.daemon.zygote import Programs
from aggregator.fetch import Fetcher, user_agent
from aggregator.model.errors import AggregatorError
from aggregator.runtime.garbage import keep_what_there_is
from aggregator.runtime.late_modules import LateModule
from aggregator.schedule import history, price
from aggregator.schedule.gaps import is_in_vain
from aggregator.schedule.price import Priced, Pricing, steer
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.roles import Role
from aggregator.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
    from concurrent.futures import Executor
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon import joined, list_jobs
    from aggregator.daemon.list_polls import ListResult
    from aggregator.model import PollResult, PollState
    from aggregator.model.worker_protocols import WorkerPool
    from aggregator.schedule.price import PollingBounds
    from aggregator.store import PollStore, Store
else:  # most configurations have no list
    joined = LateModule("aggregator.daemon.joined")
    list_jobs = LateModule("aggregator.daemon.list_jobs")


def make_fetcher(
    config: Config, environ: Mapping[str, str], workers: WorkerPool | None = None
) -> Fetcher:
    """Return the client that the configuration asks for; `workers` as in `Fetcher`."""
    return Fetcher(
        allow_private=config.network.allow_private,
        proxy=config.network.proxy,
        user_agent=user_agent(config.network.contact),
        clock=utc_now,
        secrets=places_of(config, environ),
        workers=workers,
    )


def make_tools(
    config: Config,
    *,
    store: PollStore,
    fetcher: Fetcher,
    workers: Workers,
    bodies: BytesInFlight,
    threads: Executor,
    pricing: Callable[[], Pricing],
    clock: Callable[[], datetime] = utc_now,
    dice: Callable[[], float] = random.random,
    measures: PollMeasures | None = None,
) -> Tools:
    """Return what a poll works with under this configuration."""
    return Tools(
        store=store,
        store_path=config.store.path,
        fetcher=fetcher,
        workers=workers,
        bodies=bodies,
        threads=threads,
        bounds=make_bounds(config),
        allow_private=config.network.allow_private,
        sites=config.sites,
        pricing=pricing,
        clock=clock,
        dice=dice,
        measures=measures or PollMeasures(),
    )


def is_priced(state: PollState) -> bool:
    """Tell whether the budget is spent on this source: adaptive, enabled, and answering."""
    source = state.source
    return source.enabled and source.interval is None and state.failures == 0


def steered(
    states: Iterable[PollState], pricing: Pricing, bounds: PollingBounds, *, now: datetime
) -> Pricing:
    """Return the pricing for the next hour, weighed against the sources as they are now."""
    return steer(pricing, map(_priced, filter(is_priced, states)), now=now, bounds=bounds)


def weighed(
    store: PollStore, pricing: Pricing, bounds: PollingBounds, *, now: datetime
) -> tuple[Pricing, frozenset[str]]:
    """Return what `steered` does of all sources, with the names of those under price control."""
    names: set[str] = set()

    def noted(state: PollState) -> PollState:
        if is_priced(state):
            names.add(state.source.name)
        return state

    return steered(map(noted, store.all_states()), pricing, bounds, now=now), frozenset(names)


def _priced(state: PollState) -> Priced:
    known = history.recall(state.history, state)
    return Priced(state.source.weight, known.rhythm, is_in_vain(known.window))


def choose(
    store: PollStore, names: tuple[str, ...], *, force: bool, now: datetime
) -> list[PollState]:
    """Return the sources to poll now: the named ones, or all (`force`), or those that are due.

    Raises `AggregatorError` for a name that is not configured.
    """
    if not names:
        states = store.states()
        return [
            one for one in states if force or one.next_poll_at is None or one.next_poll_at <= now
        ]
    states = store.states(names)
    known = {state.source.name for state in states}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise AggregatorError(
            f"no source is named {', '.join(unknown)}; one that was just added or renamed is "
            "known after `aggregator reload`"
        )
    disabled = [state.source.name for state in states if not state.source.enabled]
    if disabled:
        raise AggregatorError(f"disabled in the configuration: {', '.join(disabled)}")
    return states


def poll_once(
    config: Config,
    names: tuple[str, ...],
    *,
    force: bool,
    report: Callable[[PollResult], None],
    report_list: Callable[[ListResult], None],
    expect: Callable[[int], None],
) -> bool:
    """Poll what `choose` says and return whether none failed; creates the database if need be.

    Lists of sources are polled before that: those that are named, or else those that are due.
    `expect` is called once with the number of polls, `report` for each source as it ends,
    `report_list` for each list. Raises `BusyError` when another process holds the database.
    """
    keep_what_there_is()
    set_up("error", os.environ)
    conceal(all_secrets(config, os.environ))
    hold = Hold(config.store.path, is_daemon=False)
    try:
        store = open_store(config.store, Role.COMMAND)
        try:
            if config.lists:
                config = joined.with_lists(config, store.lists())
                conceal(all_secrets(config, os.environ))
            _apply(config, store)
            lists = {one.name for one in config.lists}.intersection(names)
            sources = tuple(name for name in names if name not in lists)
            read = []
            if config.lists and (lists or not names):
                read = asyncio.run(_poll_lists(config, store, lists or None))
                config = joined.with_lists(config, store.lists())
                _apply(config, store)
            states = []
            if sources or not names:
                states = choose(store, sources, force=force, now=utc_now())
            expect(len(states) + len(read))
            for one in read:
                report_list(one)
            is_well = asyncio.run(_poll(config, store, states, report))
            is_well = is_well and all(one.health.problem is None for one in read)
            work_after_polls(config, store, utc_now)
            return is_well
        finally:
            store.close()
    finally:
        hold.release()


def _apply(config: Config, store: Store) -> None:
    store.apply(
        config.sources,
        config.feeds,
        now=utc_now(),
        quota=config.store.quota,
        further_secrets=further_secrets(config, os.environ),
    )


async def _poll_lists(
    config: Config, store: Store, names: Collection[str] | None
) -> list[ListResult]:
    async def nothing_runs() -> None:
        """What lists list is applied once they were all asked."""

    async with _working(config, store, Workers(starting=Programs())) as tools:
        return await list_jobs.ListJobs(lambda: config, lambda: tools, store, nothing_runs).poll(
            names
        )


async def _poll(
    config: Config, store: PollStore, states: list[PollState], report: Callable[[PollResult], None]
) -> bool:
    # For one document a zygote would cost more than it saves.
    workers = Workers(starting=Programs() if len(states) == 1 else None)
    async with _working(config, store, workers) as tools:
        dispatcher = Dispatcher(
            tools,
            concurrency=config.polling.concurrency,
            site_pause=config.polling.site_pause,
            report=lambda _: None,
            scheduled=False,
        )
        try:
            return await dispatcher.poll_all(states, report)
        finally:
            await dispatcher.drain(timedelta(0))


@asynccontextmanager
async def _working(config: Config, store: PollStore, workers: Workers) -> AsyncIterator[Tools]:
    """Lend what polls work with, and close it."""
    fetcher = make_fetcher(config, os.environ, workers)
    pricing = steered(
        store.all_states(), price.recall(store.pricing()), make_bounds(config), now=utc_now()
    )
    with ThreadPoolExecutor(config.polling.concurrency + 1, "store") as threads:
        try:
            yield make_tools(
                config,
                store=store,
                fetcher=fetcher,
                workers=workers,
                bodies=BytesInFlight(),
                threads=threads,
                pricing=lambda: pricing,
            )
        finally:
            await workers.aclose()
            await fetcher.aclose()
