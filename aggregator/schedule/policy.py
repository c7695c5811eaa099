"""When to poll a source next: one pure decision, with its reason.

What binds, strongest first: the publisher's Retry-After; failures; the operator's fixed interval;
the publisher's hints; the operator's bounds; the source's own rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from aggregator.model import Failed, Fetched, Gone, NotModified, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from aggregator.model import DocumentHints, HttpHints, Outcome, PollState

#: No failure lasts longer than this between two attempts: nothing is given up.
LONGEST_BACKOFF = timedelta(days=1)

#: A source that answered 410 Gone is asked this seldom, in case it was a mistake.
GONE_INTERVAL = timedelta(days=7)

#: Publishers' hints never keep us away for longer (RSS Advisory Board: "a suggestion").
LONGEST_HINT = timedelta(days=1)

#: Sources that never failed and gave no date yet: ask at this pace until their rhythm is known.
UNKNOWN_RHYTHM = timedelta(hours=1)

#: Share of the pause, and the most, that the dice may add: so that sources spread out.
JITTER = 0.05
MOST_JITTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The operator's bounds for adaptive intervals."""

    shortest: timedelta
    longest: timedelta


def next_poll(
    state: PollState,
    outcome: Outcome,
    *,
    now: datetime,
    bounds: Bounds,
    dice: Callable[[], float],
) -> Plan:
    """Return when to poll a source again after `outcome`, counted from `now`, its response's end.

    `dice` gives numbers in [0, 1); jitter only ever makes a poll later. The result is never
    inside a Retry-After.
    """
    match outcome:
        case Failed(hints=hints):
            pause, because = _backoff(state, bounds, dice)
        case Gone():
            return Plan(now + GONE_INTERVAL, "410 Gone: asked weekly")
        case Fetched(hints=hints) | NotModified(hints=hints):
            pause, because = _pause(state, hints, now, bounds)
            pause += min(pause * JITTER, MOST_JITTER) * dice()
        case _:
            assert_never(outcome)
    if hints.retry_after is not None:
        not_before = now + hints.retry_after
        if pause < hints.retry_after:
            return Plan(not_before, "Retry-After", not_before)
        return Plan(now + pause, because, not_before)
    return Plan(now + pause, because)


def _backoff(state: PollState, bounds: Bounds, dice: Callable[[], float]) -> tuple[timedelta, str]:
    """Double the pause with each failure; the dice take up to a quarter, so that hosts recover."""
    failures = state.failures + 1
    first = state.source.interval or bounds.shortest
    doublings = min(failures - 1, 20)
    pause = min(first * 2**doublings, LONGEST_BACKOFF)
    pause = max(pause * (1 - dice() / 4), first)
    return pause, f"failed {failures} time{'s' if failures > 1 else ''}"


def _pause(
    state: PollState, http: HttpHints, now: datetime, bounds: Bounds
) -> tuple[timedelta, str]:
    if state.source.interval is not None:
        return state.source.interval, "fixed interval"
    pause, because = _rhythm(state.arrivals, now)
    if pause < bounds.shortest:
        pause, because = bounds.shortest, "min_interval"
    if pause > bounds.longest:
        pause, because = bounds.longest, "max_interval"
    hint, name = _hint(state.hints, http)
    if hint > pause:
        pause, because = hint, name
    return pause, because


def _rhythm(arrivals: Sequence[datetime], now: datetime) -> tuple[timedelta, str]:
    """Half the mean gap between recent entries, growing with the silence since the newest."""
    if len(arrivals) < 2:
        return UNKNOWN_RHYTHM, "rhythm not known yet"
    gap = max(arrivals[0] - arrivals[-1], timedelta(0)) / (len(arrivals) - 1)
    silence = max(now - arrivals[0], timedelta(0))
    return max(gap, silence / 2) / 2, "half the time between entries"


def _hint(document: DocumentHints, http: HttpHints) -> tuple[timedelta, str]:
    """Return the longest pause that the publisher suggests, bounded, and what suggests it."""
    hints = [
        (http.fresh_for, "Cache-Control"),
        (document.ttl, "ttl"),
        (document.update_every, "sy:updatePeriod"),
    ]
    given = [(min(pause, LONGEST_HINT), name) for pause, name in hints if pause is not None]
    return max(given, default=(timedelta(0), ""))
