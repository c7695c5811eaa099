"""By which further keys a known entry is known from now on: publishers change ids and links."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from aggregator.stories.moves import is_place
from aggregator.stories.signs import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from aggregator.model import Entry

#: Keys of one kind that an entry gathers; a publisher whose ids change all the time fills no disk.
KEYS_OF_A_KIND = 8


def gathered(strangers: Collection[str], held: Collection[str]) -> tuple[str, ...]:
    """Return which keys that no entry has yet an entry takes that is known by `held`."""
    if not strangers:
        return ()
    count = Counter(map(kind_of, held))
    return tuple(key for key in strangers if count[kind_of(key)] < KEYS_OF_A_KIND)


def passed_on(
    known: Iterable[tuple[Entry, int]], fresh: Iterable[Entry], owners: Mapping[str, int]
) -> frozenset[str]:
    """Return the ids of places that other entries have than those that are at the places now.

    For a document whose ids number places, of its `known` entries, each with the one that it is,
    and of those that are new. A place is its newest entry's: so the next document is seen to number
    places, too, though it may list nothing else that shows it.
    """
    told = chain(known, ((entry, None) for entry in fresh))
    return frozenset(
        key
        for entry, entry_id in told
        if is_place(entry)
        for key in entry.keys
        if kind_of(key) == "guid" and owners.get(key, entry_id) != entry_id
    )


def is_full(kind: str, held: Collection[str]) -> bool:
    """Tell whether an entry that is known by `held` takes no further key of a kind."""
    return sum(kind_of(key) == kind for key in held) >= KEYS_OF_A_KIND
