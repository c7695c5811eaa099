"""The page of what a search found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.cards import TITLE_CHARACTERS, mark, short_link
from aggregator.publish.pages.story_keys import story_key
from aggregator.runtime.values import dataclass
from aggregator.stories.searched_texts import shown_text
from aggregator.web.excerpts import excerpt
from aggregator.web.search_words import excerpt_of, marked
from aggregator.web.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model.found import Found, Hit
    from aggregator.publish.pages.cards import Mark
    from aggregator.publish.pages.look import Look
    from aggregator.web.search_words import Piece, SearchQuery

#: Stories of a page of results.
RESULTS = 30


@dataclass(frozen=True, slots=True)
class Result:
    """A story that was found, with what was searched for marked in its title and its text."""

    way: str
    link: str | None
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    source: Mark
    published_at: datetime
    language: str | None


@dataclass(frozen=True, slots=True)
class Results:
    """All that the page shows; `asked` is what stands in the box, `found` `None` before any search.

    `stories_at` leads from the site's first page to the folder of the stories' pages, `search_at`
    to this page; `feed_at` to the feed of the search, `None` where there is none.
    """

    asked: str
    query: SearchQuery
    found: Found | None
    stories_at: str = "stories/"
    search_at: str = "search"
    feed_at: str | None = None


def results_page(results: Results, look: Look, local: Callable[[datetime], datetime]) -> bytes:
    """Return the page in UTF-8; `local` tells a moment in the time zone that days are told in."""
    hits = () if results.found is None else results.found.hits
    further = None if results.found is None else results.found.next
    is_part = further is not None or "after" in dict(look.query)
    counted = ("{n} story on this page", "{n} stories on this page")
    if not is_part:
        counted = ("{n} story found", "{n} stories found")
    fields: dict[str, object] = {
        "results": results,
        "counted": look.count(len(hits), *counted),
        "further": None if further is None else look.asking(after=story_key(further)),
        "best": look.asking(after=None) if "after" in dict(look.query) else None,
        "told": [_result(hit, results, look) for hit in hits],
        "moment": lambda one: look.moment(local(one.published_at)),
        "machine": lambda one: one.isoformat(timespec="seconds"),
        "search_at": look.root + results.search_at,
        "asked": results.asked,
        "feed_at": None if results.feed_at is None else look.root + results.feed_at,
    }
    return html_page("pages/results", fields, look)


def _result(hit: Hit, results: Results, look: Look) -> Result:
    story, query = hit.story, results.query
    title = excerpt(one_line(story.title), TITLE_CHARACTERS) or "…"
    return Result(
        way=f"{look.root}{results.stories_at}{story_key(story.order_key)}",
        link=short_link(story.url),
        title=marked(title, query),
        excerpt=excerpt_of(shown_text(story, hit.feed), query),
        source=mark(story.origin.title),
        published_at=story.published_at,
        language=story.language,
    )
