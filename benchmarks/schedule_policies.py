"""Ways to schedule: when each would have polled, replayed on publication times.

All obey what a publisher asked for (`ttl`). The price is not imitated: these are the functions that
the daemon calls (`observe`, `next_poll`, `steer`), and it has to find its budget as it goes. What
the others need is tuned to the budget by bisection, with hindsight, which no running program has.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil, exp, log, sqrt
from statistics import fmean
from typing import TYPE_CHECKING

from aggregator.model import (
    DocumentHints,
    Fetched,
    NotModified,
    PollState,
    Source,
    Tally,
    Validators,
)
from aggregator.schedule.favour import Favour
from aggregator.schedule.history import History, observe
from aggregator.schedule.policy import next_poll
from aggregator.schedule.price import PollingBounds, Priced, Pricing, count_request, steer
from benchmarks.schedule_traces import DAY, HOUR, SEED

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.schedule_traces import Traces

#: Everybody may learn for four weeks before anything is measured.
WARM_UP = 28 * DAY
#: A document shows this many entries.
WINDOW = 20

#: When each source was asked.
Polls = list[list[float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a replay came to after the warm-up: minutes of delay by source, requests, losses."""

    delays: tuple[tuple[float, ...], ...]
    requests: int
    lost: int

    @property
    def mean(self) -> float:
        """The mean delay of an entry."""
        return fmean(delay for of_one in self.delays for delay in of_one)


def measure(traces: Traces, polls: Polls) -> Measured:
    """Return what these polls came to."""
    begin, end = traces.start + WARM_UP, traces.end
    delays, requests, lost = [], 0, 0
    for times, asked in zip(traces.sources, polls, strict=True):
        requests += bisect_right(asked, end) - bisect_left(asked, begin)
        measured = times[bisect_left(times, begin) :]
        delays.append(tuple((asked[bisect_left(asked, at)] - at) / 60 for at in measured))
        known = bisect_right(times, begin)
        for poll in asked[bisect_left(asked, begin) :]:
            shown = bisect_right(times, poll)
            lost += max(0, shown - known - WINDOW)
            known = shown
    return Measured(tuple(delays), requests, lost)


def each_alone(traces: Traces, pause: Callable[[int, float], float]) -> Polls:
    """Poll every source by a rule that looks at that source only: `pause(number, now)` seconds."""
    dice = random.Random(SEED)  # noqa: S311 # a replay, not a secret
    polls, end = [], traces.end
    for number in range(len(traces.sources)):
        at, wish = traces.start + dice.random() * HOUR, traces.wish(number)
        asked = [at]
        while at <= end:
            at += max(pause(number, at), wish)
            asked.append(at)
        polls.append(asked)
    return polls


def tuned(traces: Traces, budget: float, polls_at: Callable[[float], Polls]) -> Polls:
    """Find the factor (more: more requests) with which a rule meets the budget."""
    wanted = budget * len(traces.sources) * (traces.end - traces.start - WARM_UP) / DAY
    low, high = 1e-4, 1e4
    polls: Polls = []
    for _ in range(30):
        factor = sqrt(low * high)
        polls = polls_at(factor)
        requests = measure(traces, polls).requests
        if abs(requests / wanted - 1) < 0.003:
            break
        low, high = (low, factor) if requests > wanted else (factor, high)
    return polls


def fixed(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """One interval for all; where publishers' wishes make it use less, a shorter one."""
    shortest, longest = bounds.shortest.total_seconds(), bounds.longest.total_seconds()

    def polls_at(factor: float) -> Polls:
        pause = min(max(DAY / (budget * factor), shortest), longest)
        return each_alone(traces, lambda _number, _now: pause)

    return tuned(traces, budget, polls_at)


def entry_frequency(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """Miniflux's formula: a week over a week's entries and a factor, up to a longest interval.

    The week's entries are as its `WeeklyFeedEntryCount` has them: a week over the mean gap of those
    of the last seven days, rounded up; none where there is one, or none
    (https://github.com/miniflux/v2, internal/storage/feed.go). Factor and longest interval are
    tuned together: of those that meet the budget, the pair with the shortest mean delay.
    """
    shortest, longest = bounds.shortest.total_seconds(), bounds.longest.total_seconds()

    def weekly(number: int, now: float) -> int:
        times = traces.sources[number]
        first, after = bisect_left(times, now - 7 * DAY), bisect_right(times, now)
        if after - first < 2:
            return 0
        gap = (times[after - 1] - times[first]) / (after - first - 1)
        return ceil(7 * DAY / gap) if gap else 0

    def polls_with(most: float) -> Polls:
        def polls_at(factor: float) -> Polls:
            def pause(number: int, now: float) -> float:
                count = weekly(number, now)
                return min(max(7 * DAY / (count * factor), shortest), most) if count else most

            return each_alone(traces, pause)

        return tuned(traces, budget, polls_at)

    tried = [polls_with(max(longest / part, shortest)) for part in (1, 1.5, 2, 3, 4, 6, 8, 12)]
    wanted = budget * len(traces.sources) * (traces.end - traces.start - WARM_UP) / DAY
    found = [(measure(traces, polls), polls) for polls in tried]
    met = [pair for pair in found if abs(pair[0].requests / wanted - 1) < 0.01] or found[:1]
    return min(met, key=lambda pair: pair[0].mean)[1]


def square_root(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """Polls in proportion to the square root of the rate, the rate averaged as ours is."""
    shortest, longest = bounds.shortest.total_seconds(), bounds.longest.total_seconds()
    start, fading = traces.start, log(2) / (10 * DAY)
    # The average decays between entries only: summed up once, it is quick to look up.
    sums: list[list[float]] = []
    for times in traces.sources:
        total, before, found = 0.0, times[0], []
        for at in times:
            total = total * exp(-fading * (at - before)) + 1
            before = at
            found.append(total)
        sums.append(found)

    def polls_at(factor: float) -> Polls:
        def pause(number: int, now: float) -> float:
            times = traces.sources[number]
            known = bisect_right(times, now)
            seen = sums[number][known - 1] * exp(-fading * (now - times[known - 1])) if known else 0
            watched = (1 - exp(-fading * (now - start))) / fading
            rate = (seen + 0.5) / (watched + 3 * DAY)
            return min(max(HOUR / (factor * sqrt(rate * HOUR)), shortest), longest)

        return each_alone(traces, pause)

    return tuned(traces, budget, polls_at)


def price(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """Ours, by the functions that the daemon calls."""
    bounds = replace(bounds, budget=budget)
    dice = random.Random(SEED)  # noqa: S311 # a replay, not a secret
    dates = [[datetime.fromtimestamp(at, UTC) for at in times] for times in traces.sources]
    states = [
        PollState(
            number,
            Source(str(number), "https://one.example/feed.xml"),
            hints=traces.hints[number] if traces.hints else DocumentHints(),
        )
        for number in range(len(traces.sources))
    ]
    history = [History() for _ in states]
    known = [0 for _ in states]
    polls: Polls = [[] for _ in states]
    unchanged = NotModified("https://one.example/feed.xml")
    changed = Fetched(unchanged.url, 200, b"", b"", None, Validators())
    pricing = Pricing()
    steered_at, end = traces.start, traces.end
    queue = [(traces.start + dice.random() * HOUR, number) for number in range(len(states))]
    heapq.heapify(queue)
    while queue:
        at, number = heapq.heappop(queue)
        now = datetime.fromtimestamp(at, UTC)
        if at >= steered_at:
            sources = [
                Priced(1.0, history[state.source_id].rhythm)
                for state in states
                if state.last_success_at is not None
            ]
            pricing = steer(pricing, sources, now=now, bounds=bounds)
            steered_at = at + HOUR
        polls[number].append(at)
        if at > end:
            continue
        shown = bisect_right(traces.sources[number], at)
        new = min(shown - known[number], WINDOW)
        tally = Tally(new=new, shared=min(shown, WINDOW) - new) if new else None
        state = states[number]
        history[number] = observe(
            history[number],
            tally,
            dates[number][shown - new : shown],
            now=now,
            polled_at=state.last_success_at,
        )
        known[number] = shown
        plan = next_poll(
            state,
            history[number],
            changed if new else unchanged,
            now=now,
            bounds=bounds,
            pricing=pricing,
            dice=dice.random,
        )
        states[number] = replace(state, last_success_at=now)
        pricing = count_request(pricing)
        heapq.heappush(queue, (plan.at.timestamp(), number))
    return polls


def price_for_sources(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """Ours with `favour = "sources"`."""
    return price(traces, budget, replace(bounds, favour=Favour.SOURCES))


def price_and_periods(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """Ours, if an `sy:updatePeriod` of an hour were obeyed as a `ttl` of an hour is."""
    longest = timedelta(0)
    hints = tuple(
        replace(one, ttl=max(one.ttl or longest, one.update_every or longest) or None)
        for one in traces.hints
    )
    return price(replace(traces, hints=hints), budget, bounds)


POLICIES = {
    "fixed": fixed,
    "Miniflux": entry_frequency,
    "√rate": square_root,
    "price": price,
    "price, for sources": price_for_sources,
    "price, periods obeyed": price_and_periods,
}
