"""What polls ask of the store at about the same time, asked at once: one thread, one commit."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

#: So many are asked for without waiting for more.
MOST = 64


class Batches(Generic[Item, Result]):
    """Gathers items while `work` does those before them; each gets its own result, or exception.

    An item waits for company as long as its `patience_s` says, and no longer than others may still
    come: those that are `expected`.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]
    ) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._expected = 0
        self._due_s = float("inf")  # of the loop's clock: when the first one has waited enough
        self._timer: asyncio.Handle | None = None
        self._begins_s = 0.0  # when that runs
        self._working: asyncio.Task[None] | None = None
        self._worked_on: list[asyncio.Future[Result]] = []

    @property
    def waiting(self) -> int:
        """How many items wait, to be asked for next."""
        return len(self._waiting)

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Let others wait for the item that comes while this lasts, or does not come."""
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1
            self._look()

    async def of(self, item: Item, *, patience_s: float = 0.0) -> Result:
        """Return what `work` makes of an item, or raise that."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        self._due_s = min(self._due_s, loop.time() + patience_s)
        self._look()
        return await future

    async def settled(self) -> None:
        """Wait until all that was asked so far has its result, without patience."""
        asked = [*self._worked_on, *(future for _, future in self._waiting)]
        self._due_s = asyncio.get_running_loop().time()
        self._look()
        if asked:
            await asyncio.wait(asked)

    def _look(self) -> None:
        """See to it that what waits is worked on in time."""
        if self._working is not None or not self._waiting:
            return
        is_full = len(self._waiting) >= min(self._expected, MOST)
        begins_s = 0.0 if is_full else self._due_s
        if self._timer is not None:
            if self._begins_s <= begins_s:
                return
            self._timer.cancel()
        loop, self._begins_s = asyncio.get_running_loop(), begins_s
        # What comes in the same turn of the loop joins a full one.
        self._timer = (
            loop.call_soon(self._begin) if is_full else loop.call_at(begins_s, self._begin)
        )

    def _begin(self) -> None:
        self._timer = None
        batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if not self._waiting:
            self._due_s = float("inf")
        self._worked_on = [future for _, future in batch]
        self._working = asyncio.create_task(self._do(batch), name="store batch")

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 -- handed to each that waits
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():  # cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        self._working, self._worked_on = None, []
        self._look()
