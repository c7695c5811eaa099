"""How well a text answers what is searched for: bm25, as SQLite's FTS5 reckons it.

An index that cannot say it is asked how often each phrase is in each text; the order is then the
same as that of one that can, to the last bit (sqlite.org/fts5.html#the_bm25_function).
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How much a phrase in a title counts, and how much one in a text.
TITLE, TEXT = 8, 1

#: Parameters of bm25, and what a phrase is worth that is in half of all texts and more.
_K1, _B, _LEAST = 1.2, 0.75, 1e-6

#: What `score` adds to a count for the length of a text, as an expression of an engine: of two that
#: have one phrase the better one has more of count / (count + this).
LENGTH = f"{_K1}::float8 * ((1 - {_B}::float8) + {_B}::float8 * tokens / average)"


def rarity(texts: int, having: int) -> float:
    """Return what a phrase is worth that so many of so many texts have."""
    worth = log((texts - having + 0.5) / (having + 0.5))
    return worth if worth > 0.0 else _LEAST


def score(
    rarities: Sequence[float], counts: Sequence[int], tokens: int, average_tokens: float
) -> float:
    """Return how well a text of so many tokens answers.

    `counts` has for each phrase how often it is there, in a title `TITLE` times as much.
    """
    found = 0.0
    for worth, count in zip(rarities, counts, strict=True):
        length = _K1 * (1 - _B + _B * tokens / average_tokens)
        found += worth * ((count * (_K1 + 1.0)) / (count + length))
    return found
