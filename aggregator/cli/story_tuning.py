"""What `aggregator stories tune` says of weights that were fitted to the operator's pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.cli.table import table
from aggregator.stories.tuning import FEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.stories.tuning import Tuning


def too_few(tuning: Tuning) -> str:
    """Return how many pairs are needed, and how they come about."""
    return (
        f"{tuning.same} merged and {tuning.pairs - tuning.same} split pairs are too few: {FEWEST}"
        " of each are needed, of titles with Chinese or Japanese characters or of others; say more"
        " with `aggregator stories merge` and `split`"
    )


def report(tuning: Tuning) -> Iterator[str]:
    """Yield how the pairs are judged, by strictness: as shipped, and by what was fitted."""
    yield f"{tuning.same} merged and {tuning.pairs - tuning.same} split pairs"
    rows = []
    for name, before in tuning.before.items():
        after = tuning.after[name]
        precision = f"{_share(before.precision)} → {_share(after.precision)}"
        recall = f"{_share(before.recall)} → {_share(after.recall)}"
        rows.append((name, precision, recall))
    yield table(("STRICTNESS", "PRECISION", "RECALL"), rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
