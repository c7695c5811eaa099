"""How long entries wait to be seen: fixed intervals, other programs' formulas, and the price.

    make bench-schedule
    .venv/bin/python benchmarks/schedule.py [--traces FILE] [--budgets 6,12,24,48]

Replays the publication times of real sources (feed,published_at; seconds since the epoch) against
each way to schedule, with as many requests for each. The price is not imitated: these are the
functions that the daemon calls (`observe`, `next_poll`, `steer`). Everything else is tuned to the
budget by bisection, which no running program could do; the price has to find it as it goes.

Without the file, publication times of a similar shape are generated from a fixed seed.
"""

from __future__ import annotations

import argparse
import csv
import heapq
import json
import os
import random
import statistics
from bisect import bisect_left, bisect_right
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from math import exp, log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model import Fetched, NotModified, PollState, Source, Tally, Validators
from aggregator.schedule.history import History, observe
from aggregator.schedule.policy import next_poll
from aggregator.schedule.price import PollingBounds, Priced, Pricing, count_request, steer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parent.parent
FILE = "publication-times.csv"
RESULTS = ROOT / "benchmarks" / "results" / "schedule.json"

HOUR = 3600.0
DAY = 24 * HOUR
#: Everybody may learn for four weeks before anything is measured.
WARM_UP = 28 * DAY
#: A document shows this many entries.
WINDOW = 20
BUDGETS = (6, 12, 24, 48)
WIDE = PollingBounds(timedelta(minutes=5), timedelta(hours=24))
DEFAULT = PollingBounds(timedelta(minutes=15), timedelta(hours=12))
#: Sources of this kind are made, not recorded.
SYNTHETIC = "SYN/"
SEED = 20261120


@dataclass(frozen=True, slots=True)
class Traces:
    """Publication times of each source, sorted, in seconds since the epoch."""

    names: tuple[str, ...]
    sources: tuple[tuple[float, ...], ...]
    origin: str

    @property
    def start(self) -> float:
        return min(times[0] for times in self.sources)

    @property
    def end(self) -> float:
        return max(times[-1] for times in self.sources)

    def real(self) -> Traces:
        """Return the recorded sources alone."""
        kept = [
            (name, times)
            for name, times in zip(self.names, self.sources, strict=True)
            if not name.startswith(SYNTHETIC)
        ]
        names, sources = zip(*kept, strict=True)
        return Traces(names, sources, self.origin)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What every policy is replayed on."""

    title: str
    traces: Traces
    bounds: PollingBounds


@dataclass(frozen=True, slots=True)
class Result:
    """What one way to schedule came to; delays in minutes."""

    scenario: str
    budget: float
    policy: str
    requests_per_day: float
    mean: float
    median: float
    p95: float
    requests_per_entry: float
    lost: int


Polls = list[list[float]]


def read_traces(path: Path) -> Traces:
    """Read `feed,published_at` rows."""
    found: dict[str, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["feed"], []).append(float(row["published_at"]))
    return Traces(tuple(found), tuple(tuple(sorted(times)) for times in found.values()), path.name)


def make_traces(sources: int = 78, days: int = 58, seed: int = SEED) -> Traces:
    """Generate sources of 0.2 to 50 entries a day, and one of 190, with days and weekends."""
    dice = random.Random(seed)  # noqa: S311 # a replay, not a secret
    start = datetime(2026, 5, 4, tzinfo=UTC).timestamp()
    made = []
    for number in range(sources):
        rate = 190.0 if number == 0 else min(50.0, max(0.2, exp(dice.gauss(log(2.5), 1.5))))
        peak, depth, weekend = dice.choice((4, 8, 14, 19)), dice.uniform(0.3, 0.9), dice.random()
        times: list[float] = []
        for hour in range(days * 24):
            distance = min((hour - peak) % 24, (peak - hour) % 24) / 12
            share = 1 + depth * (1 - 2 * distance)
            share *= weekend if hour // 24 % 7 >= 5 else 1
            at = dice.expovariate(rate * share / 24) if share > 0 else 1.0
            while at < 1:
                times.append(start + (hour + at) * HOUR)
                at += dice.expovariate(rate * share / 24)
        made.append(tuple(times) or (start,))
    names = (f"{SYNTHETIC}fast", *(f"made/{number}" for number in range(1, sources)))
    return Traces(names, tuple(made), f"generated, seed {seed}")


def measure(traces: Traces, polls: Polls) -> tuple[list[float], int, int]:
    """Return delays in minutes, requests and lost entries, after the warm-up."""
    begin, end = traces.start + WARM_UP, traces.end
    delays, requests, lost = [], 0, 0
    for times, asked in zip(traces.sources, polls, strict=True):
        requests += bisect_right(asked, end) - bisect_left(asked, begin)
        delays += [
            (asked[bisect_left(asked, at)] - at) / 60 for at in times[bisect_left(times, begin) :]
        ]
        known = bisect_right(times, begin)
        for poll in asked[bisect_left(asked, begin) :]:
            shown = bisect_right(times, poll)
            lost += max(0, shown - known - WINDOW)
            known = shown
    return delays, requests, lost


def each_alone(traces: Traces, pause: Callable[[int, float], float]) -> Polls:
    """Poll every source by a rule that looks at that source only: `pause(number, now)` seconds."""
    dice = random.Random(SEED)  # noqa: S311 # a replay, not a secret
    polls, end = [], traces.end
    for number in range(len(traces.sources)):
        at = traces.start + dice.random() * HOUR
        asked = [at]
        while at <= end:
            at += pause(number, at)
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
        requests = measure(traces, polls)[1]
        if abs(requests / wanted - 1) < 0.003:
            break
        low, high = (low, factor) if requests > wanted else (factor, high)
    return polls


def fixed(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """One interval for all."""
    pause = min(max(DAY / budget, bounds.shortest.total_seconds()), bounds.longest.total_seconds())
    return each_alone(traces, lambda _number, _now: pause)


def entry_frequency(traces: Traces, budget: float, bounds: PollingBounds) -> Polls:
    """Miniflux's formula: a week over the entries of the last week, times a factor."""
    shortest, longest = bounds.shortest.total_seconds(), bounds.longest.total_seconds()

    def polls_at(factor: float) -> Polls:
        def pause(number: int, now: float) -> float:
            times = traces.sources[number]
            weekly = bisect_right(times, now) - bisect_right(times, now - 7 * DAY)
            if weekly == 0:
                return longest
            return min(max(7 * DAY / (weekly * factor), shortest), longest)

        return each_alone(traces, pause)

    return tuned(traces, budget, polls_at)


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
        PollState(number, Source(str(number), "https://one.example/feed.xml"))
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


POLICIES = {
    "fixed": fixed,
    "entry_frequency": entry_frequency,
    "sqrt(rate)": square_root,
    "price": price,
}


def run(scenario: Scenario, policy: str, budget: float) -> Result:
    """Replay one policy and measure it."""
    traces = scenario.traces
    polls = POLICIES[policy](traces, budget, scenario.bounds)
    delays, requests, lost = measure(traces, polls)
    days = (traces.end - traces.start - WARM_UP) / DAY
    delays.sort()
    return Result(
        scenario=scenario.title,
        budget=budget,
        policy=policy,
        requests_per_day=round(requests / days / len(traces.sources), 2),
        mean=round(statistics.fmean(delays), 2),
        median=round(statistics.median(delays), 2),
        p95=round(delays[int(0.95 * len(delays))], 2),
        requests_per_entry=round(requests / len(delays), 2),
        lost=lost,
    )


def table(results: Sequence[Result]) -> str:
    """Return a Markdown table, each row with the price's mean delay relative to that policy's."""
    heads = (
        ("budget", "---:"),
        ("policy", "---"),
        ("requests/day", "---:"),
        ("mean", "---:"),
        ("median", "---:"),
        ("p95", "---:"),
        ("requests/entry", "---:"),
        ("lost", "---:"),
        ("the price's mean", "---:"),
    )
    lines = ["| " + " | ".join(column) + " |" for column in zip(*heads, strict=True)]
    ours = {result.budget: result.mean for result in results if result.policy == "price"}
    for one in results:
        ratio = f"{ours[one.budget] / one.mean:.2f}×" if one.policy != "price" else ""
        lines.append(
            f"| {one.budget:g} | {one.policy} | {one.requests_per_day:.2f} | {one.mean:.1f} "
            f"| {one.median:.1f} | {one.p95:.1f} | {one.requests_per_entry:.2f} | {one.lost} "
            f"| {ratio} |"
        )
    return "\n".join(lines)


def find_traces(given: str | None) -> Traces:
    """Return the traces named, else those beside the repository, else generated ones."""
    named = given or os.environ.get("AGGREGATOR_TRACES")
    path = Path(named) if named else ROOT.parent / "shared" / "data" / "traces"
    path = path / FILE if path.is_dir() else path
    if named or path.exists():
        return read_traces(path)
    return make_traces()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--traces", help=f"{FILE}, or the folder that it is in")
    arguments.add_argument("--budgets", default=",".join(map(str, BUDGETS)))
    arguments.add_argument("--results", type=Path, default=RESULTS)
    given = arguments.parse_args()
    traces = find_traces(given.traces)
    entries = sum(map(len, traces.sources))
    days = (traces.end - traces.start) / DAY
    print(f"{len(traces.sources)} sources, {entries} entries, {days:.1f} days ({traces.origin})")
    print(f"measured after {WARM_UP / DAY:.0f} days; delays in minutes; window {WINDOW}")
    real, count = traces.real(), len(traces.sources)
    scenarios = [
        Scenario(f"{count} sources, 5 min to 24 h", traces, WIDE),
        Scenario(f"{count} sources, config.toml's defaults: 15 min to 12 h", traces, DEFAULT),
        Scenario(f"{len(real.sources)} sources without the fast one, 5 min to 24 h", real, WIDE),
    ]
    jobs = [
        (scenario, policy, float(budget))
        for scenario in scenarios
        for budget in given.budgets.split(",")
        for policy in POLICIES
    ]
    with ProcessPoolExecutor() as processes:
        results = list(processes.map(run, *zip(*jobs, strict=True)))
    for scenario in scenarios:
        print(f"\n### {scenario.title}\n")
        print(table([result for result in results if result.scenario == scenario.title]))
    given.results.parent.mkdir(parents=True, exist_ok=True)
    summary = {
        "traces": traces.origin,
        "sources": count,
        "entries": entries,
        "days": round(days, 1),
        "results": [asdict(result) for result in results],
    }
    given.results.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
