"""Work in slices, a transaction each: nobody waits for the whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")


class Write(Protocol):
    """Runs a job in a transaction of its own and returns its result."""

    def __call__(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run it."""


#: Rows of one transaction: some 10 ms.
ROWS = 500

#: What takes longer for one thing than for another ends its slice after so many seconds.
SECONDS = 0.015


def batched(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield rows in their order, at most `ROWS` at a time."""
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))


class Slice:
    """Tells when a transaction has lasted long enough; `clock` tells seconds that only go on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_s = clock() + SECONDS

    @property
    def is_over(self) -> bool:
        """Whether others should have their turn."""
        return self._clock() >= self._ends_s
