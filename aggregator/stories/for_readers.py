"""Stored stories made ready for readers: concealed where secret, tagged and reworded, sorted."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from aggregator import rules
from aggregator.model import AlsoTold, Category, Particulars, Rules, Story
from aggregator.runtime.values import dataclass
from aggregator.stories.concealment import (
    origin_of_entry,
    public_origin,
    public_story,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aggregator.model import Enclosure, Feed, Origin, Provenance, Sameness
    from aggregator.rules.secrets import Secrets
    from aggregator.stories.concealment import SourceWords

_NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class StoredMember:
    """An entry that a feed does not show because another one tells its story, as it is stored."""

    source: SourceWords
    title: str
    url: str | None
    published_at: datetime
    because: Sameness


@dataclass(frozen=True, slots=True)
class StoredStory:
    """An entry with its story as they are stored; nothing in it is concealed.

    `entry_id` and `story_id` are the public ids; `provenance` is where the entry's own document
    says that it first stood. `tags` are those that rules of the source gave the entry, `facts` what
    the feed's rules may ask of it, needed only where they tag. `others` are the other sources of
    which the feed admits an entry of the story, in the order of their entries; `also_told` are
    entries that it does not show because of this one.
    """

    source: SourceWords
    entry_id: str
    story_id: str
    order_key: int
    url: str | None
    title: str
    content_html: str
    summary: str
    particulars: Particulars
    published_at: datetime
    updated_at: datetime
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    provenance: Provenance | None = None
    tags: tuple[str, ...] = ()
    facts: rules.Facts | None = None
    others: tuple[SourceWords, ...] = ()
    also_told: tuple[StoredMember, ...] = ()


def as_read(found: Iterable[StoredStory], feed: Feed, secrets: Secrets) -> tuple[Story, ...]:
    """Return stories as readers of `feed` see them, in the order given.

    Where a feed shows every copy of an article, each copy has the id of its entry; else it has the
    story's, and names the other sources. Nothing in them holds one of `secrets`. Pure; the same
    input gives the same bytes.
    """
    origins: dict[str, Origin] = {}

    def origin(words: SourceWords) -> Origin:
        if words.minted_id not in origins:
            origins[words.minted_id] = public_origin(words, secrets)
        return origins[words.minted_id]

    return tuple(
        _with_members(
            _as_read(one, feed, origin(one.source), tuple(map(origin, one.others)), secrets),
            tuple(_member(told, feed, origin(told.source), secrets) for told in one.also_told),
        )
        for one in found
    )


def _with_members(story: Story, also_told: tuple[AlsoTold, ...]) -> Story:
    return replace(story, also_told=also_told) if also_told else story


def in_order(stories: tuple[Story, ...], feed: Feed) -> tuple[Story, ...]:
    """Return the stories of a feed's window, newest arrival first, in the feed's order."""
    if feed.order != "published":
        return stories
    # Stable: of one second, what arrived later comes first.
    return tuple(sorted(stories, key=lambda story: story.published_at, reverse=True))


def as_archived(story: Story) -> Story:
    """Return an archived story without what its sources have become since: a part must not change.

    An atom:source is a copy, made when the entry was (RFC 4287 section 4.2.11).
    """
    return replace(
        story,
        origin=replace(story.origin, updated_at=story.updated_at),
        also=tuple(replace(origin, updated_at=story.updated_at) for origin in story.also),
        also_told=tuple(
            replace(told, origin=replace(told.origin, updated_at=story.updated_at))
            for told in story.also_told
        ),
    )


def _as_read(
    stored: StoredStory, feed: Feed, origin: Origin, others: tuple[Origin, ...], secrets: Secrets
) -> Story:
    source, every_copy = stored.source.source, feed.dedupe == "off"
    story = Story(
        id=stored.entry_id if every_copy else stored.story_id,
        order_key=stored.order_key,
        origin=origin_of_entry(origin, stored.provenance, secrets),
        url=stored.url,
        title=stored.title,
        content_html=stored.content_html,
        summary=stored.summary,
        particulars=stored.particulars,
        published_at=stored.published_at,
        updated_at=stored.updated_at,
        categories=stored.categories,
        enclosures=stored.enclosures,
        language=stored.language,
        also=() if every_copy else others,
    )
    # First, so that no rule takes a secret apart; and then, because a rule may put one together.
    open_story = public_story(story, source, secrets)
    ruled = _ruled(open_story, stored, feed)
    return ruled if ruled is open_story else public_story(ruled, source, secrets)


def _member(stored: StoredMember, feed: Feed, origin: Origin, secrets: Secrets) -> AlsoTold:
    """Return what a reader sees of an entry that another one stands for: no more than of it."""
    source = stored.source.source
    story = Story(
        id="",
        order_key=0,
        origin=origin,
        url=stored.url,
        title=stored.title,
        content_html="",
        summary="",
        particulars=Particulars(),
        published_at=stored.published_at,
        updated_at=stored.published_at,
    )
    shown = public_story(story, source, secrets)
    if replace_by := source.rules.replace + feed.rules.replace:
        title = rules.replaced_text(replace_by, shown.title, "title")
        shown = public_story(replace(shown, title=title), source, secrets)
    return AlsoTold(origin, shown.title, shown.url, stored.published_at, stored.because)


def _ruled(story: Story, stored: StoredStory, feed: Feed) -> Story:
    """Return the story with the tags and the words that rules give it."""
    source = stored.source.source
    if source.rules == _NO_RULES and feed.rules == _NO_RULES:
        return story
    given = stored.tags
    if stored.facts is not None:
        given += rules.feed_tags(feed, stored.facts)
    held = {category.term for category in story.categories}
    replace_by = source.rules.replace + feed.rules.replace
    return replace(
        story,
        title=rules.replaced_text(replace_by, story.title, "title"),
        summary=rules.replaced_text(replace_by, story.summary, "text"),
        content_html=rules.replaced_html(replace_by, story.content_html),
        categories=story.categories
        + tuple(Category(tag) for tag in dict.fromkeys(given) if tag not in held),
    )


def raw_html(raw: str, secrets: Secrets) -> str | None:
    """Return the publisher's own text as HTML, without a secret; `None` where it gave none.

    `raw` is `Entry.raw`.
    """
    fields = json.loads(raw)
    for name in ("raw_content", "raw_summary"):
        if fields.get(name):
            text = str(fields[name])
            is_html = fields.get(f"{name}_is_html", True)
            return secrets.conceal(text if is_html else escape(text, quote=False))
    return None
