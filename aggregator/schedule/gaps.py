"""What may be lost: documents that show the newest entries only, asked too seldom.

A poll that shares no entry with the one before has found a gap: what stood between was perhaps
never seen. It is recorded, shown, and the source is asked more often for a while; and so that it
does not come to that, a source is polled before a document is likely to overflow.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from math import exp
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.model import Tally

#: A poll is planned so that more new entries than this share of a document come with less than
#: `OVERFLOW_RISK`: the rest is for days that are busier than foreseen.
FULL_SHARE = 0.7
OVERFLOW_RISK = 0.01

#: For this long after a gap a source is polled more often.
ALARM = timedelta(days=2)
#: An eighth of the pause; a source whose ids change with every poll has a "gap" each time.
MOST_HALVINGS = 3
#: A source is asked eight times as often by now, and still no document shares an entry with the one
#: before: asking more does not help. Its ids change with every poll, or it is a flood.
IN_VAIN = MOST_HALVINGS
#: Enough to show; a counter that only grows needs an end.
MOST_GAPS = 1_000_000


@dataclass(frozen=True, slots=True)
class DocumentSpan:
    """The entries in the document read last, and the gaps found: how many, the last one when.

    `in_a_row` are those since a document that shared an entry with the one before it.
    """

    entries: int = 0
    gaps: int = 0
    gap_at: datetime | None = None
    halvings: int = 0
    in_a_row: int = 0


def found_gap(window: DocumentSpan, tally: Tally) -> bool:
    """Tell whether a document that was read shares nothing with the one before."""
    return window.entries > 0 and tally.new > 0 and tally.shared == 0 and tally.pruned == 0


def watch(window: DocumentSpan, tally: Tally, *, now: datetime) -> DocumentSpan:
    """Return the window after a document with this tally was read at `now`."""
    entries = tally.new + tally.shared + tally.pruned
    if not found_gap(window, tally):
        return replace(window, entries=entries, in_a_row=0)
    halvings = min(alarm(window, now) + 1, MOST_HALVINGS)
    in_a_row = min(window.in_a_row + 1, IN_VAIN)
    return DocumentSpan(entries, min(window.gaps + 1, MOST_GAPS), now, halvings, in_a_row)


def is_in_vain(window: DocumentSpan) -> bool:
    """Tell whether a source is asked in vain: what it brings says nothing of how often it does."""
    return window.in_a_row >= IN_VAIN


def alarm(window: DocumentSpan, now: datetime) -> int:
    """Return how many times the pause is halved at `now` for a gap found not long ago."""
    if window.gap_at is None or abs(now - window.gap_at) > ALARM:
        return 0
    return window.halvings


@cache
def _most_expected(limit: int) -> float:
    """Return the largest Poisson mean with which more than `limit` come with `OVERFLOW_RISK`."""
    low, high = 0.0, float(limit + 1)
    for _ in range(40):
        mean = (low + high) / 2
        term = total = exp(-mean)
        for count in range(1, limit + 1):
            term *= mean / count
            total += term
        low, high = (mean, high) if 1 - total < OVERFLOW_RISK else (low, mean)
    return low


#: Above this many entries a document is taken for one of this many: no use in larger ones, and
#: exp(-mean) stays above zero.
_LARGEST = 500


def most_expected(window: DocumentSpan) -> float | None:
    """Return how many new entries may be expected until the next poll; `None`: any number."""
    if not window.entries:
        return None
    return _most_expected(max(1, int(FULL_SHARE * min(window.entries, _LARGEST))))
