"""How fast it is, beside its peers and the machine's limits. See docs/performance.md.

python -m benchmarks.speed poll --documents 40,200 --who aggregator,newsboat
python -m benchmarks.speed run --mode quick
python -m benchmarks.speed check
python -m benchmarks.speed table benchmarks/results/speed.json
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tabulate import tabulate  # type: ignore[import-untyped]  # ships no types

from benchmarks.speed import (
    fetching,
    figures,
    goals,
    growth,
    idle,
    limits,
    polling,
    serving,
    slow,
    starting,
)
from benchmarks.speed.growth import Size
from benchmarks.speed.peers import PEERS, installed_at
from benchmarks.speed.publisher import ROOT, Publisher

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.speed.figures import Figure, Run
    from benchmarks.speed.peers import Peer

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"
#: Between these lines of the page is the table of the usual run.
BEGIN, END = "<!-- figures -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Mode:
    """How much is measured. `documents` are how many each peer polls."""

    name: str
    rounds: int
    documents: dict[str, tuple[int, ...]]
    starts: tuple[int, ...]
    slow: int
    idle: int
    sizes: tuple[Size, ...]

    @property
    def kept(self) -> Path:
        """Where its figures are kept, to be compared with."""
        return RESULTS / f"speed{'' if self.name == 'usual' else '-' + self.name}.json"


MODES = {
    mode.name: mode
    for mode in (
        Mode(
            "quick",
            3,
            {"aggregator": (40, 160), "newsboat": (40, 160), "reader": (20, 60)},
            (1000,),
            200,
            1000,
            (),
        ),
        Mode(
            "usual",
            5,
            # reader's cost is the same for each document, however many there are.
            {"aggregator": (200, 1000), "newsboat": (200, 1000), "reader": (50, 200)},
            (1000, 5000),
            1000,
            10_000,
            (Size(50), Size(500)),
        ),
        Mode(
            "full",
            5,
            {"aggregator": (200, 1000, 5000), "newsboat": (200, 1000), "reader": (200, 1000)},
            (1000, 5000),
            1000,
            100_000,
            (Size(50), Size(5000)),
        ),
    )
}


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    poll = commands.add_parser("poll", help="polling alone: cold, 304, same body, +1 in 10 %%")
    poll.add_argument("--documents", default="40,200", help="numbers of documents: 200,1000")
    poll.add_argument("--who", default="aggregator", help="aggregator,newsboat,reader")
    poll.add_argument("--rounds", type=int, default=1)
    poll.add_argument("--beside", type=Path, help="an older checkout's .venv/bin/aggregator")
    run = commands.add_parser("run", help="everything, side by side")
    check = commands.add_parser("check", help="everything, against what is kept: 1 if slower")
    for one in (run, check):
        one.add_argument("--mode", choices=MODES, default="quick" if one is check else "usual")
        one.add_argument("--only", default="", help=f"some of {', '.join(PARTS)}")
        one.add_argument("--rounds", type=int, default=0, help="instead of the mode's")
    run.add_argument("--keep", action="store_true", help="write benchmarks/results/speed….json")
    shown = commands.add_parser("table", help="the table of a run that was kept")
    shown.add_argument("file", type=Path)
    options = parser.parse_args()
    match options.command:
        case "poll":
            counts = tuple(int(word) for word in options.documents.split(","))
            peers = [peer for peer in PEERS if peer.name in options.who.split(",")]
            if options.beside is not None:
                peers.append(installed_at(options.beside))
            print(polling_alone(peers, counts, options.rounds))
        case "table":
            print(goals.table(figures.read(options.file)))
        case command:
            mode = MODES[options.mode]
            mode = replace(mode, rounds=options.rounds or mode.rounds)
            parts = tuple(options.only.split(",")) if options.only else tuple(PARTS)
            found = measure(mode, parts)
            show(found)
            if command == "check":
                return compare(found, figures.read(mode.kept), lambda: measure(mode, parts))
            if options.keep:
                keep(mode, found)
    return 0


def polling_alone(peers: list[type[Peer]], counts: tuple[int, ...], rounds: int) -> str:
    """Return what polling costs each of these, phase by phase."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        each = {peer.name: counts for peer in peers}
        polls = polling.run(Path(folder), peers, each, rounds, tell)
    rows = []
    for phase in polling.PHASES:
        for peer in peers:
            found = figures.by_name(polling.figures(polls, peer.name, counts))
            names = [
                *(f"poll/{phase}/{peer.name}/{count}" for count in counts),
                *(f"slope/{phase}/{peer.name}/{few}–{many}" for few, many in pairwise(counts)),
                *(f"{what}/{phase}/{peer.name}/{counts[-1]}" for what in ("rss", "pss")),
            ]
            rows.append([phase, peer.name, *(found[name].middle for name in names)])
    heads = [
        *(f"N = {count}" for count in counts),
        *(f"of one more, {few}–{many}" for few, many in pairwise(counts)),
    ]
    heads = ["CPU ms a document", "", *heads, "peak RSS MB", "peak PSS MB"]
    return str(tabulate(rows, heads, floatfmt=".2f"))


def compare(found: Run, kept: Run, again: Callable[[], Run]) -> int:
    """Print what became worse, in a second run as in the first; 1 if anything did.

    The second is made where the first found something: a busy moment is no regression.
    """
    worse = figures.regressions(found, kept)
    times = found.yardstick_ms / kept.yardstick_ms
    print(f"\nkept: {kept.made}, {kept.machine}; this machine takes {times:.2f} times its CPU time")
    if worse:
        tell("measured once more, since slower: " + ", ".join(one.name for one in worse))
        names = {one.name for one in worse}
        worse = [one for one in figures.regressions(again(), kept) if one.name in names]
    for one in worse:
        print(f"slower than what is kept: {one}")
    if not worse:
        print("nothing is slower than what is kept")
    return 1 if worse else 0


def keep(mode: Mode, found: Run) -> None:
    """Keep a run; what it did not measure stays as it was kept."""
    if mode.kept.exists():
        before = figures.read(mode.kept)
        found = replace(found, figures={**before.figures, **found.figures})
    figures.write(mode.kept, found)
    if mode.name == "usual":
        head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{head}{BEGIN}\n\n{told(found)}\n\n{END}{after}", encoding="utf-8")


def show(run: Run) -> None:
    """Print the table, what it was measured with, and where."""
    print(told(run))


def told(run: Run) -> str:
    """Return the table, below what it was measured with, and where."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return f"{run.made}, `make bench`; {run.machine}; {versions}.\n\n{goals.table(run)}"


def measure(mode: Mode, parts: tuple[str, ...]) -> Run:
    """Measure these parts, one after the other, and the yardstick before and after each."""
    yardsticks = [limits.yardstick()]
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for part in parts:
            home = Path(folder) / part
            home.mkdir()
            tell(f"{part} …")
            found += PARTS[part](home, mode)
            shutil.rmtree(home)
            yardsticks.append(limits.yardstick())
        kind = Publisher(Path(folder) / "unused", 1).kind
    return figures.Run(
        made=f"{datetime.now(UTC):%Y-%m-%d}",
        mode=mode.name,
        machine=machine(),
        versions=versions(kind),
        yardstick_ms=median(yardsticks),
        figures=figures.by_name(found),
    )


def _poll(home: Path, mode: Mode) -> list[Figure]:
    peers = [peer for peer in PEERS if peer.name in mode.documents]
    here = [peer for peer in peers if peer.version() is not None]
    for peer in set(peers) - set(here):
        tell(f"{peer.name} is not installed: left out")
    counts = {peer.name: mode.documents[peer.name] for peer in here}
    polls = polling.run(home, here, counts, mode.rounds, tell)
    return [
        figure for name, each in counts.items() for figure in polling.figures(polls, name, each)
    ]


def _growth(home: Path, mode: Mode) -> list[Figure]:
    return [
        *growth.steps(home),
        *growth.pages(home),
        *growth.cpu(home, mode.sizes, tell),
    ]


def _fresh(home: Path, mode: Mode) -> list[Figure]:
    return [*fetching.interface(mode.rounds), *fetching.fresh(home, mode.rounds)]


PARTS: dict[str, Callable[[Path, Mode], list[Figure]]] = {
    "limits": lambda home, mode: limits.measure(home, mode.rounds),
    "poll": _poll,
    "commands": lambda home, mode: starting.commands(home, mode.rounds),
    "daemon": lambda home, mode: starting.daemon(home, mode.starts, min(mode.rounds, 3)),
    "fetch": _fresh,
    "slow": lambda home, mode: slow.run(home, mode.slow, min(mode.rounds, 3)),
    "serve": lambda home, mode: serving.cached(home, mode.rounds),
    "miss": lambda home, mode: serving.missed(home, mode.rounds),
    "growth": _growth,
    "idle": lambda home, mode: idle.run(home, mode.idle),
}


def versions(publisher: str) -> dict[str, str]:
    """Return what takes part."""
    found = {peer.name: peer.version() for peer in PEERS}
    told = {name: version for name, version in found.items() if version is not None}
    return told | {
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "publisher": publisher,
    }


def machine() -> str:
    """Return what it runs on, and how busy that was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    kind = model or platform.machine()
    return f"{os.cpu_count()} × {kind}, load {os.getloadavg()[0]:.1f} at the end"


def tell(text: str) -> None:
    """Say on standard error how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{(error.stderr or b'').decode(errors='replace')[-1500:]}")
