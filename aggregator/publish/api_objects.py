"""What the JSON API tells, as plain objects: the words are those of the glossary."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from aggregator.publish.feed_formats import Addresses, Format
from aggregator.publish.items import Taste
from aggregator.publish.pages.cards import first_words, parts_of
from aggregator.publish.pages.look import Look
from aggregator.publish.pages.story_keys import story_key
from aggregator.stories.searched_texts import shown_text
from aggregator.web.search_words import excerpt_of

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Feed, SourceStatus, Story
    from aggregator.model.found import EntryLine, Hit
    from aggregator.web.search_words import SearchQuery


def feed_object(feed: Feed, base_url: str) -> dict[str, object]:
    """Return a feed; `feed` is concealed where it must be."""
    addresses = Addresses(base_url)
    return {
        "name": feed.name,
        "title": feed.title,
        "description": feed.description,
        "page_url": addresses.page(feed),
        "urls": {form.value: addresses.feed(feed, form) for form in Format},
    }


def story_object(story: Story, feed: Feed, *, is_whole: bool = False) -> dict[str, object]:
    """Return a story as its page has it below a feed, with its text where it `is_whole`."""
    item, _ = parts_of(story, Taste.of(feed, feed.entry_size))
    told: dict[str, object] = {
        "id": story_key(story.order_key),
        "entry_id": item.id,
        "feed": feed.name,
        "title": item.heading,
        "url": item.link,
        "source": item.source.title,
        "language": item.language,
        "tags": [category.term for category in item.categories],
        "published_at": utc(story.published_at),
        "updated_at": utc(story.updated_at),
        "also": [{"source": one.title} for one in story.also]
        + [
            {"source": one.origin.title, "title": one.title, "url": one.url}
            for one in story.also_told
        ],
    }
    if is_whole:
        summary = item.summary or first_words(item.content_html, Look())
        told |= {"summary": summary, "content_html": item.content_html}
    return told


def hit_object(hit: Hit, query: SearchQuery) -> dict[str, object]:
    """Return a story that was found, with the text around what was found."""
    pieces = excerpt_of(shown_text(hit.story, hit.feed), query)
    return story_object(hit.story, hit.feed) | {
        "excerpt": [{"text": piece.text, "is_found": piece.is_found} for piece in pieces]
    }


def entry_object(entry: EntryLine) -> dict[str, object]:
    """Return an entry as it is stored."""
    return {
        "id": entry.id,
        "source": entry.source,
        "title": entry.title,
        "url": entry.url,
        "author": entry.author,
        "text": entry.text,
        "published_at": utc(entry.published_at),
        "first_seen_at": utc(entry.first_seen_at),
    }


def source_object(source: SourceStatus) -> dict[str, object]:
    """Return how a source is."""
    return {
        "name": source.name,
        "url": source.url,
        "title": source.title,
        "site_url": source.site_url,
        "tags": list(source.tags),
        "is_enabled": source.enabled,
        "entries": source.entries,
        "last_poll_at": utc(source.last_poll_at),
        "last_success_at": utc(source.last_success_at),
        "next_poll_at": utc(source.next_poll_at),
        "problem": None if source.problem is None else source.problem.kind.value,
    }


def utc(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339 writes it, in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
