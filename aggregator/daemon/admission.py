"""A queue before something that has room for so much at once: worker processes, bytes in memory."""

from __future__ import annotations

import asyncio

from aggregator.schedule.turns import Waiting, next_in_turn


class Admission:
    """Room for `capacity` at once; those that wait for it enter in the order of `next_in_turn`.

    The next in turn waits until there is room for it, and nobody overtakes it: large ones come.
    Use it in one event loop.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._free = capacity
        self._arrivals = 0
        self._served = 0
        self._waiting: dict[Waiting, tuple[int, asyncio.Future[None]]] = {}

    @property
    def taken(self) -> int:
        """How much of the capacity is in use."""
        return self._capacity - self._free

    async def enter(self, size_bytes: int, amount: int = 1) -> None:
        """Wait for room for `amount`, the whole capacity at most; `leave` gives it back.

        `size_bytes` decides about turns only. A call that is cancelled has nothing to give back.
        """
        one = Waiting(self._arrivals, size_bytes)
        self._arrivals += 1
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[one] = min(amount, self._capacity), place
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if self._waiting.pop(one, None) is None and not place.cancelled():
                self.leave(amount)  # it was let in at the very moment
            else:
                self._admit()  # perhaps the one behind it fits
            raise

    def leave(self, amount: int = 1) -> None:
        """Give back what `enter` took, at once or in parts."""
        self._free += min(amount, self._capacity)
        self._admit()

    def _admit(self) -> None:
        while self._waiting:
            one = next_in_turn(self._waiting, served=self._served)
            amount, place = self._waiting[one]
            if place.done():  # cancelled, and its task has not run since
                del self._waiting[one]
                continue
            if amount > self._free:
                return
            del self._waiting[one]
            self._free -= amount
            self._served += 1
            place.set_result(None)
