"""Why a source is polled when it is: everything that the decision rests on, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import NotModified, Plan
from aggregator.runtime.values import dataclass
from aggregator.schedule.gaps import most_expected
from aggregator.schedule.policy import next_poll
from aggregator.schedule.rhythm import profile

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from aggregator.model import PollState
    from aggregator.schedule.gaps import DocumentSpan
    from aggregator.schedule.history import History
    from aggregator.schedule.price import PollingBounds, Pricing

#: So many polls ahead are shown.
POLLS_AHEAD = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is believed of a source, and what follows.

    `entries_seen` is how many the estimate rests on, older ones weighing less. `weekday` and
    `weekend` are entries expected in each hour of a day, UTC. A request is made when the expected
    waiting of entries, in entry-hours, times `weight` reaches `price` (`None`: not known yet);
    waiting counts as if the source had `standing` entries a day more, published like its own.
    `most_new` is how many new entries may be expected before the document is likely to overflow.
    The first of `polls` is the one planned; the others, of a source that is well, are as they would
    be if nothing new came; each has what binds it. `held_until_at` is the end of a Retry-After that
    keeps the source from being polled, `None` where there is none.
    """

    source: str
    entries_per_day: float
    entries_seen: float
    weekday: tuple[float, ...]
    weekend: tuple[float, ...]
    price: float | None
    weight: float
    standing: float
    bounds: PollingBounds
    window: DocumentSpan
    most_new: float | None
    polls: tuple[Plan, ...]
    held_until_at: datetime | None = None


def explain(
    state: PollState,
    history: History,
    *,
    now: datetime,
    bounds: PollingBounds,
    pricing: Pricing,
    because: str | None = None,
) -> Explanation:
    """Return what a source's schedule rests on; `because` is the reason stored with its plan."""
    rates = profile(history.rhythm, pricing.pool)
    held = _held_until(state, now)
    polls = [_planned(state, because, held, now)]
    # What a failing source will answer, and when it will be well again, nobody can foresee.
    failing = state.failures > 0 or state.failing_since_at is not None
    while not failing and held is None and len(polls) < POLLS_AHEAD:
        polls.append(
            next_poll(
                state,
                history,
                NotModified(state.source.urls[0]),
                now=max(polls[-1].at, now),
                bounds=bounds,
                pricing=pricing,
                dice=lambda: 0.0,
            )
        )
    return Explanation(
        source=state.source.name,
        entries_per_day=history.rhythm.entries_per_day,
        entries_seen=sum(history.rhythm.seen),
        weekday=rates[:24],
        weekend=rates[24:],
        price=pricing.price,
        weight=state.source.weight,
        standing=pricing.standing,
        bounds=bounds,
        window=history.window,
        most_new=most_expected(history.window),
        polls=tuple(polls),
        held_until_at=held,
    )


def _held_until(state: PollState, now: datetime) -> datetime | None:
    """Return the end of what the publisher, or the host of every mirror, has asked us to wait."""
    gates = [at for at in (state.not_before_at, state.host_until_at) if at is not None and at > now]
    return max(gates, default=None)


def _planned(state: PollState, because: str | None, held: datetime | None, now: datetime) -> Plan:
    at = state.next_poll_at or now
    if held is not None and at < held:
        because = "Retry-After" if held == state.not_before_at else "its host is left alone"
        return Plan(held, because, held)
    return Plan(at, because or "never polled yet", held)


def lines(explanation: Explanation, zone: tzinfo) -> list[str]:
    """Return an explanation for people, its moments in `zone`."""
    shown = explanation
    return [
        f"rate: {shown.entries_per_day:.2f} entries a day, from {shown.entries_seen:.0f} seen",
        "entries in each hour of a day, UTC:",
        *_day("weekday", shown.weekday),
        *_day("weekend", shown.weekend),
        _price_line(shown),
        _window_line(shown, zone),
        *_held_line(shown, zone),
        "next polls, if nothing new comes:" if len(shown.polls) > 1 else "next poll:",
        *(
            f"  {plan.at.astimezone(zone).isoformat(' ', 'seconds')}  {plan.because}"
            for plan in shown.polls
        ),
    ]


def _day(kind: str, rates: tuple[float, ...]) -> list[str]:
    """Return the rates of a day in two lines, which a terminal of 80 columns does not break."""
    halves = (("00 to 11", rates[:12]), ("12 to 23", rates[12:]))
    return [f"  {kind} {hours}: {' '.join(map(_rate, half))}" for hours, half in halves]


def _rate(rate: float) -> str:
    """Return a rate with as many digits as fit into four characters."""
    return f"{rate:4.{2 if rate < 9.995 else 1 if rate < 99.95 else 0}f}"


def _held_line(shown: Explanation, zone: tzinfo) -> list[str]:
    if shown.held_until_at is None:
        return []
    until = shown.held_until_at.astimezone(zone).isoformat(" ", "seconds")
    return [f"not asked before {until}: its publisher, or its host, asked to wait or limits us"]


def _price_line(shown: Explanation) -> str:
    if shown.price is None:
        return f"price: not known yet; {shown.bounds.budget:g} polls a day until it is"
    return (
        f"price: a poll when entries are expected to have waited {shown.price:.3g} entry-hours, "
        f"weight {shown.weight:g}, {shown.standing:.2f} entries a day on top for every source; "
        f"the budget is {shown.bounds.budget:g} polls a day "
        "for the average source"
    )


def _window_line(shown: Explanation, zone: tzinfo) -> str:
    window = shown.window
    text = f"document: {window.entries} entries"
    if shown.most_new is not None:
        text += f", polled before {shown.most_new:.1f} new ones are expected"
    if window.gap_at is None:
        return f"{text}; no gap found"
    last = window.gap_at.astimezone(zone)
    return f"{text}; gaps found: {window.gaps}, the last on {last.isoformat(' ', 'minutes')}"
