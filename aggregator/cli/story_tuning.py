"""What `aggregator stories tune` says of weights that were fitted to the operator's pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.table import table
from aggregator.stories.tuning import FEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.stories.tuning import Labels, Tuning


def too_few(tuning: Tuning) -> str:
    """Return how many pairs there are and are needed, and how they come about."""
    return (
        f"too few pairs: {FEWEST} merged and {FEWEST} split ones of one kind are needed;"
        f" {_counts(tuning)}; say more with `aggregator stories merge` and `split`"
    )


def report(tuning: Tuning) -> Iterator[str]:
    """Yield how the pairs are judged, by strictness: as shipped, and by what was fitted."""
    yield _counts(tuning)
    if not tuning.ideographs.are_enough:
        yield "too few pairs of Chinese or Japanese titles: their weights stay"
    if not tuning.words.are_enough:
        yield "too few pairs of other titles: their weights stay"
    rows = []
    for name, before in tuning.before.items():
        after = tuning.after[name]
        precision = f"{_share(before.precision)} → {_share(after.precision)}"
        recall = f"{_share(before.recall)} → {_share(after.recall)}"
        rows.append((name, precision, recall))
    yield table(("STRICTNESS", "PRECISION", "RECALL"), rows)


def _counts(tuning: Tuning) -> str:
    return (
        f"Chinese or Japanese titles: {_count(tuning.ideographs)}; others: {_count(tuning.words)}"
    )


def _count(labels: Labels) -> str:
    return f"{labels.same} merged, {labels.other} split"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
