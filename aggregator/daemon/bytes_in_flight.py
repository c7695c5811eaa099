"""How many bytes of documents may be in memory at once, from the first read to the worker's end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aggregator.daemon.admission import Admission

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of all polls together, beside the free beginning of each body: four of the largest documents,
#: two that the workers read and two that come next. A body may exist three times for a moment (its
#: pieces, whole, on its way to a worker), so that less would be safer and more would gain nothing.
MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024


class BytesInFlight:
    """The bytes of documents that are reserved by polls under way, `most_bytes` together."""

    def __init__(self, most_bytes: int = MAX_BYTES_IN_FLIGHT) -> None:
        self._most_bytes = most_bytes
        self._room = Admission(most_bytes)

    @property
    def reserved_bytes(self) -> int:
        """What is reserved now."""
        return self._room.taken

    @contextmanager
    def reservation(self) -> Iterator[BodyReservation]:
        """Lend a reservation for one body; whatever happens, all of it is given back at the end."""
        lent = BodyReservation(self._room, self._most_bytes)
        try:
            yield lent
        finally:
            lent.keep(0)


class BodyReservation:
    """What one body has reserved (see `aggregator.fetch.body.Reservation`)."""

    def __init__(self, room: Admission, most_bytes: int) -> None:
        self._room = room
        self._most_bytes = most_bytes
        self._held_bytes = 0

    async def reserve(self, size_bytes: int) -> None:
        """Wait until there is room for a body of this size, in place of what was reserved before.

        Nobody waits with a part in hand, so that two never wait for each other.
        """
        self.keep(0)
        amount = min(size_bytes, self._most_bytes)
        await self._room.enter(amount, amount)
        self._held_bytes = amount

    def keep(self, size_bytes: int) -> None:
        """Give back what is reserved beyond this size: the body is read, and no longer."""
        back = self._held_bytes - size_bytes
        if back > 0:
            self._held_bytes = size_bytes
            self._room.leave(back)
