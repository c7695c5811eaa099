"""Which entries of a document are known already, by which of their keys, with the reason.

Keys come strongest first: the publisher's id, the canonical URL, the number that a known site gives
its article, the URL without its host, title and text, title and date, text and date. `SIGNS` is the
table of what each needs beside it: a weaker key decides alone only
where the stronger is missing on one side. Where both sides have a stronger key and they differ, it
needs the same title or the same publisher's date beside it: a changed guid is then the same entry,
while items that merely share a link (a live page, a podcast that links to its front page) stay
apart. Another date is another event wherever only words are the same; and with another id and date
it is the next issue of what has one page and one title (a forecast, a comic, "Backup OK").

What a document shows to be made anew throughout (`moves`) counts as missing there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.stories.moves import is_of_before, is_place, shares_nothing, what_moved
from aggregator.stories.signs import (
    KINDS,
    NAMES,
    SHARED_KINDS,
    TEXTS,
    agreement,
    kind_of,
    other_date,
    same_date,
    same_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Entry
    from aggregator.stories.moves import Moved
    from aggregator.stories.signs import Known


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry of a document turned out to be: known (`entry_id`) or new (`None`), and why."""

    entry_id: int | None
    because: str


NEW = Match(None, "no key is known")

#: What the stronger names say that both entries have: none differs, those that differ say nothing
#: in this document, or one is another.
AGREE, SILENT, OTHER = "agree", "silent", "other"


@dataclass(frozen=True, slots=True)
class Sign:
    """A row of the table: a key of `kind` decides where `names` are so, with all of `beside`."""

    kind: str
    names: tuple[str, ...]
    beside: tuple[str, ...] = ()


#: docs/publishing.md, "What is the same", has the same rows.
SIGNS = (
    Sign("guid", (AGREE,), ("no place",)),
    *(
        Sign(kind, names, beside)
        for kind in SHARED_KINDS
        for names, beside in (
            ((AGREE, SILENT), ()),
            ((OTHER,), ("title", "no other date")),
            ((OTHER,), ("title", "long text")),
            ((OTHER,), ("title", "text", "form of a place")),
            ((OTHER,), ("date",)),
            ((OTHER,), ("text", "no other date")),
        )
    ),
    Sign("path", (AGREE, SILENT, OTHER), ("title", "date")),
    Sign("path", (AGREE, SILENT, OTHER), ("title and text", "no other date")),
    Sign("text", (AGREE, SILENT, OTHER), ("date",)),
    Sign("text", (AGREE, SILENT), ("no other date",)),
    Sign("text", (OTHER,), ("title", "no other date")),
    Sign("brief", (AGREE, SILENT, OTHER), ("date",)),
    Sign("brief", (SILENT,), ("no other date",)),
    Sign("brief", (AGREE,), ("names on one side", "no other date")),
    Sign("dated", (AGREE,)),
    Sign("dated", (SILENT,), ("move",)),
    Sign("dated", (SILENT, OTHER), ("moved host",)),
    Sign("said", (AGREE,)),
)

#: Signs that a reason names, and how.
_TOLD = {
    "title": "title",
    "date": "date",
    "text": "text",
    "long text": "text",
    "title and text": "text",
}

_CHECKS: Mapping[str, Callable[[Entry, Known, Moved], bool]] = {
    "title": lambda entry, known, _: entry.title == known.title,
    "date": lambda entry, known, _: same_date(entry, known),
    "text": lambda entry, known, _: same_text(entry, known),
    "title and text": lambda entry, known, _: _share_text(entry, known),
    "long text": lambda entry, known, _: any(
        kind_of(key) == "text" and key in known.keys for key in entry.keys
    ),
    "form of a place": lambda entry, _, __: is_place(entry),
    "no other date": lambda entry, known, moved: moved.dates or not other_date(entry, known),
    "no place": lambda entry, known, moved: (
        not (moved.places and is_place(entry) and shares_nothing(entry, known))
    ),
    # Its publisher has begun or ceased to give ids; or an id is shared in one of the documents.
    "names on one side": lambda entry, known, _: (
        known.kinds.isdisjoint(NAMES) or not any(kind_of(key) in NAMES for key in entry.keys)
    ),
    "move": lambda _, __, moved: moved.site,
    "moved host": is_of_before,
}


def _share_text(entry: Entry, known: Known) -> bool:
    return any(kind_of(key) in TEXTS and key in known.keys for key in entry.keys)


def match(
    entries: Sequence[Entry],
    owners: Mapping[str, int],
    known: Mapping[int, Known],
    moved: Moved | None = None,
) -> list[Match]:
    """Return one `Match` an entry, in order; a stored entry is matched at most once.

    `owners` maps those keys of the document that are stored to the entry that has them; `known`
    holds those entries. Stronger kinds are matched first for the whole document, so that an
    entry's weaker key never takes what another entry's stronger key names. `moved` is what the
    document has otherwise throughout, found here where it is not given.
    """
    matches = [NEW] * len(entries)
    if not owners:
        return matches
    moved = moved or what_moved(entries, owners, known)
    taken: set[int] = set()
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
                because = accepted(kind, entry, known[owner], moved)
                if because is not None:
                    matches[index] = Match(owner, because)
                    taken.add(owner)
                    break
    return matches


def _contradicted(
    entry: Entry, owners: Mapping[str, int], known: Mapping[int, Known]
) -> Match | None:
    """Return the entry that link, text or title and date name, where the id names another."""
    by_kind = {kind_of(key): owners[key] for key in entry.keys if key in owners}
    for kind in (*SHARED_KINDS, *TEXTS, "dated"):
        owner = by_kind.get(kind)
        if owner is None or by_kind.get("guid", owner) == owner:
            continue
        told, named = known[owner], known[by_kind["guid"]]
        if kind in TEXTS and other_date(entry, told):
            continue
        if agreement(entry, told) > agreement(entry, named):
            what = "title" if entry.title == told.title else "date"
            same = "title and date" if kind == "dated" else f"{kind} and {what}"
            return Match(owner, f"same {same}, its guid is another entry's")
    return None


def accepted(kind: str, entry: Entry, known: Known, moved: Moved) -> str | None:
    """Return why a stored entry that shares an entry's key of this kind is the same, or `None`."""
    own_kinds = {kind_of(key) for key in entry.keys}
    stronger = NAMES[: NAMES.index(kind)] if kind in NAMES else NAMES
    differing = [name for name in stronger if name in own_kinds and name in known.kinds]
    names = AGREE
    if differing:
        names = OTHER if any(name not in moved.silent for name in differing) else SILENT
    for sign in SIGNS:
        fits = sign.kind == kind and names in sign.names
        if fits and all(_CHECKS[one](entry, known, moved) for one in sign.beside):
            told = (_TOLD[one] for one in sign.beside if one in _TOLD)
            other = f", other {differing[0]}" if differing else ""
            anew = ", every one of the document is another" if names == SILENT else ""
            return f"same {_listed(kind, *told)}{other}{anew}"
    return None


def _listed(*words: str) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
