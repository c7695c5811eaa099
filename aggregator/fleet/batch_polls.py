"""A batch, polled: sources of one site, one after the other, by the leases that it was given."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.poll_stand_ins import held
from aggregator.daemon.poller import release
from aggregator.model import Lease
from aggregator.model.errors import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aggregator.daemon.equipment import Equipment
    from aggregator.daemon.poll import Tools
    from aggregator.daemon.poller import Dispatcher
    from aggregator.model import PollResult, PollState
    from aggregator.store import Store


class BatchPolls:
    """Polls batches with a dispatcher; `polled` is told of each source that was polled.

    `is_cut_off` tells whether this process may have been taken for dead since a time of the loop:
    another one does then what it had begun.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        equipment: Equipment,
        store: Store,
        *,
        polled: Callable[[PollState, PollResult], None],
        is_cut_off: Callable[[float], bool],
    ) -> None:
        self._dispatcher = dispatcher
        self._equipment = equipment
        self._store = store
        self._polled = polled
        self._is_cut_off = is_cut_off
        self._owed: list[tuple[str, Sequence[int], float]] = []
        self.jobs = 0

    async def poll(self, claimed_by: str, queue: str, source_ids: Sequence[int]) -> None:  # noqa: ARG002 -- what a job says
        """Poll those of a batch whose leases are still its own.

        Ends after the pause that the site is due, with no connection to it left: another worker may
        ask it next. What is left when a drain begins, or where nothing can be stored, is given
        back. Raises `StoreError`.
        """
        self.jobs += 1
        begun_s = asyncio.get_running_loop().time()
        try:
            await self._poll(claimed_by, source_ids, begun_s)
        except (StoreUnavailableError, asyncio.CancelledError):
            await self._give_back(claimed_by, source_ids, begun_s)
            raise

    async def settle(self) -> None:
        """Give back what could not be while the server was away: it would be kept for minutes."""
        owed, self._owed = self._owed, []
        for claimed_by, source_ids, begun_s in owed:
            await self._give_back(claimed_by, source_ids, begun_s)

    async def _give_back(self, claimed_by: str, source_ids: Sequence[int], begun_s: float) -> None:
        if self._is_cut_off(begun_s):
            return  # another one may have them
        tools = self._equipment.tools
        ours = tuple(Lease(one, claimed_by, tools.clock()) for one in source_ids)
        try:
            await tools.in_thread(partial(self._store.release, ours))
        except StoreError:
            self._owed.append((claimed_by, source_ids, begun_s))

    async def _poll(self, claimed_by: str, source_ids: Sequence[int], begun_s: float) -> None:
        take_over = partial(
            self._store.take_over, claimed_by, source_ids, self._equipment.tools.clock()
        )
        states = await self._equipment.in_thread(take_over)
        leases = {state.source_id: state.lease for state in states if state.lease is not None}
        handed_out = self._dispatcher.handed_out
        handed_out.update(leases)
        try:
            async with self._equipment.lent() as tools:
                for place, state in enumerate(states):
                    if self._dispatcher.is_stopping or self._is_cut_off(begun_s):
                        break
                    fresh = await self._still_due(state, tools) if place else state
                    if fresh is None or state.source_id not in handed_out:
                        continue  # its host asked to wait; its lease was lost
                    del handed_out[state.source_id]
                    self._polled(fresh, await self._dispatcher.poll(fresh, tools))
        finally:
            ours = [state for state in states if handed_out.pop(state.source_id, None) is not None]
            if not self._is_cut_off(begun_s):
                await release(self._equipment.tools, ours)

    async def _still_due(self, state: PollState, tools: Tools) -> PollState | None:
        """Return a source as it is now, `None` where it is not to be asked any more.

        The poll before may have been told to wait, for the whole host; another process may have
        polled it.
        """
        found = await tools.in_thread(partial(self._store.states, (state.source.name,)))
        now = tools.clock()
        for fresh in found:
            is_due = fresh.next_poll_at is None or fresh.next_poll_at <= now
            if fresh.source.enabled and is_due and held(fresh, now) is None:
                return replace(fresh, lease=state.lease)
        return None
