"""A search as a feed: what it finds, newest first, each with the id of its feed."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aggregator.model import Feed, Selection
from aggregator.publish.feed_formats import Addresses, Format
from aggregator.publish.rendering import render
from aggregator.stories.searched_texts import shown_text

if TYPE_CHECKING:
    from aggregator.model import Story
    from aggregator.model.found import Found
    from aggregator.web.search_words import SearchQuery

#: Stories of the feed of a search.
MOST = 30

#: When a feed that never had a story was changed last.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _OfSearch(Addresses):
    """Where documents are, but this one: the search is in its address."""

    def document(self, feed: Feed, form: Format, part: str | None) -> str:  # noqa: ARG002 -- there is one
        """Return the address of the search."""
        return f"{self.home}search.{form.value}?{urlencode({'q': feed.description or ''})}"


def search_feed(found: Found, query: SearchQuery, base_url: str) -> tuple[bytes, datetime]:
    """Return the Atom document of a search, and when it changed last as far as that is known."""
    words = " ".join(f'"{phrase}"' if " " in phrase else phrase for phrase in sorted(query.phrases))
    feed = Feed("search", f"Search · 搜索: {words}", description=words)
    stories = sorted(
        (as_shown(hit.story, hit.feed) for hit in found.hits), key=lambda one: -one.order_key
    )
    changed_at = max((story.updated_at for story in stories), default=_EPOCH)
    selection = Selection(
        feed=feed,
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"{base_url} {query.key}").urn,
        version=1,
        changed_at=changed_at,
        stories=tuple(stories),
    )
    return render(selection, Format.ATOM, _OfSearch(base_url)), changed_at


def as_shown(story: Story, feed: Feed) -> Story:
    """Return a story with no more of its text than a feed shows."""
    if feed.content == "full":
        return story
    return replace(story, content_html="", summary=shown_text(story, feed), enclosures=())
