"""Whose turn it is when documents queue: the smallest, then the one that has waited longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that waits; `arrival` counts up, and differs in a queue."""

    arrival: int
    size_bytes: int


def next_in_turn(waiting: Iterable[Waiting], *, served: int) -> Waiting:
    """Return the one that comes next after `served` others, of at least one that waits.

    In turn the smallest (of equals the older), so that no small document waits for many large ones,
    and the oldest, so that a large one comes however many small ones arrive: of n that wait, each
    is served within 2n turns.
    """
    if served % 2:
        return min(waiting, key=lambda one: one.arrival)
    return min(waiting, key=lambda one: (one.size_bytes, one.arrival))
