"""Why a source is polled when it is: everything that the decision rests on, as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.model import NotModified, Plan
from aggregator.schedule.overflow import most_expected
from aggregator.schedule.policy import next_poll
from aggregator.schedule.rhythm import profile

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from aggregator.model import PollState
    from aggregator.schedule.habits import Habits
    from aggregator.schedule.overflow import Window
    from aggregator.schedule.price import Bounds, Pricing

#: So many polls ahead are shown.
POLLS_AHEAD = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is believed of a source, and what follows.

    `entries_seen` is how many the estimate rests on, older ones weighing less. `weekday` and
    `weekend` are entries expected in each hour of a day, UTC. A request is made when the expected
    waiting of entries, in entry-hours, times `weight` reaches `price` (`None`: not known yet).
    `most_new` is how many new entries may be expected before the document is likely to overflow.
    The first of `polls` is the one planned, the others are as they would be if nothing new came;
    each has what binds it.
    """

    source: str
    entries_per_day: float
    entries_seen: float
    weekday: tuple[float, ...]
    weekend: tuple[float, ...]
    price: float | None
    weight: float
    bounds: Bounds
    window: Window
    most_new: float | None
    polls: tuple[Plan, ...]


def explain(
    state: PollState,
    habits: Habits,
    *,
    now: datetime,
    bounds: Bounds,
    pricing: Pricing,
    because: str | None = None,
) -> Explanation:
    """Return what a source's schedule rests on; `because` is the reason stored with its plan."""
    rates = profile(habits.rhythm, pricing.pool)
    at = state.next_poll_at or now
    polls = [Plan(at, because or "never polled yet", state.not_before_at)]
    answering = replace(state, failures=0, failing_since_at=None)
    while len(polls) < POLLS_AHEAD:
        polls.append(
            next_poll(
                answering,
                habits,
                NotModified(state.source.urls[0]),
                now=max(polls[-1].at, now),
                bounds=bounds,
                pricing=pricing,
                dice=lambda: 0.0,
            )
        )
    return Explanation(
        source=state.source.name,
        entries_per_day=habits.rhythm.entries_per_day,
        entries_seen=sum(habits.rhythm.seen),
        weekday=rates[:24],
        weekend=rates[24:],
        price=pricing.price,
        weight=state.source.weight,
        bounds=bounds,
        window=habits.window,
        most_new=most_expected(habits.window),
        polls=tuple(polls),
    )


def lines(explanation: Explanation, zone: tzinfo) -> list[str]:
    """Return an explanation for people, its moments in `zone`."""
    shown = explanation
    return [
        f"rate: {shown.entries_per_day:.2f} entries a day, from {shown.entries_seen:.0f} seen",
        "entries an hour, 00 to 23 UTC:",
        "  weekday: " + " ".join(f"{rate:.2f}" for rate in shown.weekday),
        "  weekend: " + " ".join(f"{rate:.2f}" for rate in shown.weekend),
        _price_line(shown),
        _window_line(shown, zone),
        "next polls, if nothing new comes:",
        *(
            f"  {plan.at.astimezone(zone).isoformat(' ', 'seconds')}  {plan.because}"
            for plan in shown.polls
        ),
    ]


def _price_line(shown: Explanation) -> str:
    if shown.price is None:
        return f"price: not known yet; {shown.bounds.budget:g} polls a day until it is"
    return (
        f"price: a poll when entries are expected to have waited {shown.price:.3g} entry-hours, "
        f"weight {shown.weight:g}; the budget is {shown.bounds.budget:g} polls a day "
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
