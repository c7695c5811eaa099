"""What the polls of a process work with: threads of the store, worker processes, a client."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from aggregator.daemon.bytes_in_flight import BytesInFlight
from aggregator.daemon.once import make_fetcher, make_tools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon.poll import Tools
    from aggregator.daemon.poll_measures import PollMeasures
    from aggregator.daemon.workers import Workers
    from aggregator.fetch import Fetcher
    from aggregator.schedule.price import Pricing
    from aggregator.store import PollStore

T = TypeVar("T")


class Equipment:
    """Has the `Tools` of the moment; `pricing`, `clock`, `dice` and `measures` are theirs.

    `at_once` polls run at a time, by default as many as the configuration says.
    """

    def __init__(
        self,
        config: Config,
        store: PollStore,
        environ: Mapping[str, str],
        *,
        workers: Workers,
        pricing: Callable[[], Pricing],
        clock: Callable[[], datetime],
        dice: Callable[[], float],
        measures: PollMeasures,
        at_once: int | None = None,
    ) -> None:
        self.threads = ThreadPoolExecutor((at_once or config.polling.concurrency) + 4, "store")
        self.workers = workers
        self._config = config
        self._store = store
        self._environ = environ
        self._bodies = BytesInFlight()
        self._pricing, self._clock, self._dice = pricing, clock, dice
        self._measures = measures
        self.tools = self._tools(config, make_fetcher(config, environ, workers))

    def refit(self, old: Config, fresh: Config) -> Fetcher | None:
        """Make tools for another configuration; return the client that is to be closed, if any."""
        before, self._config = self.tools.fetcher, fresh
        is_kept = fresh.network == old.network
        fetcher = before if is_kept else make_fetcher(fresh, self._environ, self.workers)
        self.tools = self._tools(fresh, fetcher)
        return None if is_kept else before

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Tools]:
        """Lend tools with a client of their own: all its connections end here."""
        fetcher = make_fetcher(self._config, self._environ, self.workers)
        try:
            yield replace(self.tools, fetcher=fetcher)
        finally:
            await fetcher.aclose()

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Run a blocking function of the store in a thread of its own pool."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, function)

    async def aclose(self) -> None:
        """End worker processes and connections; `threads` are shut down by whoever ends last."""
        await asyncio.gather(
            self.workers.aclose(), self.tools.fetcher.aclose(), return_exceptions=True
        )

    def _tools(self, config: Config, fetcher: Fetcher) -> Tools:
        return make_tools(
            config,
            store=self._store,
            fetcher=fetcher,
            workers=self.workers,
            bodies=self._bodies,
            threads=self.threads,
            pricing=self._pricing,
            clock=self._clock,
            dice=self._dice,
            measures=self._measures,
        )
