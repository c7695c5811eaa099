"""How work is handed out to a fleet: how much at once, what comes first, whose work is done anew.

Decisions over values; the jobs themselves are `fleet.queue`'s.
"""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

#: Sources of one job: some minutes of polls with their pauses, so that a drain and a rescue are
#: soon over.
MOST_EACH = 20

#: Jobs that wait for each slot of a worker: what is due beyond that stays ordered in the store.
WAITING_EACH_SLOT = 2

#: A source that comes round within this time is a fast one.
FAST = timedelta(minutes=15)

#: A member that was not heard of for so many of its heartbeats is taken for dead, and what it had
#: begun is done by others.
MOST_MISSED = 4

#: A job that ended its worker so often is not tried again as it is: its leases run out.
MOST_ATTEMPTS = 3


class Urgency(IntEnum):
    """Which jobs come first; the larger number does."""

    USUAL = 0
    FAST = 1
    NEW = 2
    BY_HAND = 3


def urgency(*, has_new: bool, shortest_wait: timedelta | None) -> Urgency:
    """Return how urgent a batch is: one with a source that was never polled, then fast ones."""
    if has_new:
        return Urgency.NEW
    if shortest_wait is not None and shortest_wait <= FAST:
        return Urgency.FAST
    return Urgency.USUAL


def room(slots: int, waiting: int) -> int:
    """Return how many batches may be handed out beside those that wait already.

    `slots` are those of all workers that are heard of: without one nothing is handed out.
    """
    return max(0, slots * WAITING_EACH_SLOT - waiting)


def is_given_up(attempts: int) -> bool:
    """Tell whether a job whose worker died is left, after so many times."""
    return attempts >= MOST_ATTEMPTS
