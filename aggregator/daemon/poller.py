"""Which polls run now: due sources, as many as allowed, one at a time for each site.

The queue is the column `next_poll_at`; polls are tasks that we own, so that they can be awaited,
and cancelled, when the daemon ends. Which process polls a source is the store's to say (leases),
and so is a publisher's Retry-After. The pause between two requests to one site is ours: as long as
we hold the lease of one of its sources, nobody else is given another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import uuid
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.batches import MOST, Batches
from aggregator.daemon.log import event
from aggregator.daemon.pace import STORE_PAUSE
from aggregator.daemon.poll import Answers, ask, commit
from aggregator.daemon.poll_stand_ins import bug, held
from aggregator.model import (
    Failed,
    Gone,
    Plan,
    PollOutcome,
    PollResult,
    Problem,
    ProblemKind,
    Tally,
)
from aggregator.model.errors import StoreDamagedError, StoreError
from aggregator.operations.messages import span
from aggregator.schedule.leases import LEASE, RENEW_EVERY
from aggregator.schedule.offline import PROBE_EVERY, NetworkWatch, Sign, may_probe, reached, watch
from aggregator.web.domains import queue_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from aggregator.daemon.poll import Tools
    from aggregator.model import FinishedPoll, Lease, PollState

log = logging.getLogger(__name__)

#: A poll that the schedule began waits so long for others to share its commit with, which is kinder
#: to an SD card; one that somebody waits for, only as long as nobody feels it.
PATIENCE_S = 0.2
IMPATIENCE_S = 0.02

#: So often is looked whether our own network, or the store, is there again.
_LOOK_S = 1.0

#: A source whose own pages are damaged is asked no more often than one that fails.
DAMAGE_PAUSE = timedelta(minutes=15)


class Dispatcher:
    """Starts polls and keeps account of those under way.

    `tools` may be replaced while polls run: each keeps the ones that it began with. `report` is
    called with the result of every poll, on the event loop. A `scheduled` dispatcher looks for
    more that is due whenever a poll ends, unless others hand it out (without `claims_due`). The
    leases of polls under way are renewed every `renew_every`. While the database cannot be written,
    nothing is begun for a `store_pause`.
    """

    def __init__(
        self,
        tools: Tools,
        *,
        concurrency: int,
        report: Callable[[PollResult], None],
        scheduled: bool,
        claims_due: bool = True,
        site_pause: timedelta,
        renew_every: timedelta = RENEW_EVERY,
        store_pause: timedelta = STORE_PAUSE,
    ) -> None:
        self.tools = tools
        self.concurrency = concurrency
        self.site_pause = site_pause
        self._report = report
        self._scheduled = scheduled
        self._claims_due = claims_due and scheduled
        self._claimer = f"process {os.getpid()} {uuid.uuid4()}"
        self._running: dict[int, asyncio.Task[PollResult]] = {}
        self._leases: dict[int, Lease] = {}  # of what is running
        #: Of what is polled in its turn; one that is lost meanwhile is gone from here.
        self.handed_out: dict[int, Lease] = {}
        self._renew_every_s = renew_every.total_seconds()
        self._renewing: asyncio.Task[None] | None = None
        self._store_pause = store_pause
        self._queues: dict[str, _Turns] = {}
        self._claiming = asyncio.Lock()
        self._claims = Batches(self._claim_all)
        self._commits = Batches(self._absorb_all)
        self._refill: asyncio.Task[None] | None = None
        self._paused_until_s = 0.0
        self._trouble: str | None = None
        self._claim_trouble: str | None = None
        self._damage: str | None = None  # of which no later poll tells that it is mended
        self._network = NetworkWatch()
        self._stopping = False

    @property
    def trouble(self) -> str | None:
        """Why nothing that is polled could be kept, or `None`."""
        return self._damage or self._trouble or self._claim_trouble

    @property
    def is_stopping(self) -> bool:
        """Whether no poll is to begin any more."""
        return self._stopping

    @property
    def offline_since(self) -> datetime | None:
        """Since when our own network has been down, or `None`."""
        return self._network.offline_since_at

    async def start_due(self) -> None:
        """Start the polls that are due, as far as there is room."""
        async with self._claiming:
            # What only waits for its commit takes no room.
            busy = len(self._running) - min(self._commits.waiting, MOST)
            room, now = self.concurrency - busy, self.tools.clock()
            if room <= 0 or self._stopping or self._is_paused():
                return
            if self.offline_since is not None:
                if not may_probe(self._network, now):
                    return
                room, self._network = 1, replace(self._network, probed_at=now)
            claim = partial(
                self.tools.store.claim_due,
                now,
                limit=room,
                busy=frozenset(self._queues),
                claimer=self._claimer,
            )
            try:
                due = await self.tools.in_thread(claim)
            except StoreError as error:
                self._hold_back(error)
                return
            self._claim_trouble = None
            if self._stopping:  # meanwhile
                await release(self.tools, due)
                return
            for state in due:
                # What runs already claims its source itself, or has it again: its lease ran out
                # while the machine slept.
                if state.source_id not in self._running:
                    self._start(state)
            await release(self.tools, list(filter(self._claims_itself, due)))

    def _claims_itself(self, state: PollState) -> bool:
        """Tell whether a poll by name has begun that will claim the source in its turn."""
        return state.source_id in self._running and state.source_id not in self._leases

    async def spread_overdue(self) -> None:
        """Spread what is overdue, so that a restart or a recovery is no storm."""
        store, now, dice = self.tools.store, self.tools.clock(), self.tools.dice
        await self.tools.in_thread(lambda: store.spread(now, dice))

    async def poll_all(
        self, states: Iterable[PollState], report: Callable[[PollResult], None]
    ) -> bool:
        """Poll these sources now, whatever their schedule, and wait for all; True if none failed.

        Only a publisher's Retry-After is stronger: such a source is reported as held.
        """
        room = asyncio.Semaphore(self.concurrency)
        results = await asyncio.gather(*(self._poll_now(state, room, report) for state in states))
        return all(result.problem is None for result in results)

    async def drain(self, grace: timedelta) -> int:
        """Start no more polls; wait for those under way, then cancel the rest; return how many."""
        self._stopping = True
        tasks = set(self._running.values())
        if not tasks:
            return 0
        _, late = await asyncio.wait(tasks, timeout=grace.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
        return len(late)

    async def running(self) -> None:
        """Wait for the polls that are under way now."""
        if tasks := set(self._running.values()):
            await asyncio.wait(tasks)

    async def _poll_now(
        self, state: PollState, room: asyncio.Semaphore, report: Callable[[PollResult], None]
    ) -> PollResult:
        result = held(state, self.tools.clock())
        if result is None:
            async with room:
                task = self._running.get(state.source_id) or self._start(state)
                result = await asyncio.shield(task)
        report(result)
        return result

    async def poll(self, state: PollState, tools: Tools) -> PollResult:
        """Poll a source that was handed out, and wait for as long as its site is left alone then.

        Raises `StoreError`.
        """
        await self._until_online()
        result = await asyncio.shield(self._start(state, tools))
        if (turns := self._queues.get(state.source.queue)) is not None:
            await asyncio.sleep(turns.free_s - asyncio.get_running_loop().time())
        return result

    async def _until_online(self) -> None:
        """Wait while our own network is down, or the store, but for a try now and then."""
        while not self._stopping:
            now, is_paused = self.tools.clock(), self._is_paused()
            if self.offline_since is None and not is_paused:
                return
            if not is_paused and may_probe(self._network, now):
                self._network = replace(self._network, probed_at=now)
                return
            await asyncio.sleep(_LOOK_S)

    def _is_paused(self) -> bool:
        return asyncio.get_running_loop().time() < self._paused_until_s

    def _start(self, state: PollState, tools: Tools | None = None) -> asyncio.Task[PollResult]:
        turns = self._queues.setdefault(state.source.queue, _Turns())
        turns.polls += 1
        task = asyncio.create_task(
            self._poll(state, tools or self.tools, turns), name=f"poll {state.source.name}"
        )
        self._running[state.source_id] = task
        if state.lease is not None:
            self._leases[state.source_id] = state.lease
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew(), name="renew leases")
        task.add_done_callback(lambda done: self._finish(state, done))
        return task

    async def _read_anew(self, state: PollState, tools: Tools) -> PollState | None:
        """Return a source as it is now, and ours to poll; `None` while another process polls it."""
        store = tools.store
        if state.lease is not None:
            found = await tools.in_thread(lambda: store.states((state.source.name,)))
            return replace(found[0], lease=state.lease) if found else state
        return await self._claims.of(state.source_id)

    async def _claim_all(self, source_ids: Sequence[int]) -> list[PollState | None]:
        tools = self.tools
        claim = partial(tools.store.claim_all, source_ids, tools.clock(), claimer=self._claimer)
        async with self._claiming:
            claimed = await tools.in_thread(claim)
            for state in claimed:
                if state is not None and state.lease is not None:
                    self._leases[state.source_id] = state.lease
        return claimed

    async def _absorb_all(self, polls: Sequence[FinishedPoll]) -> list[PollResult | Exception]:
        return await self.tools.in_thread(partial(self.tools.store.absorb_all, polls))

    async def _give_back(self, state: PollState, tools: Tools) -> None:
        """Let others have a source of which no poll is committed."""
        if (lease := self._leases.pop(state.source_id, None)) is not None:
            await release(tools, [replace(state, lease=lease)])

    async def _renew(self) -> None:
        """Renew the leases of what is running, as long as something is."""
        while True:
            await asyncio.sleep(self._renew_every_s)
            asked = (*self._leases.values(), *self.handed_out.values())
            renew = partial(self.tools.store.renew, asked, self.tools.clock())
            try:
                kept = {lease.source_id for lease in await self.tools.in_thread(renew)}
                for lost in {lease.source_id for lease in asked} - kept:
                    self.handed_out.pop(lost, None)
            except StoreError as error:  # one that runs out meanwhile costs one more poll
                log.warning(event("leases not renewed", because=error))

    async def _poll(self, state: PollState, tools: Tools, turns: _Turns) -> PollResult:
        try:
            return await self._poll_in_turn(state, tools, turns)
        except StoreDamagedError as error:
            if not await self._is_set_aside(state, error, tools):
                turns.pause_s = self._store_pause.total_seconds()
            raise
        except BaseException:
            await self._give_back(state, tools)
            raise

    async def _is_set_aside(self, state: PollState, error: StoreDamagedError, tools: Tools) -> bool:
        """Put off a source of which nothing can be stored, so that its neighbours are not held up.

        `False` where its own row cannot be written either.
        """
        problem = Problem(ProblemKind.INTERNAL, f"what it brings cannot be stored: {error}")
        held = replace(state, lease=self._leases.pop(state.source_id, None))
        put_off = partial(tools.store.postpone, held, tools.clock() + DAMAGE_PAUSE, problem)
        try:
            await tools.in_thread(put_off)
        except StoreError:
            await release(tools, [held])
            return False
        return True

    async def _poll_in_turn(self, state: PollState, tools: Tools, turns: _Turns) -> PollResult:
        patience_s = IMPATIENCE_S if state.lease is None else PATIENCE_S
        is_stale = state.lease is None or turns.lock.locked()
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(turns.lock)
            if (pause_s := turns.free_s - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(pause_s)
            if is_stale:
                # The poll before may have been told to wait, for the whole host.
                now = tools.clock()
                fresh = await self._read_anew(state, tools)
                if fresh is None:
                    plan = Plan(now + LEASE, "another process polls it")
                    return PollResult(state.source.name, PollOutcome.CLAIMED, Tally(), plan)
                state = fresh
                if (waits := held(state, now)) is not None:
                    await self._give_back(state, tools)
                    return waits
            with self._commits.expected():
                found = await self._ask(state, tools)
                if not self.tools.is_ours(state.source):
                    pause_s = self.site_pause.total_seconds()
                    turns.free_s = asyncio.get_running_loop().time() + pause_s
                if not isinstance(found.outcome, Failed | Gone):
                    await turn.aclose()  # nothing was told that the next poll must know
                return await self._keep(state, found, tools, patience_s)

    async def _ask(self, state: PollState, tools: Tools) -> Answers:
        try:
            return await ask(state, tools)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 -- a bug of ours, which is logged whole
            return bug(state, error)

    async def _keep(
        self, state: PollState, found: Answers, tools: Tools, patience_s: float
    ) -> PollResult:
        """Commit what a poll found, unless our own network was down."""
        keep = partial(self._commits.of, patience_s=patience_s)
        try:
            if self._scheduled and not await self._is_its_own(state, found):
                return await self._put_off(state, found, tools)
            return await commit(state, found, tools, keep)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 -- a bug of ours, which is logged whole
            return await commit(state, bug(state, error), tools, keep)

    async def _is_its_own(self, state: PollState, found: Answers) -> bool:
        """Tell whether what a poll found is the source's doing, and not our network's."""
        now, was_offline = self.tools.clock(), self.offline_since is not None
        did_reach, site = reached(found.attempts), ""
        if not did_reach:
            # A solver that cannot be reached is one thing out of reach, whatever it is asked for.
            site = queue_of(state.source.access.fetch_via or found.attempts[-1].url)
        sign = Sign(now, site, state.source_id, did_reach, state.failures)
        self._network, ours = watch(self._network, sign)
        if ours and not was_offline:
            log.warning(event("offline", because="no poll of the last minute reached its host"))
            others = tuple(one for one in ours if one != state.source_id)
            await self._commits.settled()  # of which those failures may be
            await self.tools.in_thread(lambda: self.tools.store.forgive(others))
        if was_offline and self.offline_since is None:
            log.info(event("online again"))
            if self._claims_due:
                await self.spread_overdue()
        return not ours

    async def _put_off(self, state: PollState, found: Answers, tools: Tools) -> PollResult:
        """Leave a source that nothing was learnt of as it was, and let others try before it."""
        plan = Plan(tools.clock() + PROBE_EVERY, "our own network is down")
        problem = None
        if isinstance(found.outcome, Failed):
            problem = found.outcome.problem
            await tools.in_thread(partial(tools.store.postpone, state, plan.at, problem))
        else:
            await self._give_back(state, tools)
        return PollResult(state.source.name, PollOutcome.OFFLINE, Tally(), plan, problem)

    def _finish(self, state: PollState, task: asyncio.Task[PollResult]) -> None:
        del self._running[state.source_id]
        self._leases.pop(state.source_id, None)
        if not self._running and self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
        if task.cancelled():
            self._leave(state)
            return
        self._leave(state)
        if (error := task.exception()) is None:
            if self._trouble is not None:
                log.info(event("store works again"))
            self._trouble = None
            self._report(task.result())
        elif isinstance(error, StoreDamagedError):
            # Pages of one source, perhaps, which hold up no other.
            self._damage = str(error)
            log.error(event("store damaged", source=state.source.name, problem=error))
        else:
            self._trouble = str(error)
            self._pause(error, source=state.source.name)
        if self._claims_due and (self._refill is None or self._refill.done()):
            self._refill = asyncio.create_task(self.start_due(), name="refill")

    def _hold_back(self, error: StoreError) -> None:
        """Look for nothing that is due while the database cannot say what is."""
        if isinstance(error, StoreDamagedError):
            self._damage = str(error)
        else:
            self._claim_trouble = str(error)
        self._pause(error)

    def _pause(self, error: BaseException, *, source: str | None = None) -> None:
        pause = self._store_pause
        self._paused_until_s = asyncio.get_running_loop().time() + pause.total_seconds()
        log.error(event("store failed", source=source, problem=error, retry=span(pause)))

    def go_on(self) -> None:
        """Begin polls at once: the database that could not be written can be."""
        self._paused_until_s, self._trouble = 0.0, None

    def _leave(self, state: PollState) -> None:
        """Give the next poll of this site its turn, after the pause that it is due."""
        loop, queue = asyncio.get_running_loop(), state.source.queue
        turns = self._queues[queue]
        turns.polls -= 1
        if turns.pause_s:
            turns.free_s, turns.pause_s = loop.time() + turns.pause_s, 0.0
        if turns.free_s <= loop.time():
            self._forget(queue)
        else:
            # Until then the site counts as taken, so that nothing of it is claimed.
            loop.call_at(turns.free_s, self._forget, queue)

    def _forget(self, queue: str) -> None:
        turns = self._queues.get(queue)
        if turns is not None and not turns.polls:
            del self._queues[queue]


async def release(tools: Tools, states: list[PollState]) -> None:
    """End the leases of states; where that fails they run out."""
    leases = tuple(state.lease for state in states if state.lease is not None)
    if leases:
        with contextlib.suppress(StoreError):
            await tools.in_thread(partial(tools.store.release, leases))


class _Turns:
    """The polls of one site, one at a time; the next may begin at `free_s` of the loop's clock.

    `pause_s`: the poll under way wants a pause of its own after it.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.polls = 0
        self.free_s = 0.0
        self.pause_s = 0.0
