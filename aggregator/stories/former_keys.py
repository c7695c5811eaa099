"""Entries that version 0.1 stored with emptied addresses, known again by those.

It took the values of `key`, `code`, `token`, … out of each address, also out of what an entry is
known by. Where the publisher's own words are no longer kept, that cannot be mended: then an unknown
entry whose address, emptied, is a key of a stored one is that one if title or date agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.stories.matching import Match
from aggregator.stories.signs import TEXTS, kind_of, same_date

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from aggregator.model import Entry
    from aggregator.stories.signs import Known


def known_formerly(
    entries: Sequence[Entry],
    matches: Sequence[Match],
    owners: Mapping[str, int],
    known: Mapping[int, Known],
) -> list[Match]:
    """Return the matches of a document's entries, with those that only former keys name.

    `owners` and `known` as for `match`, of former keys, too. A stored entry that has a whole
    address already is known by that, and no entry is matched twice.
    """
    found = list(matches)
    taken = {match.entry_id for match in found if match.entry_id is not None}
    for index, entry in enumerate(entries):
        if found[index].entry_id is not None:
            continue
        for key in entry.former_keys:
            owner = owners.get(key)
            if owner is None or owner in taken or _has_whole_key(known[owner], key):
                continue
            because = _agreement(entry, known[owner])
            if because is not None:
                found[index] = Match(owner, f"same {kind_of(key)} as it was stored, and {because}")
                taken.add(owner)
                break
    return found


def stays_away_formerly(keys: Collection[str], entry: Entry) -> bool:
    """Tell whether an entry that is not known was pruned under an emptied address.

    `keys` are those of tombstones. An emptied address alone may be that of any entry: it takes the
    text beside it, or the key of address and text together.
    """
    former = {kind_of(key) for key in entry.former_keys if key in keys}
    if "text" in former:
        return True
    return bool(former) and any(kind_of(key) in TEXTS and key in keys for key in entry.keys)


def _has_whole_key(known: Known, former: str) -> bool:
    kind = kind_of(former)
    return kind not in TEXTS and any(kind_of(key) == kind and key != former for key in known.keys)


def _agreement(entry: Entry, known: Known) -> str | None:
    if entry.title == known.title:
        return "title"
    return "date" if same_date(entry, known) else None
