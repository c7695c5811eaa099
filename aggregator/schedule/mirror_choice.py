"""Which of a source's mirrors to ask, and how long one that fails rests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Mirror

#: The first rest of a mirror that failed; it doubles with each failure, up to the longest.
FIRST_REST = timedelta(minutes=30)
LONGEST_REST = timedelta(hours=12)

#: Mirrors that one poll asks at most: a slot is one request where all is well, never a sweep.
MOST_ASKED = 3


def rest(failures: int) -> timedelta:
    """Return how long a mirror rests after so many failures in a row."""
    return min(FIRST_REST * (1 << min(max(failures - 1, 0), 20)), LONGEST_REST)


def in_turn(mirrors: Sequence[Mirror], now: datetime) -> tuple[Mirror, ...]:
    """Return the mirrors that a poll may ask, in order: the preferred first, resting ones not.

    When all rest, the one whose rest ends first is asked alone: no source is ever given up. One
    whose host asked to wait is never asked; where that is all of them, there are none.
    """
    open_ones = [one for one in mirrors if one.gated_until_at is None or one.gated_until_at <= now]
    awake = [
        one for one in open_ones if one.resting_until_at is None or one.resting_until_at <= now
    ]
    if not awake and open_ones:
        awake = [min(open_ones, key=lambda one: one.resting_until_at or now)]
    return tuple(awake[:MOST_ASKED])
