"""How many documents the strict reader takes, and what that saves: both readers in one run.

    .venv/bin/python -m benchmarks.fast_path FOLDER [FOLDER …] [--refused]

Prints the share of documents that it takes, the CPU of both readers on these (decoding and what is
made of the readers' words included), and why the others are left to feedparser. Ends with status 1
where the readers differ in any field of a document.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aggregator.model import Body
from aggregator.model.errors import UnreadableError
from aggregator.parse.decode import decode
from aggregator.parse.feed_reader import read_xml
from aggregator.parse.json_feed_reader import looks_like_json
from aggregator.parse.strict import Refusal, read_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aggregator.model import Document

T = TypeVar("T")

#: The quickest of so many runs of each reader on each document.
RUNS = 3
_AT = datetime(2026, 11, 1, tzinfo=UTC)


def quickest(read: Callable[[], T]) -> tuple[float, T]:
    """Return the CPU seconds of the quickest run, and what came of it."""
    times = []
    for _ in range(RUNS):
        begun = time.process_time()
        found = read()
        times.append(time.process_time() - begun)
    return min(times), found


def strictly(body: Body) -> Document | Refusal:
    """Decode and read strictly."""
    return read_known(body, decode(body.body, None))


def with_feedparser(body: Body) -> Document | None:
    """Decode and read as feedparser does; `None` for no document at all."""
    try:
        return read_xml(body, decode(body.body, None))
    except UnreadableError:
        return None


def bodies(folders: Iterable[Path]) -> Iterable[tuple[Path, Body]]:
    """Yield what is XML or is to be told from it, in order."""
    for folder in folders:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            body = Body(path.read_bytes(), None, "https://site.example/feed", "UTC", _AT)
            try:
                text = decode(body.body, None).text
            except UnreadableError:
                continue
            if not looks_like_json(text):
                yield path, body


def main() -> None:
    """Read the documents in folders with both readers."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    arguments.add_argument("--refused", action="store_true", help="name the refused documents")
    given = arguments.parse_args()
    pairs: list[tuple[float, float]] = []
    wasted: list[float] = []
    reasons: Counter[str] = Counter()
    differing = []
    for path, body in bodies(given.folders):
        spent, found = quickest(lambda body=body: strictly(body))
        if isinstance(found, Refusal):
            reasons[found.reason] += 1
            wasted.append(spent)
            if given.refused:
                print(f"{path}: {found.reason}")
            continue
        before, expected = quickest(lambda body=body: with_feedparser(body))
        pairs.append((spent, before))
        if found != expected:
            differing.append(path)
    count = len(pairs) + len(wasted)
    print(f"{len(pairs)} of {count} documents taken, {len(pairs) / max(count, 1):.0%}")
    if pairs:
        ours, theirs = zip(*pairs, strict=True)
        print("| CPU of those taken | strict | feedparser | ratio |\n|---|---|---|---|")
        for name, of in (("median, ms", statistics.median), ("mean, ms", statistics.mean)):
            one, other = of(ours) * 1e3, of(theirs) * 1e3
            print(f"| {name} | {one:.2f} | {other:.2f} | {other / one:.1f} |")
    if wasted:
        print(f"a refusal costs {statistics.median(wasted) * 1e3:.2f} ms (median)")
    for why, number in reasons.most_common():
        print(f"{number:5} {why}")
    for path in differing:
        print(f"DIFFERS {path}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
