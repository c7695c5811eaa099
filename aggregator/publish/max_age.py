"""How long a document may be kept: by the pauses between what it brought. Pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Well below any reader's polling interval; and what a reader is late by at most.
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=1)

#: So many arrivals tell a rhythm: about a day of a usual feed, an hour of a busy one.
ARRIVALS = 32

#: What comes within this time came together: one poll, or several of one round.
TOGETHER_US = 60_000_000

#: Fewer pauses are chance.
FEWEST_PAUSES = 3

_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)


def fresh_for(order_keys: Iterable[int], polled_every: timedelta) -> timedelta:
    """Return for how long a document with these stories is likely to stay as it is.

    `order_keys` are when its stories arrived (µs since the epoch), `polled_every` is the shortest
    interval of its sources, which is taken where too little has arrived. It is half of the usual
    pause between arrivals: a reader comes at any moment of one. Whole minutes from `SHORTEST`
    to `LONGEST`; a function of the stories, not of the time, so RSS can say the same as HTTP.
    """
    arrivals: list[int] = []
    for key in sorted(order_keys, reverse=True):
        if not arrivals or arrivals[-1] - key > TOGETHER_US:
            arrivals.append(key)
        if len(arrivals) == ARRIVALS:
            break
    pauses = [newer - older for newer, older in pairwise(arrivals)]
    usual = median(pauses) * _MICROSECOND if len(pauses) >= FEWEST_PAUSES else polled_every
    return max(SHORTEST, min(LONGEST, usual / 2 // _MINUTE * _MINUTE))
