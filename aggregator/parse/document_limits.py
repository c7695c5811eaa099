"""How much of a document is read: entries, nesting, characters of a raw field."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from aggregator.model import Body

#: Above this a body is refused; fetching stops a little earlier, files may come from elsewhere.
MAX_BODY_BYTES = 16 * 1024 * 1024
#: A document keeps its first entries up to here; the longest real one seen has 1,000.
MAX_ENTRIES = 2000
#: One text field. The longest article of the real documents seen has 0.6 million characters.
MAX_FIELD_CHARS = 1024 * 1024
#: Deeper elements, and more attributes than this, are an attack; feedparser takes ever longer.
MAX_DEPTH = 256
MAX_ATTRIBUTES = 1000
MAX_CATEGORIES = 100
MAX_ENCLOSURES = 100


def most_entries(body: Body) -> int:
    """Return how many entries of a document are kept: `max_entries` of its source, or our bound."""
    return MAX_ENTRIES if body.max_entries is None else min(body.max_entries, MAX_ENTRIES)


@overload
def bounded(text: str) -> str: ...
@overload
def bounded(text: str | None) -> str | None: ...
def bounded(text: str | None) -> str | None:
    """Return `text` cut to what one field may hold; an empty one is `None`."""
    return str(text)[:MAX_FIELD_CHARS] if text else None
