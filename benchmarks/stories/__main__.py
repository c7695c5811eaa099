"""How well entries that tell the same story are found: labelled pairs, and a stream of headlines.

    make bench-stories
    make bench-stories PAIRS=file STREAM=file
    make bench-stories WINDOWS="10000 100000"
    .venv/bin/python -m benchmarks.stories [--pairs FILE] [--stream FILE] [--misses N]
                                           [--windows N [N ...]]

Pairs are scored with the weights that are shipped, and with weights that were fitted without the
fold that they belong to (the shipped ones have seen pairs-zh.tsv, but no other file). A stream is
read entry by entry, as the daemon reads it. `--misses` prints the pairs that are judged wrongly at
`strict`, the surest first. `--windows` lets the store itself join entries beside so many others,
made of the titles of the stream (a minute and more for 100,000).
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.stories.likeness import likeness
from aggregator.stories.same_story import MOST_MEMBERS
from aggregator.stories.ties import THRESHOLDS
from benchmarks.stories import fit
from benchmarks.stories.headline_stream import (
    MemoryIndex,
    b_cubed,
    best_possible,
    cut,
    read_headlines,
)
from benchmarks.stories.labelled_pairs import FOLDS, judged, read_pairs
from benchmarks.stories.store_cost import cost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.stories.headline_stream import BCubed
    from benchmarks.stories.labelled_pairs import Found, Pair


def shipped(pair: Pair) -> float:
    return likeness(pair.a, pair.b).score


def told(found: Found | BCubed) -> str:
    return f"P {found.precision:.3f}  R {found.recall:.3f}  F1 {found.f1:.3f}"


def show_pairs(path: Path, misses: int) -> None:
    pairs = read_pairs(path)
    same = sum(pair.same for pair in pairs)
    print(f"{path.name}: {len(pairs)} pairs, {same} of the same event, {FOLDS} folds by hash")
    held_out = fit.held_out_scores(pairs)
    scores: list[tuple[str, Callable[[Pair], float]]] = [
        ("shipped weights", shipped),
        ("fitted without the fold", lambda pair: held_out.get(id(pair), 0.0)),
    ]
    for name, score in scores:
        for strictness, threshold in THRESHOLDS.items():
            found = judged(pairs, score, threshold)
            print(f"  {name:24} {strictness:7} {threshold:.2f}  {told(found)}  {found.found} found")
    halves = [[pair for pair in pairs if (pair.fold % 2 == 0) is even] for even in (True, False)]
    for name, half in zip(("even folds", "odd folds"), halves, strict=True):
        found = judged(half, shipped, THRESHOLDS["strict"])
        print(f"  {'shipped, ' + name:24} strict  {THRESHOLDS['strict']:.2f}  {told(found)}")
    show_misses(pairs, misses)


def show_misses(pairs: Sequence[Pair], most: int) -> None:
    wrong = [pair for pair in pairs if pair.same != (shipped(pair) >= THRESHOLDS["strict"])]
    for pair in sorted(wrong, key=lambda pair: abs(shipped(pair) - 0.5), reverse=True)[:most]:
        print(
            f"  {'same' if pair.same else 'other'} {shipped(pair):.2f}  {'  |  '.join(pair.titles)}"
        )


def show_stream(path: Path, language: str | None) -> None:
    headlines = read_headlines(path)
    true = [headline.story for headline in headlines]
    index = MemoryIndex(language)
    for headline in headlines:
        index.add(headline)
    print(f"{path.name}: {len(headlines)} headlines, {len(set(true))} stories")
    stories = [entry.story for entry in index.entries]
    for strictness, threshold in THRESHOLDS.items():
        whole = b_cubed(cut(index.threads(), index.ties, threshold), true)
        parts = b_cubed(cut(stories, index.ties, threshold), true)
        print(f"  {strictness:7} B3 {told(whole)}  (part by part: {told(parts)})")
    print(f"  {index.seconds / (len(headlines) or 1) * 1e6:.0f} microseconds of CPU an entry")
    largest = max(Counter(stories).values(), default=0)
    print(f"  largest story: {largest} entries; {len(index.continued)} stories continue a full one")
    bound = best_possible(true, MOST_MEMBERS)
    print(
        f"  part by part no grouping comes to more than {told(bound)} here: true stories are larger"
        f" than {MOST_MEMBERS}"
    )


def show_costs(path: Path, windows: Sequence[int]) -> None:
    titles = [headline.title for headline in read_headlines(path)]
    for window in windows:
        found = cost(titles, window)
        print(
            f"in the store, beside {window} entries: {found.median * 1e3:.2f} milliseconds of CPU"
            f" an entry, 19 of 20 at most {found.most_have * 1e3:.2f};"
            f" {found.held_bytes / 2**20:.0f} MiB more in memory"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.stories")
    parser.add_argument("--pairs", type=Path, default=fit.PAIRS)
    parser.add_argument("--stream", type=Path, default=fit.STREAM)
    parser.add_argument("--language", default="en", help="of the stream: en")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--windows", type=int, nargs="+", default=(), metavar="N")
    asked = parser.parse_args()
    for path, show in (
        (asked.pairs, lambda path: show_pairs(path, asked.misses)),
        (asked.stream, lambda path: show_stream(path, asked.language)),
        (asked.stream, lambda path: show_costs(path, asked.windows)),
    ):
        if path.is_file():
            show(path)
        else:
            print(f"{path}: not there; name another file")


if __name__ == "__main__":
    main()
