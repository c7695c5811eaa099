"""What pruned entries keep away: a document that still lists one does not bring it back.

Of a pruned entry a few numbers are left, its marks: hashes of its keys, of its title and of its
date. A mark costs a dozen bytes, so that they can be kept for a year.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from aggregator.model.instants import micros
from aggregator.runtime.values import dataclass
from aggregator.stories.moves import is_place
from aggregator.stories.signs import NAMES, SHARED_KINDS, TEXTS, kind_of
from aggregator.web.text import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from aggregator.model import Entry
    from aggregator.stories.moves import Moved

#: Kinds of keys by each of which what was pruned is kept away.
_LASTING_KINDS = frozenset({"guid", *SHARED_KINDS})

#: A title of fewer bytes ("Decree", "Comic 7") may be another entry's, too: the date must agree.
_TELLING_BYTES = 12


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a mark; `is_absent`: the documents before have ceased to show it.

    `is_vague`: several pruned entries had this title, or this date, so that it says nothing of one;
    or an earlier version kept the key of a text without its date.
    """

    is_absent: bool = False
    is_vague: bool = False


@dataclass(frozen=True, slots=True)
class TombstoneSighting:
    """The marks of tombstones that a document shows again, and of those that it shows no more.

    A tombstone is dropped some time after the document last showed its entry.
    """

    returned: frozenset[int] = frozenset()
    vanished: frozenset[int] = frozenset()


def mark_of(key: str) -> int:
    """Return the mark of a key: 64 bits, of either sign."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True)


def title_mark(title: str) -> int:
    """Return the mark of a title, the same for all spellings of it."""
    return mark_of(f"title:{folded(title)}")


def date_mark(stated_at: datetime) -> int:
    """Return the mark of a date as the publisher wrote it."""
    return mark_of(f"date:{micros(stated_at)}")


def marks_of(entries: Iterable[Entry]) -> frozenset[int]:
    """Return every mark that entries of a document have."""
    marks: set[int] = set()
    for entry in entries:
        marks.update(map(mark_of, (*entry.keys, *entry.former_keys)))
        marks.add(title_mark(entry.title))
        if entry.stated_at is not None:
            marks.add(date_mark(entry.stated_at))
    return frozenset(marks)


def buried_keys(entries: Iterable[Entry], tombstones: Mapping[int, Tombstone]) -> frozenset[str]:
    """Return the keys of a document, former ones, too, that a pruned entry had."""
    if not tombstones:
        return frozenset()
    keys = (key for entry in entries for key in (*entry.keys, *entry.former_keys))
    return frozenset(key for key in keys if mark_of(key) in tombstones)


def keeps_away(tombstones: Mapping[int, Tombstone], entry: Entry, moved: Moved) -> bool:
    """Tell whether an entry that is not known was pruned.

    A text needs what a known entry's would (`matching`): no other date, and where it is short, id
    and link that say nothing in this document; title and date, or text and date, need that there is
    no id and no link. An id that may be a place of a list needs anything
    else beside it.
    """
    if not tombstones:
        return False
    by_kind = {kind_of(key): tombstones.get(mark_of(key)) for key in entry.keys}
    found = {kind: one for kind, one in by_kind.items() if one is not None}
    if is_place(entry) and not (
        found.keys() - {"guid"} or _by_title(entry, tombstones) or _by_date(entry, tombstones)
    ):
        found.pop("guid", None)
    if not _LASTING_KINDS.isdisjoint(found):
        return True
    if by_kind.keys().isdisjoint(NAMES) and not found.keys().isdisjoint(("dated", "said")):
        return True
    at = entry.stated_at
    is_that_day = "dated" in found or (at is not None and date_mark(at) in tombstones)
    told = [kind for kind in TEXTS if kind in found and (kind == "text" or "path" in found)]
    if at is not None and not (is_that_day or moved.dates):
        return any(found[kind].is_vague for kind in told)
    return bool(told) or ("brief" in found and (is_that_day or bool(moved.silent)))


def is_like_pruned(entry: Entry, tombstones: Mapping[int, Tombstone]) -> bool:
    """Tell whether an entry has a pruned one's title or its exact date, though no key of it.

    A title that several had, or a short one, and a date of a whole hour (what is dated by the day
    is) count only together.
    """
    if not tombstones:
        return False
    by_title, by_date = _by_title(entry, tombstones), _by_date(entry, tombstones)
    if by_title is not None and by_date is not None:
        return True
    if by_title is not None:
        return not by_title.is_vague and len(folded(entry.title).encode()) >= _TELLING_BYTES
    if by_date is None or entry.stated_at is None:
        return False
    return not by_date.is_vague and (entry.stated_at.minute, entry.stated_at.second) != (0, 0)


def _by_title(entry: Entry, tombstones: Mapping[int, Tombstone]) -> Tombstone | None:
    return tombstones.get(title_mark(entry.title))


def _by_date(entry: Entry, tombstones: Mapping[int, Tombstone]) -> Tombstone | None:
    return None if entry.stated_at is None else tombstones.get(date_mark(entry.stated_at))


def sighting(
    tombstones: Mapping[int, Tombstone], shown: Collection[int], *, truncated: bool
) -> TombstoneSighting:
    """Return for which tombstones a document with the marks `shown` makes a difference.

    A `truncated` document proves nothing about what is missing.
    """
    returned = (mark for mark, one in tombstones.items() if one.is_absent and mark in shown)
    vanished = (mark for mark, one in tombstones.items() if not one.is_absent and mark not in shown)
    return TombstoneSighting(frozenset(returned), frozenset(() if truncated else vanished))
