"""A long life at a hundred times the speed: what a daemon takes does not grow with its age.

Memory, descriptors, threads and the write-ahead log are looked at all the time; their highest in
the last hour (by the daemon's clock) is within 5 % of that in the first hour after the warm-up.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.daemon.pace import Pace
from benchmarks.torture import life
from benchmarks.torture.findings import Findings
from benchmarks.torture.home import EVERYWHERE, HEADS, Home, Plan
from benchmarks.torture.memory import descriptors, figure, tree_kib
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from pathlib import Path

SPEED = 100
#: How much more the last hour may take than the first: a share, and what is nothing on any scale:
#: KiB, numbers, and for the log the bytes at which SQLite begins it anew (wal_autocheckpoint).
GROWTH = 0.05
SLACK = {"memory": 2048.0, "descriptors": 4.0, "threads": 2.0, "write-ahead log": 4096.0 * 1000}

#: Before anything is compared every source has been polled, and all caches are warm.
WARM_UP_HOURS = 1.0

#: What the daemon does in hours and days it does a hundred times as often.
QUICK = Pace(
    **{
        one.name: max(getattr(Pace(), one.name) / SPEED, timedelta(seconds=0.1))
        for one in fields(Pace)
    }
)


@dataclass(frozen=True, slots=True)
class Length:
    """How long it lives by its clock, with how many sources."""

    hours: float
    sources: int = 500
    interval: str = "1h"


SHORT = Length(0.15, 10, "1m")


def run(folder: Path, length: Length) -> Findings:
    """Live so long, then compare hours and account for every number."""
    findings = Findings("soak", ("of the daemon", "first hour", "last hour", "growth"))
    with ThreadedPublisher(host=EVERYWHERE) as web:
        plan = Plan(sources=length.sources, interval=length.interval, pace=QUICK)
        home = Home(folder / "home", web, plan)
        clock = life.Shifted(speed=SPEED)
        home.clock = clock
        for book in home.books:
            book.every = 8
        process = home.start()
        pid = process.pid or 0
        life.wait(lambda: all(book.requests for book in home.books), patience=600)
        hour_s = 3600 / SPEED
        warm = min(WARM_UP_HOURS, length.hours / 4) * hour_s
        begun, seen = time.monotonic(), []
        while (at := time.monotonic() - begun) < length.hours * hour_s and process.is_alive():
            if at > warm:
                figures = {
                    "memory": float(tree_kib(pid)),
                    "descriptors": float(descriptors(pid)),
                    "threads": float(figure(pid, "Threads")),
                    "write-ahead log": float(home.wal()),
                }
                seen.append((at, figures))
            time.sleep(0.25)
        findings.expect(process.is_alive(), "the daemon ended")
        lasted = time.monotonic() - begun
        span = min(hour_s, (lasted - warm) / 2)
        for name, slack in SLACK.items():
            first = max((f[name] for at, f in seen if at < warm + span), default=math.nan)
            last = max((f[name] for at, f in seen if at > lasted - span), default=math.nan)
            findings.row(name, f"{first:.0f}", f"{last:.0f}", f"{(last - first) / first:+.1%}")
            findings.expect(
                last <= first * (1 + GROWTH) + slack, f"{name} grows from {first:.0f} to {last:.0f}"
            )
        polls = sum(book.requests for book in home.books)
        findings.expect(life.stop(process) == 0, "no good end")
        findings.took(home.peak.end())
        accounts = Findings("", ("", *HEADS))
        home.account(accounts, "soak")
        findings.broken += accounts.broken
        told = ", ".join(
            f"{head} {cell}" for head, cell in zip(HEADS, accounts.rows[0][1:], strict=True)
        )
        findings.row(
            f"{length.hours:g} h, {length.sources} sources, {polls} polls: {told}", "", "", ""
        )
    return findings
