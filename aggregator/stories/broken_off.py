"""What a document that breaks off cannot show: whether its short ids are the places of a list.

A list of which only the newest article arrives has that at the place of the one before, and nothing
beside it that would tell a new article from an edit. The next whole document tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.stories.moves import is_place, shares_nothing
from aggregator.stories.signs import kind_of, other_date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model import Entry
    from aggregator.stories.matching import Match
    from aggregator.stories.signs import Known


def undecided(
    entries: Sequence[Entry], matches: Sequence[Match], known: Mapping[int, Known]
) -> frozenset[int]:
    """Return the indexes of entries that a document which breaks off leaves to the next one.

    Those that are known by an id that may be a place alone, with another title, text, link and date
    than before; none where the document has any other entry that is known.
    """
    told = {
        index: known[found.entry_id]
        for index, found in enumerate(matches)
        if found.entry_id is not None
    }
    if all(_is_another(entries[index], before) for index, before in told.items()):
        return frozenset(told)
    return frozenset()


def _is_another(entry: Entry, known: Known) -> bool:
    has_link = "url" in known.kinds and any(kind_of(key) == "url" for key in entry.keys)
    return (
        has_link and is_place(entry) and other_date(entry, known) and shares_nothing(entry, known)
    )
