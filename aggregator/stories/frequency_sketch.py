"""How often tokens were seen lately, within a fixed room of memory (a count-min sketch).

Two rows of counters, and each token has one in each: the smaller one is how often it was seen, or
more where others share both. What was seen counts for half after each `HALF_LIFE`: not by making
old counts smaller, but by letting new ones count for more.
"""

from __future__ import annotations

from array import array
from datetime import timedelta
from itertools import repeat
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.stories.signatures import Frequencies

if TYPE_CHECKING:
    from collections.abc import Iterable

HALF_LIFE = timedelta(days=7)

#: Counters of a row, four bytes each; a power of two. 100,000 entries bring a million tokens.
CELLS = 1 << 20
#: A sketch is stored in so many pieces, none of which takes long to write.
PIECES = 64
_PIECE = 2 * CELLS // PIECES
#: An odd number near 2**32 divided by the golden ratio: spreads tokens over the second row.
_SPREAD = 0x9E3779B1
#: New counts are never more than so many times as large as the first: four bytes hold no more.
_MOST = 2.0**64
#: Half-lives that are told apart, whatever a clock says.
_LONGEST = 120.0


class FrequencySketch:
    """Counts of tokens, changed in place; instants are microseconds since the epoch.

    What was counted at `from_us` counts for one; `total` is how many texts were counted, in the
    same measure.
    """

    def __init__(self, from_us: int, total: float = 0.0) -> None:
        self.from_us, self.total = from_us, total
        self._cells = array("f", bytes(8 * CELLS))

    def count(self, tokens: Iterable[int], now_us: int) -> None:
        """Count the tokens of a text, each of which is there once."""
        unit = self._unit(now_us)
        if unit > _MOST:
            self._begin_anew(now_us)
            unit = 1.0
        self.total += unit
        cells = self._cells
        for token in tokens:
            cells[token & (CELLS - 1)] += unit
            cells[CELLS + ((token * _SPREAD >> 12) & (CELLS - 1))] += unit

    def of(self, tokens: Iterable[int], now_us: int) -> Frequencies:
        """Return how often some tokens were seen."""
        unit = self._unit(now_us)
        cells = self._cells
        return Frequencies(
            self.total / unit,
            {
                token: seen / unit
                for token in tokens
                if (
                    seen := min(
                        cells[token & (CELLS - 1)],
                        cells[CELLS + ((token * _SPREAD >> 12) & (CELLS - 1))],
                    )
                )
            },
        )

    def piece(self, number: int) -> bytes:
        """Return one of the `PIECES` as bytes."""
        return self._cells[number * _PIECE : (number + 1) * _PIECE].tobytes()

    def restore(self, number: int, stored: bytes) -> None:
        """Take over a piece; one of another size is left out."""
        if len(stored) == 4 * _PIECE:
            self._cells[number * _PIECE : (number + 1) * _PIECE] = array("f", stored)

    def _unit(self, now_us: int) -> float:
        half_lives = (now_us - self.from_us) * MICROSECOND / HALF_LIFE
        return float(2.0 ** max(-_LONGEST, min(half_lives, _LONGEST)))

    def _begin_anew(self, now_us: int) -> None:
        """Let a text of now count for one, once in a year or so."""
        unit = self._unit(now_us)
        self._cells = array("f", map(float.__truediv__, self._cells, repeat(unit)))
        self.total /= unit
        self.from_us = now_us
