"""Handing out what is due: from the store to the queue, as much as workers have room for."""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from aggregator.daemon.log import event
from aggregator.fleet.queue import HAND_OUT, RESCUE, Job
from aggregator.model.errors import AggregatorError
from aggregator.schedule.handing_out import MOST_EACH, room, urgency

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from typing import Any

    from aggregator.fleet.queue import JobQueue
    from aggregator.model.batches import Batch
    from aggregator.store import Store

log = logging.getLogger(__name__)

#: Times of the clock: each second; each fourth one.
EACH_SECOND, EACH_FOURTH = "* * * * * *", "* * * * * */4"


#: What the names begin with in which batches are claimed.
_BATCH = "batch "


def new_batch() -> str:
    """Return the name in which a batch is claimed, another one each time."""
    return f"{_BATCH}{uuid4()}"


def is_batch(claimer: str) -> bool:
    """Tell whether a batch was claimed in a name, and not a poll by hand."""
    return claimer.startswith(_BATCH)


class HandingOut:
    """Hands out batches of due sources while `may` says so; `trouble` is why it could not."""

    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        *,
        may: Callable[[], bool],
        in_thread: Callable[[Callable[[], Any]], Awaitable[Any]],
        clock: Callable[[], datetime],
    ) -> None:
        self.trouble: str | None = None
        self._owed: set[str] = set()
        self._store = store
        self._queue = queue
        self._may = may
        self._in_thread = in_thread
        self._clock = clock

    def begin(self) -> None:
        """Let the queue call it again and again, whichever process is asked to."""
        self._queue.does_periodically(HAND_OUT, EACH_SECOND, self.hand_out)
        self._queue.does_periodically(RESCUE, EACH_FOURTH, self.rescue)

    async def recover(self) -> None:
        """Have back what another one handed out that ended before the queue had it.

        Else it would be kept until its leases run out. Raises `StoreUnavailableError`.
        """
        found = {one for one in await self._in_thread(self._store.claimers) if is_batch(one)}
        # Asked after that: a batch is deferred after it is claimed.
        if lost := found - await self._queue.batches():
            log.warning(event("had back", batches=len(lost)))
            await self._in_thread(partial(self._store.release_all, lost))

    async def hand_out(self) -> None:
        """Hand out what is due, as much as workers have room for."""
        if not self._may():
            return
        try:
            await self._settle()
            most = room(await self._queue.members.slots(), await self._queue.waiting())
            if most:
                give = partial(
                    self._store.hand_out,
                    self._clock(),
                    most_batches=most,
                    most_each=MOST_EACH,
                    batch_id=new_batch,
                )
                await self._defer(await self._in_thread(give))
        except AggregatorError as error:
            if self.trouble is None:
                log.error(event("nothing handed out", because=error))  # noqa: TRY400 -- expected trouble
            self.trouble = str(error)
        else:
            self.trouble = None

    async def _defer(self, batches: list[Batch]) -> None:
        jobs = [
            Job(
                one.claimed_by,
                one.queue,
                one.source_ids,
                urgency(has_new=one.has_new, shortest_wait=one.shortest_wait),
            )
            for one in batches
        ]
        try:
            await self._queue.defer(jobs)
        except BaseException:
            self._owed.update(one.claimed_by for one in jobs)
            with contextlib.suppress(AggregatorError):  # the next time
                await self._settle()
            raise

    async def _settle(self) -> None:
        """Give back what was claimed and could not be deferred."""
        if self._owed:
            await self._in_thread(partial(self._store.release_all, frozenset(self._owed)))
            self._owed.clear()

    async def rescue(self) -> None:
        """Let others do what workers had begun that died."""
        with contextlib.suppress(AggregatorError):  # what is handed out tells of it
            if rescued := await self._queue.rescue():
                log.warning(event("rescued", batches=rescued))
            await self._queue.members.forget()
