"""A stored story as readers see it: secrets concealed, then tagged and reworded by rules."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from aggregator import rules
from aggregator.model import Category, Rules
from aggregator.stories.concealment import origin_of_entry, public_story, public_text

if TYPE_CHECKING:
    from aggregator.model import Feed, Provenance, Source, Story

_NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class StoredStory:
    """A story with what its publisher wrote, and what is known of it beside that.

    `story.origin` is the source's public one; `provenance` is where the entry's own document says
    that it first stood. `tags` are those that rules of the source gave the entry, `facts` what the
    feed's rules may ask of it, needed only where they tag.
    """

    story: Story
    source: Source
    provenance: Provenance | None = None
    tags: tuple[str, ...] = ()
    facts: rules.Facts | None = None


def as_read(stored: StoredStory, feed: Feed) -> Story:
    """Return the story as readers of `feed` see it. Pure; the same input gives the same bytes."""
    story, source = stored.story, stored.source
    origin = origin_of_entry(story.origin, source, stored.provenance)
    shown = public_story(replace(story, origin=origin), source)
    if source.rules == _NO_RULES and feed.rules == _NO_RULES:
        return shown
    given = stored.tags
    if stored.facts is not None:
        given += rules.feed_tags(feed, stored.facts)
    held = {category.term for category in shown.categories}
    replace_by = source.rules.replace + feed.rules.replace
    return replace(
        shown,
        title=rules.replaced_text(replace_by, shown.title, "title"),
        summary=rules.replaced_text(replace_by, shown.summary, "text"),
        content_html=rules.replaced_html(replace_by, shown.content_html),
        categories=shown.categories
        + tuple(Category(tag) for tag in dict.fromkeys(given) if tag not in held),
    )


def raw_html(raw: str, source: Source) -> str | None:
    """Return the publisher's own text as HTML, without a private URL; `None` where it gave none.

    `raw` is `Entry.raw`.
    """
    fields = json.loads(raw)
    for name in ("raw_content", "raw_summary"):
        if fields.get(name):
            text = str(fields[name])
            is_html = fields.get(f"{name}_is_html", True)
            return public_text(source, text if is_html else escape(text, quote=False))
    return None
