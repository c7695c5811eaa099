"""What a known entry's other text is: an edit of its publisher's, or only our reading of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.stories.entry_dates import edited_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.model import Category, Entry

#: The publisher's own words; while they stay, nothing was edited: we read them otherwise, or the
#: entry has moved.
_WORDS = ("raw_title", "raw_summary", "raw_content", "raw_author")

_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True, slots=True)
class Version:
    """The stored text of an entry, as far as it takes that to tell whether it has changed.

    `published_at` is the date that readers see, `first_seen_at` when the entry came.
    `refined_by` is the version of the program that made it, `matched` why the newest document's
    entry was recognised as this one (`None`: no document has shown it again).
    """

    content_hash: bytes
    updated_at: datetime
    refined_by: str
    url: str | None
    language: str | None
    categories: tuple[Category, ...]
    matched: str | None = None
    published_at: datetime | None = None
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A reader sees another text. Only an edit of the publisher's moves `updated_at`."""

    updated_at: datetime
    is_edit: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """Another spelling of the link, other categories, another language: no edit."""


Change = Rewritten | Touched


def is_other_text(stored: Version, entry: Entry) -> bool:
    """Tell whether a reader would see another text; `change` then needs the stored raw fields."""
    return stored.content_hash != entry.content_hash


def change(
    stored: Version,
    entry: Entry,
    *,
    stored_raw: str | None,
    follows_edits: bool,
    version: str,
    now: datetime,
) -> Change | None:
    """Return what changes of a known entry, `None` where a reader sees what is there.

    `stored_raw` are the publisher's fields as JSON, of which the stored text was made, `None`
    where they are kept no longer. `version` is this program's: a later one that cleans better makes
    nothing look new. Without `follows_edits` an entry stays as it was first seen.
    """
    if not is_other_text(stored, entry):
        return None if _particulars(stored) == _particulars(entry) else Touched()
    if _says_the_same(stored, stored_raw, entry.raw, version):
        return Rewritten(stored.updated_at, is_edit=False)
    if not follows_edits:
        return None
    return Rewritten(edited_at(stored.updated_at, entry.updated_at, now), is_edit=True)


def _particulars(one: Version | Entry) -> tuple[object, ...]:
    return one.url, one.language, frozenset(one.categories)


def _says_the_same(stored: Version, stored_raw: str | None, raw: str | None, version: str) -> bool:
    """Tell whether the publisher says what it said when the stored text was made.

    Where its words are kept no longer, another version of ours having made the text is the reason.
    Where that version read them out of the document otherwise, too (markup that nobody escaped, a
    wrapper of CDATA), their letters are there still, and perhaps more of them.
    """
    is_by_other_version = stored.refined_by != version
    if stored_raw is None or raw is None:
        return is_by_other_version
    before, after = (_words(json.loads(text)) for text in (stored_raw, raw))
    if not any(before):
        return False
    return before == after or (
        is_by_other_version
        and all(_letters(one) in _letters(other) for one, other in zip(before, after, strict=True))
    )


def _letters(text: object) -> str:
    plain = str(text or "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "".join(_MARKUP.sub("", plain).split())


def _words(raw: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(raw.get(name) for name in _WORDS)
