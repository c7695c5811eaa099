"""What the daemon does again and again: APScheduler's jobs, each armed anew when it runs.

A job's next time is counted from now, never from the time before. After a wall clock that jumped
ahead, or a machine that slept, each job therefore runs once, and no list of missed runs is made.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.asyncio import (  # type: ignore[import-untyped]  # ships no types
    AsyncIOScheduler,
)
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]  # ships no types

from aggregator.daemon.log import event
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Work = Callable[[], Awaitable[object]]

log = logging.getLogger(__name__)


class FromNow(BaseTrigger):  # type: ignore[misc]  # its library ships no types
    """Fires a period after now: once, for however many times were missed."""

    __slots__ = ("_every",)

    def __init__(self, every: timedelta) -> None:
        self._every = every

    def get_next_fire_time(
        self,
        previous_fire_time: datetime | None,  # noqa: ARG002 -- APScheduler's interface
        now: datetime,
    ) -> datetime:
        """Return when to fire after `now`, which is always later than `now`."""
        return now + self._every


class Jobs:
    """Works that are done every so often, and tasks that end when the daemon does.

    Of each work one run is under way at a time; a run that comes too early is left out. Trouble
    that is expected (`AggregatorError`) is logged once, until the work succeeds again; not, where
    `is_told` says that it is told already.
    """

    def __init__(self, is_told: Callable[[AggregatorError], Awaitable[bool]] | None = None) -> None:
        self._is_told = is_told
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        # A late job still runs, once.
        self._scheduler.configure(job_defaults={"misfire_grace_time": None, "coalesce": True})
        self._tasks: set[asyncio.Task[Any]] = set()
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._troubles: dict[str, str] = {}
        self._fired_s: float | None = None

    @property
    def silent(self) -> timedelta:
        """How long the scheduler has begun nothing, by a clock that nobody sets."""
        if self._fired_s is None:
            return timedelta(0)
        return timedelta(seconds=asyncio.get_running_loop().time() - self._fired_s)

    def every(self, period: timedelta, work: Work, *, name: str, at_once: bool = False) -> None:
        """Do a work every `period`, the first time after one, or `at_once`."""
        more = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(self._fire, FromNow(period), args=(work, name), id=name, **more)

    def start(self) -> None:
        """Begin with what `every` was called for."""
        self._fired_s = asyncio.get_running_loop().time()
        self._scheduler.start()

    def hurry(self, name: str | None = None) -> None:
        """Run a job now, or every one.

        The scheduler sleeps until a time of the wall clock: after that was set back it would sleep
        for as long as the step was.
        """
        for job in self._scheduler.get_jobs():
            if name in {None, job.id}:
                job.modify(next_run_time=datetime.now(UTC))

    def pause(self) -> None:
        """Begin nothing more."""
        if self._scheduler.running:
            self._scheduler.pause()

    def stop(self) -> None:
        """End the scheduler and every task."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for task in self._tasks:
            task.cancel()

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Run a coroutine as a task of ours."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fire(self, work: Work, name: str) -> None:
        # A coroutine, since APScheduler would run a plain function in a thread. It returns at once:
        # a slow database is the work's trouble, not the scheduler's.
        self._fired_s = asyncio.get_running_loop().time()
        before = self._under_way.get(name)
        if before is None or before.done():
            self._under_way[name] = self.spawn(self._do(work, name))

    async def _do(self, work: Work, name: str) -> None:
        try:
            await work()
        except AggregatorError as error:
            if self._is_told is not None and await self._is_told(error):
                return
            if self._troubles.get(name) != str(error):
                log.error(  # noqa: TRY400 -- expected trouble, not a bug: no traceback
                    event("not done", what=name, because=error)
                )
            self._troubles[name] = str(error)
        except Exception:
            log.exception(event("not done", what=name))
        else:
            self._troubles.pop(name, None)
