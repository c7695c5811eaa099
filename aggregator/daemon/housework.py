"""What is done for a database beside polls and serving, by one process at a time."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.beside_polls import work_beside_polls
from aggregator.daemon.list_jobs import ListJobs
from aggregator.daemon.log import event
from aggregator.daemon.notifying import Deliveries
from aggregator.daemon.output_jobs import Outlets
from aggregator.daemon.terms import make_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aggregator.daemon.configuring import Configuring
    from aggregator.daemon.equipment import Equipment
    from aggregator.daemon.jobs import Jobs
    from aggregator.daemon.pace import Pace
    from aggregator.daemon.prices import Prices
    from aggregator.model.measures import Measure
    from aggregator.store import Store

log = logging.getLogger(__name__)


class Housework:
    """Lists, windows, stories and search, retention, the budget, notices, files.

    `offline_since` returns since when our own network is down, if it is.
    """

    def __init__(
        self,
        configuring: Configuring,
        store: Store,
        environ: Mapping[str, str],
        *,
        equipment: Equipment,
        prices: Prices,
        offline_since: Callable[[], datetime | None],
        is_stopping: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._configuring = configuring
        self._store = store
        self._prices = prices
        self._offline_since = offline_since
        self._clock = clock
        self._in_thread = equipment.in_thread
        self.lists = ListJobs(
            lambda: configuring.config,
            lambda: equipment.tools,
            store,
            configuring.take_over_lists,
        )
        self._deliveries = Deliveries(
            lambda: configuring.config,
            store,
            equipment.threads,
            fetcher=lambda: equipment.tools.fetcher,
            environ=environ,
            clock=clock,
        )
        self._outlets = Outlets(
            lambda: configuring.config,
            store,
            equipment.threads,
            clock=clock,
            is_stopping=is_stopping,
        )

    def schedule(self, jobs: Jobs, pace: Pace) -> None:
        """Let all of it be done, each at its pace, once the jobs start."""
        jobs.every(pace.lists, self._poll_lists, name="lists", at_once=True)
        jobs.every(pace.advance, self._advance, name="windows")
        jobs.every(pace.beside_polls, self._work_beside_polls, name="stories and search")
        jobs.every(pace.watch, self._watch, name="operations feed")
        jobs.every(pace.notify, self._deliveries.look, name="notices")
        jobs.every(pace.steer, self.steer, name="budget")
        jobs.every(pace.saved, self._configuring.reload_saved, name="saved edits")
        jobs.every(pace.prune, self._prune, name="retention", at_once=True)

    async def write_files(self, pace: Pace) -> None:
        """Keep static files and posts as feeds are, for ever."""
        await self._outlets.run(pace.outputs)

    def measures(self) -> tuple[Measure, ...]:
        """Return what was counted since the start of the process."""
        return self._deliveries.measures()

    async def steer(self) -> None:
        """Weigh the last hour's requests against the budget, and keep the new price."""
        bounds = make_bounds(self._configuring.config)
        steer = partial(self._prices.steer, self._store, bounds, self._clock())
        (await self._in_thread(steer))()

    async def _advance(self) -> None:
        await self._in_thread(partial(self._store.advance, self._clock()))

    async def _poll_lists(self) -> None:
        if self._offline_since() is None:
            await self.lists.poll_due()

    async def _work_beside_polls(self) -> None:
        config = self._configuring.config
        await self._in_thread(partial(work_beside_polls, config, self._store, self._clock()))

    async def _watch(self) -> None:
        """Tell the operations feed what went wrong and what is well again."""
        if self._offline_since() is not None:
            return  # it is our own network, and every source would be reported
        config = self._configuring.config
        watch = partial(self._store.watch, self._clock(), config.publish.alert_after)
        lists = {one.name for one in config.lists}
        told = await self._in_thread(partial(watch, config.notify, lists))
        for title in told:
            log.info(event("told in the operations feed", what=title))

    async def _prune(self) -> None:
        settings, now = self._configuring.config.store, self._clock()
        prune = partial(self._store.prune, retention=settings.retention, keep_raw=settings.keep_raw)
        pruned = await self._in_thread(partial(prune, now, forget_after=settings.forget_after))
        if pruned:
            log.info(event("pruned", entries=pruned))
