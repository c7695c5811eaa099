"""A month in the life of a feed's subscribers: nothing missed, nothing shown again, no id changed.

    make bench-subscribers
    .venv/bin/python -m benchmarks.subscribers [--days 30] [--sources 24] [--traces FILE]

Thirty simulated days of real publication times, through the whole program, under a clock of ours.
benchmarks/month/plan.py tells what happens meanwhile. Prints a table, writes
benchmarks/results/subscribers.json, and exits with 1 when a law was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.month.laws import Row, judge, lost_at_source
from benchmarks.month.plan import make_world
from benchmarks.schedule import find_traces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.month.world import World

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "subscribers.json"
#: Broken laws shown on the terminal for each reader.
SHOWN = 12


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table, a row for each subscriber."""
    heads = ("subscriber", "feed", "requests", "304", "entries", "told by another", "missed",
             "shown again", "ids changed", "old of one source", "came back", "other")  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---|---|" + "---:|" * (len(heads) - 2)]
    lines += [
        f"| {row.reader} | {row.feed} | {row.requests} | {row.not_modified} | {row.entries} "
        f"| {row.elsewhere} | {row.missed} | {row.again} | {row.ids_changed} | {row.old} "
        f"| {row.back} | {row.others} |"
        for row in rows
    ]
    return "\n".join(lines)


def summary(world: World, origin: str, seconds: float) -> dict[str, object]:
    """Return what the month was made of."""
    sites = world.sites.values()
    return {
        "traces": origin,
        "days": world.days,
        "seed": world.seed,
        "sources": len(world.sites),
        "entries": sum(len(site.got) for site in sites),
        "lost_at_source": lost_at_source(world),
        "polls": world.polls,
        "kills": world.kills,
        "pruned": world.pruned,
        "seconds": round(seconds),
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def main() -> None:
    """Live the month and say what it was like."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--traces", help="publication-times.csv, or the folder that it is in")
    arguments.add_argument("--days", type=float, default=30)
    arguments.add_argument("--sources", type=int, default=24)
    arguments.add_argument("--seed", type=int, default=20270104)
    arguments.add_argument("--results", type=Path, default=RESULTS)
    given = arguments.parse_args()
    traces = find_traces(given.traces)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(
            Path(folder), traces, days=given.days, sources=given.sources, seed=given.seed
        )
        asyncio.run(world.live())
    rows = judge(world)
    told = summary(world, traces.origin, time.monotonic() - began)
    print(", ".join(f"{name} {value}" for name, value in told.items()))
    print(table(rows))
    for row in rows:
        for line in row.broken[:SHOWN]:
            print(f"{row.reader}: {line}")
        if len(row.broken) > SHOWN:
            print(f"{row.reader}: {len(row.broken) - SHOWN} more")
    given.results.parent.mkdir(parents=True, exist_ok=True)
    told["subscribers"] = [asdict(row) for row in rows]
    given.results.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.exit(any(row.broken for row in rows))


if __name__ == "__main__":
    main()
