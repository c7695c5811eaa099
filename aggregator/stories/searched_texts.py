"""What of a story is searched: no more than its feed shows, or finds would tell the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.web.excerpts import excerpt
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    from aggregator.model import Feed, Story

#: Of a text so much is searched, in characters.
MOST_CHARACTERS = 100_000
MOST_HTML = 8 * MOST_CHARACTERS
#: And so much where a feed shows summaries.
_SUMMARY_CHARACTERS = 500


def indexed_text(visible_text: str, summary: str) -> str:
    """Return what an index has of an entry: all that any feed may show of it."""
    text = visible_text[:MOST_CHARACTERS]
    if not summary or text.startswith(summary.rstrip("…")):
        return text
    return f"{text} {one_line(summary)}"[:MOST_CHARACTERS]


def shown_text(story: Story, feed: Feed) -> str:
    """Return the visible text of a story as a feed shows it, on one line."""
    match feed.content:
        case "full":
            return _text(story.content_html) or one_line(story.summary)[:MOST_CHARACTERS]
        case "summary":
            summary = one_line(story.summary) or _text(story.content_html)
            return excerpt(summary, _SUMMARY_CHARACTERS)
        case _:
            return ""


def _text(content_html: str) -> str:
    return one_line(visible_text(content_html, MOST_HTML))[:MOST_CHARACTERS]
