"""By which further keys a known entry is known from now on: publishers change ids and links."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aggregator.stories.signs import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection

#: Keys of one kind that an entry gathers; a publisher whose ids change all the time fills no disk.
KEYS_OF_A_KIND = 8


def gathered(strangers: Collection[str], held: Collection[str]) -> tuple[str, ...]:
    """Return which keys that no entry has yet an entry takes that is known by `held`."""
    if not strangers:
        return ()
    count = Counter(map(kind_of, held))
    return tuple(key for key in strangers if count[kind_of(key)] < KEYS_OF_A_KIND)


def is_full(kind: str, held: Collection[str]) -> bool:
    """Tell whether an entry that is known by `held` takes no further key of a kind."""
    return sum(kind_of(key) == kind for key in held) >= KEYS_OF_A_KIND
