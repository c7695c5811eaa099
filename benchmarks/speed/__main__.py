"""`python -m benchmarks.speed poll`: what polling costs, beside peers. See docs/performance.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median

from tabulate import tabulate  # type: ignore[import-untyped]  # ships no types

from benchmarks.speed import polling
from benchmarks.speed.peers import PEERS
from benchmarks.speed.publisher import Publisher


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    poll = parts.add_parser("poll", help="cold, 304, same body, +1 in 10 %%")
    poll.add_argument("--documents", default="40,200", help="numbers of documents: 200,1000")
    poll.add_argument("--rounds", type=int, default=1)
    poll.add_argument("--who", default="aggregator", help="aggregator,newsboat,reader")
    options = parser.parse_args()
    counts = [int(word) for word in options.documents.split(",")]
    peers = [peer for peer in PEERS if peer.name in options.who.split(",")]
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        + ", ".join(f"{peer.name} {peer.version() or 'is not here'}" for peer in peers)
    )
    peers = [peer for peer in peers if peer.version() is not None]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        print(f"publisher: {Publisher(home / 'unused', 1).kind}")
        polls = polling.run(home, peers, counts, options.rounds, tell)
    rows = []
    for phase in polling.PHASES:
        for peer in peers:
            each = [polling.cpu_ms(polls, peer.name, phase, count) for count in counts]
            slopes = [
                polling.slope_ms(polls, peer.name, phase, few, many)
                for few, many in pairwise(counts)
            ]
            last = polling.at(polls, peer.name, phase, counts[-1])
            rss = median(used.peak_rss_mb for used in last)
            pss = median(used.peak_pss_mb for used in last)
            rows.append([phase, peer.name, *each, *slopes, rss, pss])
    heads = [f"N = {count}" for count in counts]
    between = [f"slope {few}–{many}" for few, many in pairwise(counts)]
    heads = ["CPU ms a document", "", *heads, *between, "peak RSS MB", "peak PSS MB"]
    print(tabulate(rows, heads, floatfmt=".2f"))


def tell(text: str) -> None:
    """Say on standard error how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
