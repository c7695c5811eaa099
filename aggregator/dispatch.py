"""Which polls run now: due sources, as many as allowed, one at a time for each host.

The queue is the column `next_poll_at`; polls are tasks that we own, so that they can be awaited,
and cancelled, when the daemon ends.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.model import Plan, PollResult, Tally
from aggregator.poll import poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from aggregator.model import PollState
    from aggregator.poll import Tools


class Dispatcher:
    """Starts polls and keeps account of those under way.

    `tools` may be replaced while polls run: each keeps the ones that it began with. `report` is
    called with the result of every poll, on the event loop.
    """

    def __init__(
        self, tools: Tools, *, concurrency: int, report: Callable[[PollResult], None]
    ) -> None:
        self.tools = tools
        self.concurrency = concurrency
        self._report = report
        self._running: dict[int, asyncio.Task[PollResult]] = {}
        self._hosts: dict[tuple[str, str, int | None], tuple[asyncio.Lock, int]] = {}
        self._stopping = False

    @property
    def running(self) -> frozenset[int]:
        """The ids of the sources whose poll is under way."""
        return frozenset(self._running)

    async def start_due(self) -> None:
        """Start the polls that are due, as far as there is room."""
        room = self.concurrency - len(self._running)
        if room <= 0 or self._stopping:
            return
        store, now, busy = self.tools.store, self.tools.clock(), self.running
        due = await self.tools.in_thread(lambda: store.claim_due(now, limit=room, busy=busy))
        for state in due:
            self._start(state)

    async def poll_all(
        self, states: Iterable[PollState], report: Callable[[PollResult], None]
    ) -> bool:
        """Poll these sources now, whatever their schedule, and wait for all; True if none failed.

        Only a publisher's Retry-After is stronger: such a source is reported as held.
        """
        room = asyncio.Semaphore(self.concurrency)
        results = await asyncio.gather(*(self._poll_now(state, room, report) for state in states))
        return all(result.problem is None for result in results)

    async def drain(self, grace_s: float) -> int:
        """Start no more polls; wait for those under way, then cancel the rest; return how many."""
        self._stopping = True
        tasks = set(self._running.values())
        if not tasks:
            return 0
        _, late = await asyncio.wait(tasks, timeout=grace_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
        return len(late)

    async def _poll_now(
        self, state: PollState, room: asyncio.Semaphore, report: Callable[[PollResult], None]
    ) -> PollResult:
        now = self.tools.clock()
        if state.not_before_at is not None and state.not_before_at > now:
            plan = Plan(state.not_before_at, "Retry-After", state.not_before_at)
            result = PollResult(state.source.name, "held", Tally(), plan)
        else:
            async with room:
                task = self._running.get(state.source_id) or self._start(state)
                result = await asyncio.shield(task)
        report(result)
        return result

    def _start(self, state: PollState) -> asyncio.Task[PollResult]:
        task = asyncio.create_task(self._poll(state, self.tools), name=f"poll {state.source.name}")
        self._running[state.source_id] = task
        task.add_done_callback(lambda done: self._finish(state, done))
        return task

    async def _poll(self, state: PollState, tools: Tools) -> PollResult:
        async with self._host(state.source.url):
            return await poll(state, tools)

    def _finish(self, state: PollState, task: asyncio.Task[PollResult]) -> None:
        self._running.pop(state.source_id, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._report(task.result())
        else:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"poll of {state.source.name}", "exception": error, "task": task}
            )

    @asynccontextmanager
    async def _host(self, url: str) -> AsyncIterator[None]:
        """Let one poll at a time through to a host: scheme, name and port (RFC 6454 §4)."""
        parts = urlsplit(url)
        host = (parts.scheme, parts.hostname or "", parts.port)
        lock, waiting = self._hosts.get(host, (asyncio.Lock(), 0))
        self._hosts[host] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._hosts[host]
            if waiting == 1:
                del self._hosts[host]
            else:
                self._hosts[host] = (lock, waiting - 1)
