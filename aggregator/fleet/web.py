"""`aggregator web`: pages, feeds and the API of a fleet, from the store alone."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.config import usual_base_url
from aggregator.daemon.figures import daemon_figures
from aggregator.daemon.log import event
from aggregator.daemon.serving import Serving
from aggregator.fleet.figures import fleet_figures
from aggregator.fleet.followed_configuration import FollowedConfiguration
from aggregator.fleet.membership import Membership
from aggregator.operations.fleet_messages import NOTHING_APPLIED, own_address_text

if TYPE_CHECKING:
    from aggregator.fleet.start import Start
    from aggregator.model.measures import Measure

log = logging.getLogger(__name__)

#: Threads for what is asked of the store beside answers.
THREADS = 4


class WebRole:
    """Serves what the others store; keeps nothing but caches."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._failing = 0
        self._fleet: tuple[Measure, ...] = ()
        self._threads = ThreadPoolExecutor(THREADS, "store")
        self._looking = ThreadPoolExecutor(1, "look")
        self._configuration = FollowedConfiguration(start.config, start.store, start.environ)
        self._members = Membership(start, self._configuration.look, threads=self._threads)

    async def run(self) -> None:
        """Serve until `Signals.stop` is set."""
        start, members = self._start, self._members
        server = start.config.server
        if server.base_url == usual_base_url(server.listen):
            log.warning(event("own address", warning=own_address_text(server.base_url)))
        stop = start.signals.stop
        serving = Serving(lambda: self._configuration.config, start.environ, stop)
        serving.begin(
            start.store,
            members.vitals,
            operating=None,
            counted=self._counted,
            clock=start.clock,
            look=self._look,
            unready=self._unready,
        )
        members.jobs.every(start.pace.heartbeat, self._measure, name="fleet", at_once=True)
        members.jobs.every(start.pace.watch, self._count_failing, name="failing", at_once=True)
        try:
            async with members:
                members.vitals.ready()
                start.signals.on_reload(lambda: members.jobs.spawn(self._configuration.reload()))
                log.info(event("started", version=__version__, name=start.name))
                await serving.last()
        finally:
            await serving.end()
            self._threads.shutdown()
            self._looking.shutdown(wait=False)
            log.info(event("stopped"))

    async def _look(self) -> None:
        """Learn what was committed until now; while the server is away memory has to do."""
        if self._start.session.is_up.is_set():
            look = self._start.store.look
            await asyncio.get_running_loop().run_in_executor(self._looking, look)

    def _unready(self) -> str | None:
        """Return why no reader is to be sent here yet: whoever applies feeds need not run now."""
        feeds, version = self._configuration.config.feeds, self._start.store.feed_version
        if feeds and all(version(feed.name) is None for feed in feeds):
            return NOTHING_APPLIED
        return self._members.vitals.unready()

    async def _count_failing(self) -> None:
        count = self._start.store.failing
        self._failing = len(await asyncio.get_running_loop().run_in_executor(self._threads, count))

    async def _measure(self) -> None:
        loop, store = asyncio.get_running_loop(), self._start.store
        backlog = partial(store.backlog, self._start.clock())
        waiting = await loop.run_in_executor(self._threads, backlog)
        state = await self._start.queue.state()
        self._fleet = fleet_figures(state, waiting, self._start.clock())

    def _counted(self) -> tuple[Measure, ...]:
        sources = self._configuration.config.sources
        vitals = self._members.vitals
        return self._fleet + daemon_figures(
            sources=len(sources),
            enabled=sum(source.enabled for source in sources),
            failing=self._failing,
            is_well=vitals.health is None,
            is_ready=self._unready() is None,
            is_offline=False,
        )
