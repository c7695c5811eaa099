"""Whose waiting counts: entries, or sources. What a source counts as, beside its own entries.

Requests in proportion to the root of the rate make the mean delay of an entry as short as it can
be, and let a source of one entry a month wait for the others' sake. With one interval for all it is
the other way round. Between them, requests in proportion to the root of rate + standing are the
best trade: no other way of spending them makes one mean shorter without making the other longer.
"""

from __future__ import annotations

from enum import StrEnum
from math import sqrt
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_HOURS = 24.0


class Favour(StrEnum):
    """Whose mean delay is to be short: that of all entries, or that of each source's."""

    ENTRIES = "entries"
    SOURCES = "sources"


#: Where entries are favoured, sources may wait this many times as long, in the mean, as with one
#: interval for all. It is reckoned from rates alone: that polls are made in the hours in which a
#: source publishes brings it below 1.2.
MOST_UNEVEN = 1.25
#: For that, entries may wait this many times as long as they need to; what the hours of the day
#: spare them is more.
MOST_COST = 1.04
#: The largest standing, in entries of the mean source. With it sources wait as long as with one
#: interval for all, but for the hours of the day; more would help nobody.
FULL_STANDING = 3.0
#: The standing is found to a few hundredths of the mean source: it moves pauses by less than 1 %.
STEPS = 8
#: As many sources, evenly taken from slow to fast, stand for all.
SAMPLES = 64


def standing(
    rates: Sequence[float], favour: Favour, *, budget: float, shortest: float, longest: float
) -> float:
    """Return the entries a day that each source counts as beside its own.

    `rates` are entries a day of each source, `budget` requests a day of the mean one, `shortest`
    and `longest` the bounds of a pause in hours. Where entries are favoured it is the least with
    which `MOST_UNEVEN` is kept, or the one that costs entries `MOST_COST`: none where all sources
    are alike, or bounds make them so.
    """
    if not rates:
        return 0.0
    mean = fmean(rates)
    if favour is Favour.SOURCES:
        return FULL_STANDING * mean
    ordered = sorted(rates)
    count = min(len(ordered), SAMPLES)
    some = [ordered[(2 * part + 1) * len(ordered) // (2 * count)] for part in range(count)]
    even = DAY_HOURS / budget
    at_best = _waiting(some, 0.0, even, shortest, longest)

    def is_enough(waiting: tuple[float, float]) -> bool:
        of_sources, of_entries = waiting
        return of_sources <= MOST_UNEVEN * even or of_entries >= MOST_COST * at_best[1]

    if is_enough(at_best):
        return 0.0
    low, high = 0.0, FULL_STANDING * mean
    for _ in range(STEPS):
        middle = (low + high) / 2
        enough = is_enough(_waiting(some, middle, even, shortest, longest))
        low, high = (low, middle) if enough else (middle, high)
    return high


def _waiting(
    rates: Sequence[float], beside: float, even: float, shortest: float, longest: float
) -> tuple[float, float]:
    """Return the mean pause by source and by entry, in hours, where all use as much as `even`.

    Each pause is in inverse proportion to the root of rate + `beside`, within the bounds; together
    they make the requests of one interval of `even` hours, or as many as bounds let them.
    """
    roots = [sqrt(rate + beside) for rate in rates]
    low, high = min(roots) * shortest, max(roots) * longest
    for _ in range(20):
        scale = sqrt(low * high)
        used = fmean(1 / min(max(scale / root, shortest), longest) for root in roots)
        low, high = (scale, high) if used > 1 / even else (low, scale)
    pauses = [min(max(high / root, shortest), longest) for root in roots]
    of_entries = sum(rate * pause for rate, pause in zip(rates, pauses, strict=True)) / sum(rates)
    return fmean(pauses), of_entries
