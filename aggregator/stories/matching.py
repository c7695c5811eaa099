"""Which entries of a document are known already, by which of their keys, with the reason.

Keys come strongest first: the publisher's id, the canonical URL, the number that a known site gives
its article, the URL without its host, the text itself, a text too short to tell much. A strong key
decides alone, unless another sign with the same title or date names another entry; and an id that
may number the places of a list ("item-1") only where something else is the same. A weaker one
decides alone only where the stronger is missing on one side; where both sides have a stronger key
and they differ, it needs the same title or the same publisher's date beside it: a changed guid is
then the same entry, while items that merely share a link (a live page, a podcast that links to its
front page) stay apart. The URL without its host needs title and date, or the text: planets join
sites whose pages are called alike.

Where every id of a document is unknown, and yet most of its entries are known by something else,
the publisher has changed its ids (some do on every poll): ids then say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Entry

#: Kinds of identity keys, strongest first (the part of a key before its colon).
KINDS = ("guid", "url", "site", "path", "text", "brief")

#: Kinds that name the same article in every source.
SHARED_KINDS = ("url", "site")

#: Kinds that never decide alone: many pages of different hosts, and many short texts, are alike.
WEAK_KINDS = ("path", "brief")

#: An id that may number the places of a list: nobody numbers places in addresses or by thousands.
_PLACE = re.compile(r"guid:[^/:]{0,40}?\d{1,3}")

#: What a document's ids must be strange in to be changed ones: fewer may be new entries.
MANY = 2


@dataclass(frozen=True, slots=True)
class Known:
    """A stored entry, as far as matching needs it; `published_at` only where the publisher gave it.

    `keys` are those that it is known by.
    """

    entry_id: int
    title: str
    published_at: datetime | None
    keys: frozenset[str]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of keys that it is known by."""
        return frozenset(map(kind_of, self.keys))


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry of a document turned out to be: known (`entry_id`) or new (`None`), and why."""

    entry_id: int | None
    because: str


NEW = Match(None, "no key is known")


def kind_of(key: str) -> str:
    """Return the kind of an identity key."""
    return key.partition(":")[0]


def match(
    entries: Sequence[Entry], owners: Mapping[str, int], known: Mapping[int, Known]
) -> list[Match]:
    """Return one `Match` an entry, in order; a stored entry is matched at most once.

    `owners` maps those keys of the document that are stored to the entry that has them; `known`
    holds those entries. Stronger kinds are matched first for the whole document, so that an
    entry's weaker key never takes what another entry's stronger key names.
    """
    matches = [NEW] * len(entries)
    taken: set[int] = set()
    ids_changed = _ids_changed(entries, owners)
    for index, entry in enumerate(entries):
        found = _contradicted(entry, owners, known)
        if found is not None and found.entry_id not in taken:
            matches[index] = found
            taken.add(found.entry_id or 0)
    for kind in KINDS:
        for index, entry in enumerate(entries):
            if matches[index].entry_id is not None:
                continue
            for key in entry.keys:
                owner = owners.get(key)
                if owner is None or kind_of(key) != kind or owner in taken:
                    continue
                because = _accepts(kind, entry, known[owner], ids_changed=ids_changed)
                if because is not None:
                    matches[index] = Match(owner, because)
                    taken.add(owner)
                    break
    return matches


def _contradicted(
    entry: Entry, owners: Mapping[str, int], known: Mapping[int, Known]
) -> Match | None:
    """Return the entry that link or text name with title or date, where the id names another."""
    by_kind = {kind_of(key): owners[key] for key in entry.keys if key in owners}
    for kind in (*SHARED_KINDS, "text", "brief"):
        owner = by_kind.get(kind)
        if owner is None or by_kind.get("guid", owner) == owner:
            continue
        told, named = known[owner], known[by_kind["guid"]]
        if _agrees(entry, told) and not _agrees(entry, named):
            what = "title" if entry.title == told.title else "date"
            return Match(owner, f"same {kind} and {what}, its guid is another entry's")
    return None


def _agrees(entry: Entry, known: Known) -> bool:
    return entry.title == known.title or (
        entry.published_at is not None and entry.published_at == known.published_at
    )


def _shares_nothing(entry: Entry, known: Known) -> bool:
    """Tell whether an id that may number a place is all that two entries have in common."""
    guids = [key for key in entry.keys if kind_of(key) == "guid"]
    if not any(_PLACE.fullmatch(guid) for guid in guids) or _agrees(entry, known):
        return False
    return known.keys.isdisjoint(key for key in entry.keys if key not in guids)


def _ids_changed(entries: Sequence[Entry], owners: Mapping[str, int]) -> bool:
    """Tell whether no id of the document is known, and half of its entries are all the same."""
    named = [entry for entry in entries if any(kind_of(key) == "guid" for key in entry.keys)]
    if len(named) < MANY:
        return False
    if any(key in owners for entry in named for key in entry.keys if kind_of(key) == "guid"):
        return False
    recognised = sum(any(key in owners for key in entry.keys) for entry in named)
    return recognised >= MANY and 2 * recognised >= len(named)


def _accepts(kind: str, entry: Entry, known: Known, *, ids_changed: bool) -> str | None:
    stronger = KINDS[: KINDS.index(kind)]
    own_kinds = {kind_of(key) for key in entry.keys}
    differing = [name for name in stronger if name in own_kinds and name in known.kinds]
    if ids_changed and differing == ["guid"]:
        return f"same {kind}, every id of the document is another"
    if kind == "guid" and _shares_nothing(entry, known):
        return None
    if not differing and kind not in WEAK_KINDS:
        return f"same {kind}"
    other = f", other {differing[0]}" if differing else ""
    if kind == "path":
        same_date = entry.published_at is not None and entry.published_at == known.published_at
        if same_date and entry.title == known.title:
            return f"same path, title and date{other}"
        texts = {key for key in entry.keys if kind_of(key) in ("text", "brief")}
        return f"same path and text{other}" if not texts.isdisjoint(known.keys) else None
    if kind not in ("text", "brief") and entry.title == known.title:
        return f"same {kind} and title{other}"
    if entry.published_at is not None and entry.published_at == known.published_at:
        return f"same {kind} and date{other}"
    return None
