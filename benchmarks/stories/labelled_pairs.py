"""Labelled pairs of titles: read, signed, parted into folds, scored.

A file of pairs has a head and nine columns, parted by tabs: label, t_a, t_b (seconds since the
epoch), src_a, src_b, title_a, title_b, url_a, url_b. Label 2 is the same event; 1 (the same topic)
and 0 are not.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.stories.likeness import features_of, likeness
from aggregator.stories.signatures import Frequencies, Text, read, signature
from aggregator.stories.tuning import groups_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from aggregator.stories.likeness import Features
    from aggregator.stories.signatures import Signature

SAME_EVENT = "2"
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two titles, whether they tell the same event, and the fold that they belong to.

    `rule` is what decides before the features do, if anything.
    """

    titles: tuple[str, str]
    same: bool
    a: Signature
    b: Signature
    features: Features
    rule: str | None
    fold: int


@dataclass(frozen=True, slots=True)
class Found:
    """How many of the same were found, and how many of those that were found are the same."""

    precision: float
    recall: float
    found: int

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def read_pairs(path: Path) -> list[Pair]:
    """Read a file of pairs. How often a token is seen is known from the file's own titles alone."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    texts = {
        (row[f"title_{side}"], int(row[f"t_{side}"])): read(
            Text(row[f"title_{side}"], "", datetime.fromtimestamp(int(row[f"t_{side}"]), UTC))
        )
        for row in rows
        for side in "ab"
    }
    counts = Counter(token for tokens in texts.values() for token in tokens.all)
    frequencies = Frequencies(len(texts), counts)
    signed = {key: signature(tokens, frequencies) for key, tokens in texts.items()}
    folds = _folds([(row["title_a"], row["title_b"]) for row in rows])
    pairs = []
    for row in rows:
        a, b = (signed[row[f"title_{side}"], int(row[f"t_{side}"])] for side in "ab")
        titles = row["title_a"], row["title_b"]
        pairs.append(
            Pair(
                titles=titles,
                same=row["label"] == SAME_EVENT,
                a=a,
                b=b,
                features=features_of(a, b),
                rule=likeness(a, b).rule,
                fold=folds[titles[0]],
            )
        )
    return pairs


def _folds(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the fold of each title: pairs that share one are in the same."""
    groups = groups_of(pairs)
    return {title: hashed(min(group)) % FOLDS for group in groups for title in group}


def hashed(text: str) -> int:
    """Return a number for a text, the same everywhere."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")


def judged(pairs: Sequence[Pair], score: Callable[[Pair], float], threshold: float) -> Found:
    """Return what is found at a threshold."""
    found = [pair.same for pair in pairs if score(pair) >= threshold]
    same = sum(pair.same for pair in pairs)
    right = sum(found)
    return Found(right / (len(found) or 1), right / (same or 1), len(found))
