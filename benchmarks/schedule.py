"""How long entries wait to be seen: fixed intervals, other programs' formulas, and the price.

    make bench-schedule
    make bench-schedule TRACES=file.csv
    .venv/bin/python -m benchmarks.schedule [--traces FILE] [--budgets 6,12,48]

Replays the publication times of real sources (feed,published_at; seconds since the epoch) against
each way to schedule (`schedule_policies`), with as many requests for each, and prints what each
comes to: by entry and by source, for busy news, blogs and rare sources apart.

Without a file, publication times of a similar shape are generated from a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.schedule.price import PollingBounds
from benchmarks.schedule_policies import POLICIES, WARM_UP, WINDOW, measure
from benchmarks.schedule_traces import DAY, KINDS, Traces, make_traces, read_traces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).parent.parent
FILE = "publication-times.csv"
RESULTS = ROOT / "benchmarks" / "results" / "schedule.json"

SHIPPED_BUDGET = 24.0
BUDGETS = (6, 12, 48)
WIDE = PollingBounds(timedelta(minutes=5), timedelta(hours=24))
DEFAULT = PollingBounds(timedelta(minutes=15), timedelta(hours=12))
#: A mix of fewer sources than these says nothing.
LEAST_SOURCES = 10
#: The policies of every table; the others are asked once, with the shipped defaults.
MAIN = ("fixed", "Miniflux", "√rate", "price")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What policies are replayed on."""

    title: str
    traces: Traces
    bounds: PollingBounds
    budgets: tuple[float, ...] = (SHIPPED_BUDGET,)
    policies: tuple[str, ...] = MAIN


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long some sources' entries waited, in minutes; the mean of sources counts each once."""

    sources: int
    entries: int
    mean: float
    median: float
    p95: float
    source_mean: float
    source_p95: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one way to schedule came to; `waiting` by kind of source, and of all."""

    scenario: str
    budget: float
    policy: str
    requests_per_day: float
    lost: int
    waiting: dict[str, Waiting]


def run(scenario: Scenario, policy: str, budget: float) -> Result:
    """Replay one policy and measure it."""
    traces = scenario.traces
    measured = measure(traces, POLICIES[policy](traces, budget, scenario.bounds))
    days = (traces.end - traces.start - WARM_UP) / DAY
    by_kind: dict[str, list[tuple[float, ...]]] = {ALL: []}
    for number, delays in enumerate(measured.delays):
        if delays:
            by_kind.setdefault(traces.kind(number), []).append(delays)
            by_kind[ALL].append(delays)
    return Result(
        scenario=scenario.title,
        budget=budget,
        policy=policy,
        requests_per_day=round(measured.requests / days / len(traces.sources), 2),
        lost=measured.lost,
        waiting={kind: _waiting(of_kind) for kind, of_kind in by_kind.items()},
    )


def _waiting(sources: Sequence[tuple[float, ...]]) -> Waiting:
    delays = sorted(delay for of_one in sources for delay in of_one)
    means = sorted(statistics.fmean(of_one) for of_one in sources)
    return Waiting(
        sources=len(means),
        entries=len(delays),
        mean=round(statistics.fmean(delays), 2),
        median=round(statistics.median(delays), 2),
        p95=round(delays[int(0.95 * len(delays))], 2),
        source_mean=round(statistics.fmean(means), 2),
        source_p95=round(means[int(0.95 * len(means))], 2),
    )


def table(results: Iterable[Result], kinds: Sequence[str] = (ALL,)) -> str:
    """Return a Markdown table: a row a policy and kind, with the price's figures relative to it."""
    rows = list(results)
    heads = ["requests a day", "policy", "sources", "mean", "median", "p95", "mean by source"]
    heads += ["p95 by source", "lost", "the price's mean", "by source"]
    lines = [_row(heads), _row(["---:", "---", "---", *["---:"] * 8])]
    ours = {one.budget: one for one in rows if one.policy == "price"}
    for kind in kinds:
        for one in rows:
            if kind not in one.waiting:
                continue
            told, best = one.waiting[kind], ours[one.budget].waiting[kind]
            ratios = ["", ""]
            if one is not ours[one.budget]:
                ratios = [
                    f"{best.mean / told.mean:.2f}×",
                    f"{best.source_mean / told.source_mean:.2f}×",
                ]
            minutes = (told.mean, told.median, told.p95, told.source_mean, told.source_p95)
            lines.append(
                _row(
                    [
                        f"{one.requests_per_day:.2f}",
                        one.policy,
                        f"{told.sources} {kind}" if kind != ALL else f"all {told.sources}",
                        *(f"{value:.1f}" for value in minutes),
                        f"{one.lost}" if kind == ALL else "",
                        *ratios,
                    ]
                )
            )
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def find_traces(given: str | None) -> Traces:
    """Return the traces named, else those beside the repository, else generated ones."""
    named = given or os.environ.get("AGGREGATOR_TRACES")
    path = Path(named) if named else ROOT.parent / "shared" / "data" / "traces"
    path = path / FILE if path.is_dir() else path
    if named or path.exists():
        return read_traces(path)
    return make_traces()


def scenarios(traces: Traces, budgets: tuple[float, ...]) -> list[Scenario]:
    """Return what is replayed: the shipped defaults first, as real documents hint."""
    recorded = traces.recorded()
    hinted = recorded.hinted()
    count = len(recorded.sources)
    found = [
        Scenario(
            f"As shipped (15 min to 12 h, 24 requests a day): {count} sources, hints as documents "
            "carry them",
            hinted,
            DEFAULT,
            policies=(*MAIN, "price, for sources", "price, periods obeyed"),
        ),
        Scenario(
            f"As shipped: {count} sources without hints",
            recorded,
            DEFAULT,
            policies=(*MAIN, "price, for sources"),
        ),
    ]
    for name, _least in KINDS:
        mix = hinted.where(lambda number, name=name: hinted.kind(number) == name)  # type: ignore[misc]
        if len(mix.sources) >= LEAST_SOURCES:
            title = f"As shipped: {len(mix.sources)} {name} sources and no others, with hints"
            found.append(Scenario(title, mix, DEFAULT))
    title = f"Other budgets: {count} sources without hints, 15 min to 12 h"
    found.append(Scenario(title, recorded, DEFAULT, budgets))
    title = f"Wide bounds: {count} sources without hints, 5 min to 24 h"
    found.append(Scenario(title, recorded, WIDE, (*budgets, SHIPPED_BUDGET)))
    if len(traces.sources) > count:
        title = f"With a fast source that is made: {len(traces.sources)} sources, 5 min to 24 h"
        found.append(Scenario(title, traces, WIDE, (6.0, SHIPPED_BUDGET)))
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--traces", help=f"{FILE} or one of its form, or the folder it is in")
    arguments.add_argument("--budgets", default=",".join(map(str, BUDGETS)))
    arguments.add_argument("--results", type=Path, help="where the figures are kept")
    given = arguments.parse_args()
    traces = find_traces(given.traces)
    entries = sum(map(len, traces.sources))
    days = (traces.end - traces.start) / DAY
    print(f"{len(traces.sources)} sources, {entries} entries, {days:.1f} days ({traces.origin})")
    if days * DAY <= WARM_UP:
        raise SystemExit(f"traces of more than {WARM_UP / DAY:.0f} days are needed to learn from")
    print(f"measured after {WARM_UP / DAY:.0f} days; delays in minutes; window {WINDOW}")
    asked = scenarios(traces, tuple(map(float, given.budgets.split(","))))
    jobs = [
        (scenario, policy, budget)
        for scenario in asked
        for budget in scenario.budgets
        for policy in scenario.policies
    ]
    with ProcessPoolExecutor() as processes:
        results = list(processes.map(run, *zip(*jobs, strict=True)))
    for number, scenario in enumerate(asked):
        print(f"\n### {scenario.title}\n")
        of_this = (result for result in results if result.scenario == scenario.title)
        kinds = (ALL, *(kind for kind, _ in KINDS)) if number < 2 else (ALL,)
        print(table(of_this, kinds))
    # Other traces are for looking: what is kept is of the usual ones.
    kept = given.results or (None if given.traces else RESULTS)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        summary = {
            "traces": traces.origin,
            "sources": len(traces.sources),
            "entries": entries,
            "days": round(days, 1),
            "results": [asdict(result) for result in results],
        }
        kept.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
