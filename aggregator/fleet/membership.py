"""What every member does: it says how it is, and hears of another configuration."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

from aggregator.daemon.jobs import Jobs
from aggregator.daemon.vitals import Vitals
from aggregator.fleet.doing import until
from aggregator.model.errors import AggregatorError
from aggregator.model.members import Member
from aggregator.operations.fleet_messages import member_summary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Executor

    from aggregator.daemon.vitals import Polling
    from aggregator.fleet.start import Start

    Look = Callable[[int], Awaitable[None]]


class Alone:
    """Stands for the polls of a member that polls nothing."""

    trouble = None
    offline_since = None


class Membership:
    """Keeps a member's row, systemd and probes up to date while it is entered.

    `applied` is called with how often a configuration was applied, each time that is looked at.
    `jobs` may be given more to do before that. `is_working` and the counts are the member's, who
    changes them; `go_on` is called when the server is back.
    """

    def __init__(
        self, start: Start, applied: Look, *, threads: Executor, polls: Polling | None = None
    ) -> None:
        self.jobs = Jobs(start.session.tells)
        self.is_working = True
        self.slots = 0
        self.counted: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self.go_on: Callable[[], None] = lambda: None
        self._start = start
        self._applied = applied
        self._threads = threads
        self._polls = polls or Alone()
        self.vitals = Vitals(
            start.store,
            jobs=self.jobs,
            polls=self._polls,
            notifier=start.notifier,
            patience=start.patience,
            hold=None,
            pace=start.pace,
            is_stopping=start.signals.stop.is_set,
            threads=threads,
            summary=self._summary,
        )
        self._looking: list[asyncio.Task[None]] = []
        self._said_s = self._cut_off_s = float("-inf")

    async def __aenter__(self) -> Membership:
        pace = self._start.pace
        await self._start.patience.wait_for(self.say)
        self.jobs.every(pace.heartbeat, self.say, name="member")
        self.jobs.every(pace.tick, self.hear, name="another configuration")
        self.jobs.start()
        self._looking = [
            asyncio.create_task(self.vitals.examine()),
            asyncio.create_task(self.vitals.beat()),
            asyncio.create_task(self._attend()),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._start.signals.stop.set()
        self._start.notifier.send("STOPPING=1", "STATUS=stopping")
        self.jobs.stop()
        for task in self._looking:
            task.cancel()
        if self._start.session.is_up.is_set():  # else the name may be another's by now
            with contextlib.suppress(AggregatorError):
                await self._start.queue.members.leave(self._start.name)

    async def say(self) -> None:
        """Tell the others how this member is."""
        jobs, polls = self.counted()
        member = Member(
            name=self._start.name,
            role=self._start.role.value,
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=self.slots,
            trouble=self.vitals.health or self._polls.trouble,
            is_working=self.is_working and not self._start.signals.stop.is_set(),
            jobs=jobs,
            polls=polls,
        )
        await self._start.queue.members.say(member)
        now_s = asyncio.get_running_loop().time()
        if now_s - self._said_s > self._start.queue.silence_s:
            self._cut_off_s = now_s
        self._said_s = now_s

    def is_cut_off(self, since_s: float) -> bool:
        """Tell whether others may have taken this member for dead since a time of the loop."""
        silent_s = asyncio.get_running_loop().time() - self._said_s
        return self._cut_off_s > since_s or silent_s > self._start.queue.silence_s

    async def hear(self) -> None:
        """Learn what others have committed, and whether a configuration was applied."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._start.store.follow)
        await self._applied(await self._start.queue.members.applied())

    async def _attend(self) -> None:
        """Learn what is told, and be there again at once when the server is."""
        session = self._start.session
        while True:
            lost = session.lost
            await until(session.heard, lost)
            if lost.is_set():
                await session.is_up.wait()
                with contextlib.suppress(AggregatorError):
                    await self._start.queue.renew()
                self.go_on()
                await self.vitals.look()  # what it said of the server is over
                self.jobs.hurry("member")
            session.heard.clear()
            with contextlib.suppress(AggregatorError):  # the next look tells of it
                await self.hear()

    def _summary(self, ailment: str | None) -> str:
        return member_summary(self._start.role.value, ailment, is_working=self.is_working)
