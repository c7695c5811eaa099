"""What partitions bring and cost on PostgreSQL, beside tables that are whole.

    .venv/bin/python -m benchmarks.partitions [--entries 200000 1000000]

A server of its own from the wheel, or the one of `AGGREGATOR_TEST_POSTGRES`. The same entries are
stored in the tables that the migrations make and in ones whose entries (with their texts) are
divided by months and whose story postings by days; the same is done to both by turns, by the
store's own statements.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from aggregator.store import postgres
from benchmarks.fleet.__main__ import database
from benchmarks.fleet.seeding import seed
from benchmarks.partitions import layout
from benchmarks.partitions.measures import WORKS, Figures, Meter, Place, months_held
from benchmarks.partitions.world import World, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Entries that are going to be forgotten one by one.
REAL = 1500
#: As `[store] retention` has it.
KEPT = timedelta(days=180)


@contextmanager
def filled(world: World, folder: Path, *, is_divided: bool) -> Iterator[Place]:
    """Lend a database with all of it."""
    begun = time.monotonic()
    kind = "divided" if is_divided else "whole"
    with database(f"partitions_{kind}") as url, psycopg.connect(url, autocommit=True) as db:
        seed(url, folder, sources=world.sources, port=80, now=world.now)
        if is_divided:
            layout.divide(db, world)
        fill(url, world)
        if is_divided:
            layout.tie(db)
        db.execute("VACUUM ANALYZE")
        print(f"  {kind}: rows made in {time.monotonic() - begun:.0f} s", flush=True)
        with (
            closing(Meter(url)) as meter,
            closing(postgres.open_store(url, folder / "aggregator.db")) as store,
        ):
            yield Place(url, world, is_divided, db, store, meter)


def measured(places: list[Place]) -> list[Figures]:
    """Return what is measured in each place, one place after the other, as often as may be."""
    found: list[list[Figures]] = [[] for _ in places]
    for often, work in WORKS:
        for turn in range(often):
            for place, figures in zip(places, found, strict=True):
                figures.append(work(place, turn))
    return [
        {
            name: median(one[name] for one in figures if name in one)
            for one in figures
            for name in one
        }
        for figures in found
    ]


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, nargs="+", default=[200_000, 1_000_000])
    asked = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores for everything, load", end=" ")
    print(f"{os.getloadavg()[0]:.1f} before it began", flush=True)
    for entries in asked.entries:
        world = World(entries, datetime.now(UTC), REAL)
        print(f"{entries:,} entries of {world.sources:,} sources", flush=True)
        with tempfile.TemporaryDirectory() as name, ExitStack() as lent:
            places = [
                lent.enter_context(filled(world, Path(name), is_divided=is_divided))
                for is_divided in (False, True)
            ]
            shares = months_held(places[0].db, world, KEPT)
            print(f"  shown by feeds, of months beyond {KEPT.days} days:", end=" ")
            print(", ".join(f"{share:.1%}" for share in shares), flush=True)
            whole, divided = measured(places)
        print(f"{'':<48} {'whole':>10} {'divided':>10} {'ratio':>7}")
        for what, value in whole.items():
            ratio = divided[what] / value if value else float("nan")
            print(f"{what:<48} {value:>10.2f} {divided[what]:>10.2f} {ratio:>7.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
