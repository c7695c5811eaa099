"""What was found in an index, part after part of it, the newest part first.

A part is some texts that came one after another, ranked among themselves: a table of words in a
file, a number in the rows of a database.
"""

from __future__ import annotations

from heapq import nlargest
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Texts of one part: a question takes no longer in one than these take.
TEXTS = 4096

#: Of one part so many entries are taken, the best; of all so many are looked up, after which no
#: older part is asked.
OF_ONE_PART, LOOKED_UP = 500, 3_000

#: No part is asked after so many seconds: those that were are the newest.
SECONDS = 0.5

#: The ids of entries, the best first, and whether all of the index was asked for them.
Ranked = tuple[list[int], bool]


class Finds:
    """Collects what parts tell."""

    def __init__(self) -> None:
        self._found: list[tuple[float, int]] = []
        self._is_whole = True
        self._asked = 0

    @property
    def are_enough(self) -> bool:
        """Whether no older part need be asked."""
        return len(self._found) >= LOOKED_UP

    @property
    def parts_wanted(self) -> int | None:
        """How many parts more will be enough, by those that were asked; `None` for not known."""
        if not self._found:
            return None
        return max(1, ceil((LOOKED_UP - len(self._found)) * self._asked / len(self._found)))

    def add(self, some: Sequence[tuple[float, int]]) -> None:
        """Take the scores and the entries of one part, the best `OF_ONE_PART` of it."""
        self._asked += 1
        self._found += some
        self._is_whole &= len(some) < OF_ONE_PART

    def leave(self) -> None:
        """Remember that a part was not asked, or not to its end."""
        self._is_whole = False

    def ranked(self) -> Ranked:
        """Return what there is of all of them, of two alike the newer one first."""
        best = nlargest(LOOKED_UP, self._found)
        return [entry_id for _, entry_id in best], self._is_whole and not self._are_too_many

    @property
    def _are_too_many(self) -> bool:
        return len(self._found) > LOOKED_UP
