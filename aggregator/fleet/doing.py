"""Doing jobs until the process stops, whatever happens to the server meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.fleet.trouble import TROUBLE, let_go, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from aggregator.fleet.queue import Doing
    from aggregator.fleet.session import Session

log = logging.getLogger(__name__)


class Hands:
    """Does jobs, with what `make` returns, for as long as the server is there.

    What does them is made anew with each session: the one before may take long to find out that its
    connections are dead. What that had begun goes on; what it cannot end is rescued.
    """

    def __init__(self, make: Callable[[], Doing], session: Session, pause: timedelta) -> None:
        self._make = make
        self._session = session
        self._pause_s = pause.total_seconds()
        self._doing: Doing | None = None
        self._has_begun = False

    @property
    def are_idle(self) -> bool:
        """Whether no jobs are fetched at this moment, though they were before."""
        return self._has_begun and not (self._doing is not None and self._doing.is_at_work)

    async def work(self, stop: asyncio.Event) -> None:
        """Do jobs until `stop` is set; one begun then may end within the worker's grace."""
        ending: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            await until(stop, self._session.is_up)
            lost = self._session.lost
            if stop.is_set() or lost.is_set():
                continue
            doing = self._doing = self._make()
            working = asyncio.create_task(doing.run())
            over = asyncio.Event()
            working.add_done_callback(lambda _, over=over: over.set())  # type: ignore[misc]
            await until(stop, lost, over)
            self._has_begun = True
            doing.stop()
            self._doing = None
            end = asyncio.create_task(self._end(doing, working, stop))
            ending.add(end)
            end.add_done_callback(ending.discard)
            if not stop.is_set() and not lost.is_set():  # it ended by itself
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(until(stop, lost), self._pause_s)
        await asyncio.gather(*ending)

    async def _end(self, doing: Doing, working: asyncio.Task[None], stop: asyncio.Event) -> None:
        try:
            await working
        except TROUBLE as error:
            let_go(error)
            if not await self._session.tells(trouble := told(error)):
                log.warning(event("jobs not done", because=trouble))
            await until(stop, self._session.is_up)
            if self._session.is_up.is_set():
                with contextlib.suppress(*TROUBLE):
                    await doing.leave()


async def until(*events: asyncio.Event) -> None:
    """Wait for the first of some events."""
    waiting = [asyncio.create_task(one.wait()) for one in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
