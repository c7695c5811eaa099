"""What a known entry's other text is: an edit of its publisher's, or only our reading of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aggregator.model import Particulars
from aggregator.runtime.values import dataclass
from aggregator.stories.entry_dates import edited_at
from aggregator.stories.misread import is_misread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.model import Category, Enclosure, Entry

#: The publisher's own words; while they stay, nothing was edited: we read them otherwise, or the
#: entry has moved.
_WORDS = ("raw_title", "raw_summary", "raw_content")

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
    particulars: Particulars = Particulars()
    enclosures: tuple[Enclosure, ...] = ()
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
    """Another spelling of the link, other categories, more about authors and files: no edit."""


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
    return (
        one.url,
        one.language,
        frozenset(one.categories),
        _without_queries(one.particulars),
        # Which files there are is part of the text.
        [(file.title, file.duration_seconds) for file in one.enclosures],
    )


def _without_queries(particulars: Particulars) -> Particulars:
    """Return particulars with pictures by their path: signed addresses change with each answer."""
    episode = particulars.episode
    return replace(
        particulars,
        authors=tuple(
            replace(one, avatar_url=_path(one.avatar_url)) for one in particulars.authors
        ),
        episode=episode and replace(episode, image_url=_path(episode.image_url)),
    )


def _path(url: str | None) -> str | None:
    return url and url.partition("?")[0]


def _says_the_same(stored: Version, stored_raw: str | None, raw: str | None, version: str) -> bool:
    """Tell whether the publisher says what it said when the stored text was made.

    Where its words are kept no longer, another version of ours having made the text is the reason.
    Where that version read them out of the document otherwise, too (markup that nobody escaped, a
    wrapper of CDATA), their letters are there still, and perhaps more of them; or it read
    their bytes in a wrong encoding.
    """
    is_by_other_version = stored.refined_by != version
    if stored_raw is None or raw is None:
        return is_by_other_version
    before, after = json.loads(stored_raw), json.loads(raw)
    words, again = _words(before), _words(after)
    if not any((*words, *_names(before), before.get("raw_author"))):
        return False
    # Version 0.1 had one line for all authors: whether they are others now, nobody can tell.
    is_a_line = "raw_author" in before or ("raw_particulars" not in before and is_by_other_version)
    if not is_a_line and not _are_named_alike(_names(before), _names(after), is_by_other_version):
        return False
    return words == again or (
        is_by_other_version
        and all(
            _is_read_from(_letters(one), _letters(other))
            for one, other in zip(words, again, strict=True)
        )
    )


def _is_read_from(before: str, after: str) -> bool:
    return before in after or is_misread(before, after)


def _letters(text: object) -> str:
    plain = str(text or "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "".join(_MARKUP.sub("", plain).split())


def _are_named_alike(before: list[str], after: list[str], is_by_other_version: bool) -> bool:
    """Tell whether the makers are the same; another version may have taken more for their names."""
    if before == after or not is_by_other_version:
        return before == after
    one, other = ("".join(filter(str.isalnum, "".join(names))) for names in (before, after))
    return one in other or other in one


def _names(raw: Mapping[str, Any]) -> list[str]:
    authors = raw.get("raw_particulars", {}).get("authors", ())
    return [one.get("name") or one.get("email") or "" for one in authors]


def _words(raw: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(raw.get(name) for name in _WORDS)
