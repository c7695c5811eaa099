"""The signs by which entries are compared: kinds of identity keys, what is known, what agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Entry

#: Kinds of identity keys, strongest first (the part of a key before its colon).
KINDS = ("guid", "url", "site", "path", "text", "brief", "dated", "said")

#: Kinds that name an entry, whatever it says. Of two entries that both have one, it may differ.
NAMES = KINDS[:4]

#: Kinds that name the same article in every source.
SHARED_KINDS = ("url", "site")

#: Kinds of title and text together; a `brief` text is too short to tell much.
TEXTS = ("text", "brief")


@dataclass(frozen=True, slots=True)
class Known:
    """A stored entry, as far as matching needs it; `stated_at` only where the publisher gave it.

    `keys` are those that it is known by. `text_hash` is of its text without the title, `None` where
    it has none or an earlier version stored it.
    """

    entry_id: int
    title: str
    stated_at: datetime | None
    keys: frozenset[str]
    text_hash: bytes | None = None

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of keys that it is known by."""
        return frozenset(map(kind_of, self.keys))


_SHARED_PREFIXES = tuple(f"{kind}:" for kind in SHARED_KINDS)


def is_shared(key: str) -> bool:
    """Tell whether an identity key is of one of `SHARED_KINDS`."""
    return key.startswith(_SHARED_PREFIXES)


def kind_of(key: str) -> str:
    """Return the kind of an identity key."""
    return key.partition(":")[0]


def same_date(entry: Entry, known: Known) -> bool:
    """Tell whether both have a date, and it is the same as the publisher wrote it."""
    return entry.stated_at is not None and entry.stated_at == known.stated_at


def other_date(entry: Entry, known: Known) -> bool:
    """Tell whether both have a date, and it is another."""
    dates = entry.stated_at, known.stated_at
    return None not in dates and dates[0] != dates[1]


def same_text(entry: Entry, known: Known) -> bool:
    """Tell whether both have a text, and it is the same, whatever the titles."""
    return entry.text_hash is not None and entry.text_hash == known.text_hash


def agreement(entry: Entry, known: Known) -> tuple[bool, bool]:
    """Return whether the title is the same, and whether the date is, which is often many's."""
    return entry.title == known.title, same_date(entry, known)


def agrees(entry: Entry, known: Known) -> bool:
    """Tell whether title or date are the same."""
    return any(agreement(entry, known))
