"""What an entry says beside its text, fit to publish: lines, dates, ids, subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Category
from aggregator.refine.entry_limits import MAX_AUTHOR_CHARS
from aggregator.refine.plain_texts import plain_line
from aggregator.web.excerpts import excerpt
from aggregator.web.text import one_line
from aggregator.web.urls import absolute_url, is_absolute_iri, public_url
from aggregator.web.zero_dates import is_zero

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

#: An id of more is no candidate for a public one, and useless to a reader.
MAX_ID_CHARS = 2048

_MAX_SCHEME_CHARS = 1000
#: Schemes of web addresses, and of what runs or holds something: a name has none of them.
_NO_NAMES = ("http:", "https:", "javascript:", "vbscript:", "data:", "file:", "blob:")


def line(text: str | None, limit: int, *, is_html: bool | None = True) -> str | None:
    """Return publisher's text as one plain line, entities decoded once, or `None` when empty.

    `is_html` is what its format says of it; `None`: nothing (`plain_line`).
    """
    if not text:
        return None
    return excerpt(one_line(plain_line(text, is_html=is_html)), limit) or None


def sane(at: datetime | None, seen_at: datetime) -> datetime | None:
    """Return a publisher's date, never after `seen_at`; `None` for a program's zero."""
    found = as_stated(at)
    return None if found is None else min(found, seen_at)


def as_stated(at: datetime | None) -> datetime | None:
    """Return a publisher's date as it wrote it; `None` for a program's zero."""
    return None if at is None or is_zero(at) else at


def identifier(text: str | None) -> str | None:
    """Return a publisher's id as one line, or `None` where it serves nobody."""
    found = one_line(text or "")
    return found if 0 < len(found) <= MAX_ID_CHARS else None


def categories(raw: Iterable[Category]) -> tuple[Category, ...]:
    """Return what an entry is filed under: plain terms, each once within its scheme.

    A scheme is an absolute IRI or is left out; so is a label that says the term.
    """
    found: dict[tuple[str, str | None], Category] = {}
    for one in raw:
        term = line(one.term, MAX_AUTHOR_CHARS)
        if term:
            label = line(one.label, MAX_AUTHOR_CHARS)
            kept = Category(term, _scheme(one.scheme), None if label == term else label)
            found.setdefault((kept.term, kept.scheme), kept)
    return tuple(found.values())


def _scheme(text: str | None) -> str | None:
    scheme = one_line(text or "")
    if not 0 < len(scheme) <= _MAX_SCHEME_CHARS:
        return None
    if scheme.lower().startswith(("http://", "https://")):
        return public_url(absolute_url(scheme, ""))
    is_name = is_absolute_iri(scheme) and not scheme.lower().startswith(_NO_NAMES)
    return scheme if is_name else None
