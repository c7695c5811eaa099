"""A clock that jumps under a daemon at work: an hour, a day, from 1970 to today, 400 days.

It goes on polling at its pace, neither in a storm nor in silence, and loses nothing.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.torture import life
from benchmarks.torture.findings import Findings
from benchmarks.torture.home import EVERYWHERE, HEADS, Home, Plan
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

#: How far off the clock is, one state after the other.
JUMPS: dict[str, tuple[timedelta, ...]] = {
    "an hour on and back": (timedelta(0), HOUR, timedelta(0)),
    "an hour back and on": (timedelta(0), -HOUR, timedelta(0)),
    "a day on and back": (timedelta(0), DAY, timedelta(0)),
    "a day back and on": (timedelta(0), -DAY, timedelta(0)),
    "from 1970 to today": (datetime(1970, 1, 2, tzinfo=UTC) - datetime.now(UTC), timedelta(0)),
    "400 days on": (timedelta(0), 400 * DAY),
    "400 days on and back": (timedelta(0), 400 * DAY, timedelta(0)),
}

#: The jumps of the short form.
SHORT = ("from 1970 to today", "400 days on")

#: A source with an interval of a second may be asked so often in the seconds after a jump.
WATCHED_S = 5
MOST = 2 * WATCHED_S + 3


@dataclass(frozen=True, slots=True)
class SetClock:
    """A clock that is off by what a file says, in seconds; another process may write it."""

    file: Path

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text(encoding="utf-8")))

    def set(self, offset: timedelta) -> None:
        """Let the clock be off by so much from now on."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(offset.total_seconds()), encoding="utf-8")
        os.replace(fresh, self.file)  # noqa: PTH105 -- at once, or not at all


def jump(findings: Findings, home: Home, name: str, offsets: tuple[timedelta, ...]) -> None:
    """Set the clock under a living daemon, and look at what it asks for afterwards."""
    clock = SetClock(home.folder / "offset")
    clock.set(offsets[0])
    home.clock = clock
    process = home.start()
    worst = 0
    for number, offset in enumerate(offsets):
        clock.set(offset)
        before = {book.name: book.requests for book in home.books}
        time.sleep(WATCHED_S)
        asked = [book.requests - before[book.name] for book in home.books]
        worst = max(worst, *asked)
        where = f"{name}, {number}"
        findings.expect(max(asked) <= MOST, f"{where}: {max(asked)} requests in {WATCHED_S} s")
        wanted = {book.name: book.requests + 2 for book in home.books}
        going = life.wait(reached(home, wanted), patience=60)
        findings.expect(going, f"{where}: silence after the jump")
        status, _ = life.get(home.port, "/healthz", patience=20)
        findings.expect(status == 200, f"{where}: /healthz says {status}")
    findings.expect(life.stop(process) == 0, f"{name}: no good end")
    findings.took(home.peak.end())
    home.account(findings, name, worst)
    log = home.log.read_text(encoding="utf-8")
    findings.expect("Traceback" not in log, f"{name}: a traceback in {home.log}")


def reached(home: Home, wanted: dict[str, int]) -> Callable[[], bool]:
    """Return a function that tells whether every source was asked as often as `wanted`."""
    return lambda: all(book.requests >= wanted[book.name] for book in home.books)


def run(folder: Path, *, short: bool) -> Findings:
    """Jump in every way."""
    findings = Findings("clocks", ("clock", f"most requests of a source in {WATCHED_S} s", *HEADS))
    with ThreadedPublisher(host=EVERYWHERE) as web:
        for number, (name, offsets) in enumerate(JUMPS.items()):
            if not short or name in SHORT:
                jump(findings, Home(folder / f"home-{number}", web, Plan(sources=3)), name, offsets)
    return findings
