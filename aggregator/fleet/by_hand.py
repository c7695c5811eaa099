"""Polls that somebody asks for: by the active scheduler itself, in each site's turn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import uuid4

from aggregator.fleet.queue import Job
from aggregator.schedule.handing_out import Urgency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aggregator.daemon.poll import Tools
    from aggregator.daemon.poller import Dispatcher
    from aggregator.fleet.queue import JobQueue
    from aggregator.model import PollResult, PollState


class ByHand:
    """Polls sources when the queue says that no worker asks their site."""

    def __init__(self, dispatcher: Dispatcher, queue: JobQueue) -> None:
        self._dispatcher = dispatcher
        self._queue = queue
        self._turns: dict[str, tuple[asyncio.Event, asyncio.Event]] = {}

    @property
    def tools(self) -> Tools:
        """What polls work with now."""
        return self._dispatcher.tools

    async def poll_all(
        self, states: Iterable[PollState], report: Callable[[PollResult], None]
    ) -> bool:
        """As `Dispatcher.poll_all`. Raises `StoreUnavailableError` where the queue is away."""
        sites: defaultdict[str, list[PollState]] = defaultdict(list)
        for state in states:
            sites[state.source.queue].append(state)
        polls = (self._poll_site(site, together, report) for site, together in sites.items())
        return all(await asyncio.gather(*polls))

    async def turn(self, claimed_by: str, queue: str, source_ids: Sequence[int]) -> None:  # noqa: ARG002 -- what a job says
        """Do the job of a site's turn: let it be polled, until that is over."""
        if (turn := self._turns.get(claimed_by)) is not None:  # else of a scheduler that ended
            begin, over = turn
            begin.set()
            await over.wait()

    async def _poll_site(
        self, site: str, states: list[PollState], report: Callable[[PollResult], None]
    ) -> bool:
        name = f"by hand {uuid4()}"
        begin, over = self._turns[name] = asyncio.Event(), asyncio.Event()
        source_ids = tuple(state.source_id for state in states)
        try:
            await self._queue.defer((Job(name, site, source_ids, Urgency.BY_HAND),), by_hand=True)
            await begin.wait()
            return await self._dispatcher.poll_all(states, report)
        finally:
            over.set()
            del self._turns[name]
