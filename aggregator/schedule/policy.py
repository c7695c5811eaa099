"""When to poll a source next: one pure decision, with its reason.

What binds, strongest first: the publisher's Retry-After, for the source or for its whole host,
and the hold of a host that limits us; failures and ends; the operator's fixed interval; the
publisher's hints; max_interval; min_interval; the price of a request.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, assert_never

from aggregator.model import Failed, Fetched, Gone, NotModified, Plan, ProblemKind
from aggregator.schedule.gaps import alarm, is_in_vain, most_expected
from aggregator.schedule.price import PollingBounds, full_after, own_share, worth_asking

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import DocumentHints, HttpHints, Outcome, PollState
    from aggregator.schedule.history import History
    from aggregator.schedule.price import Pricing

__all__ = ["PollingBounds", "next_poll"]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

#: No failure lasts longer than this between two attempts: nothing is given up.
LONGEST_BACKOFF = DAY
#: A quarter of a failure's pause is the dice's, so that a host that recovers is not stormed.
BACKOFF_JITTER = 0.25
#: 429 and 503 without a Retry-After: the server is in trouble, and an hour is what peers wait.
OVERLOADED = frozenset({429, 503})
OVERLOADED_PAUSE = HOUR
#: 401, 403 and 451 are decisions of people, and so is a page that only a browser passes.
REFUSED = frozenset({401, 403, 451})
#: After two weeks of nothing but failures, a 404 is believed; as many must have been counted, so
#: that a clock that jumps ahead does not age a failure.
LONG_MISSING = timedelta(days=14)
LONG_MISSING_FAILURES = 14

#: Publishers' hints never keep us away for longer (RSS Advisory Board: "a suggestion").
LONGEST_HINT = DAY
#: WordPress writes an `sy:updatePeriod` of an hour into every document, asked or not: so say 56 of
#: 57 that were seen with one. That is nobody's wish; what is longer, somebody has chosen.
UNASKED_PERIOD = HOUR

#: No host silences its sources for longer: the longest Retry-After.
LONGEST_GATE = timedelta(days=31)

#: Share of the pause, and the most, that the dice may add: so that sources spread out.
JITTER = 0.05
MOST_JITTER = timedelta(minutes=2)


def next_poll(
    state: PollState,
    history: History,
    outcome: Outcome,
    *,
    now: datetime,
    bounds: PollingBounds,
    pricing: Pricing,
    dice: Callable[[], float],
    host_until: datetime | None = None,
    limited_until: datetime | None = None,
) -> Plan:
    """Return when to poll a source again after `outcome`, counted from `now`, its response's end.

    `state` is from before the poll, but for `hints`, which are those of the newest document;
    `history` have observed the poll. `dice` gives numbers in [0, 1); jitter only ever makes a poll
    later. `host_until` is the end of a hold of the source's host, `limited_until` that of one that
    `outcome` has brought, a limit without a Retry-After. The result is inside none of them, nor
    inside the outcome's own Retry-After, and never before min_interval but for a fixed interval.
    """
    throw = dice()
    retry_after = None
    match outcome:
        case Failed(hints=hints):
            retry_after = hints.retry_after
            at, because = _after_failure(
                state, outcome, now, bounds, throw, limited_until=limited_until
            )
        case Gone():
            pause = max(WEEK, state.source.interval or WEEK)
            at, because = now + _jittered(pause, throw), "410 Gone: asked weekly"
        case Fetched(hints=hints) | NotModified(hints=hints):
            retry_after = hints.retry_after
            at, because = _after_success(
                state, history, hints, now=now, bounds=bounds, pricing=pricing, throw=throw
            )
        case _:
            assert_never(outcome)
    own = None if retry_after is None else now + min(retry_after, LONGEST_GATE)
    gate = None if host_until is None else min(host_until, now + LONGEST_GATE)
    until = max((moment for moment in (own, gate) if moment is not None), default=now)
    if until <= now:
        return Plan(at, because)
    if at >= until:
        return Plan(at, because, until)
    because = "Retry-After" if until == own else "Retry-After of its host"
    return Plan(until + _jitter(until - now, throw), because, until)


def first_allowed(hints: DocumentHints, at: datetime) -> tuple[datetime, str | None]:
    """Return the first moment from `at` on that skipHours and skipDays allow, and which moved it.

    Both count in GMT; hour 24 is 0. A list of every hour, or of every day, is not meant
    (https://www.rssboard.org/rss-profile#element-channel-skipdays): that list is ignored.
    """
    hours = {hour % 24 for hour in hints.skip_hours}
    days = {day % 7 for day in hints.skip_days}
    hours = hours if len(hours) < 24 else set()
    days = days if len(days) < 7 else set()
    moved, because = at.astimezone(UTC), None
    while True:
        if moved.weekday() in days:
            moved = moved.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
            because = because or "skipDays"
        elif moved.hour in hours:
            moved = moved.replace(minute=0, second=0, microsecond=0) + HOUR
            because = because or "skipHours"
        else:
            return moved, because


def _after_failure(
    state: PollState,
    outcome: Failed,
    now: datetime,
    bounds: PollingBounds,
    throw: float,
    *,
    limited_until: datetime | None,
) -> tuple[datetime, str]:
    """Double the pause with each failure; what is not going to pass soon is asked more seldom."""
    failures = state.failures + 1
    first = state.source.interval or bounds.shortest
    status = outcome.status
    if status == 404 and _long_missing(state, now):
        pause = max(WEEK, first)
        return now + _jittered(pause, throw), "404 for two weeks: asked weekly"
    if outcome.problem.kind is ProblemKind.CHALLENGE:
        return now + _jittered(max(DAY, first), throw), "a page for browsers: asked daily"
    if status == 403 and limited_until is not None:
        pause = max(first, limited_until - now)
        return now + _jittered(pause, throw), "403 right after successes: its host's limit"
    if status in REFUSED:
        return now + _jittered(max(DAY, first), throw), f"{status}: asked daily"
    if status in OVERLOADED and outcome.hints.retry_after is None:
        first = max(first, OVERLOADED_PAUSE)
    most = LONGEST_BACKOFF / (1 + BACKOFF_JITTER)
    pause = max(min(first * 2 ** min(failures - 1, 20), most), first)
    because = f"failed {failures} time{'s' if failures > 1 else ''}"
    at = now + pause * (1 + BACKOFF_JITTER * throw)
    if limited_until is None:
        return at, because
    return max((at, because), (now + _jittered(limited_until - now, throw), "its host's limit"))


def _long_missing(state: PollState, now: datetime) -> bool:
    return (
        state.failing_since_at is not None
        and now - state.failing_since_at >= LONG_MISSING
        and state.failures >= LONG_MISSING_FAILURES
    )


def _after_success(
    state: PollState,
    history: History,
    http: HttpHints,
    *,
    now: datetime,
    bounds: PollingBounds,
    pricing: Pricing,
    throw: float,
) -> tuple[datetime, str]:
    if state.hints.expired:
        pause = max(WEEK, state.source.interval or WEEK)
        return now + _jittered(pause, throw), "the document says it has expired: asked weekly"
    if state.source.interval is not None:
        return now + _jittered(state.source.interval, throw), "fixed interval"
    pause, because = _wanted(state, history, now, bounds, pricing)
    if pause < bounds.shortest:
        pause, because = bounds.shortest, "min_interval"
    if pause >= bounds.longest:
        pause, because = bounds.longest, "max_interval"
    hint, name = _hint(state.hints, http)
    if hint > pause:
        pause, because = hint, name
    at, skipped = first_allowed(state.hints, now + _jittered(pause, throw))
    if skipped is not None:
        return at + MOST_JITTER * throw, skipped
    return at, because


def _wanted(
    state: PollState, history: History, now: datetime, bounds: PollingBounds, pricing: Pricing
) -> tuple[timedelta, str]:
    """Return the pause that the source's history ask for, at most `bounds.longest`."""
    if pricing.price is None:
        pause, because = min(DAY / bounds.budget, bounds.longest), "price not known yet"
    else:
        pause = worth_asking(
            history.rhythm, pricing, now=now, weight=state.source.weight, longest=bounds.longest
        )
        because = "price"
    most = most_expected(history.window)
    if most is not None:
        full = full_after(history.rhythm, pricing.pool, now=now, most=most, longest=pause)
        if full < pause:
            pause, because = full, "before the document overflows"
    # A source whose documents never share an entry would else be asked ever more at the others'
    # expense: a gap uses what is left of the source's own part of the budget.
    own = own_share(bounds, state.source.weight)
    if (halvings := alarm(history.window, now)) and pause > own:
        pause = max(pause / 2**halvings, own)
        because = "entries may have been missed: asked more often"
    if is_in_vain(history.window) and pause < own:
        pause, because = own, "documents never share an entry: its own part of the budget"
    return pause, because


def _hint(document: DocumentHints, http: HttpHints) -> tuple[timedelta, str]:
    """Return the longest pause that the publisher suggests, bounded, and what suggests it."""
    period = document.update_every
    hints = [
        (http.fresh_for, "Cache-Control"),
        (document.ttl, "ttl"),
        (period if period and period > UNASKED_PERIOD else None, "sy:updatePeriod"),
    ]
    given = [(min(pause, LONGEST_HINT), name) for pause, name in hints if pause is not None]
    return max(given, default=(timedelta(0), ""))


def _jittered(pause: timedelta, throw: float) -> timedelta:
    return pause + _jitter(pause, throw)


def _jitter(pause: timedelta, throw: float) -> timedelta:
    return min(pause * JITTER, MOST_JITTER) * throw
