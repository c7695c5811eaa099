"""Work in slices, a transaction each: nobody waits for the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")

#: Rows of one transaction: some 10 ms.
ROWS = 500


def batched(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield rows in their order, at most `ROWS` at a time."""
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))
