"""A selection as every format publishes it: cleaned, without doubles, nothing left to decide.

The three formats only lay out what is here, so no format can forget a rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from itertools import chain
from typing import TYPE_CHECKING

from aggregator.publish.clean import (
    clean,
    clean_language,
    clean_media_type,
    clean_url,
    person_name,
)

if TYPE_CHECKING:
    from aggregator.model import Enclosure, Origin, Selection, Story
    from aggregator.publish.addresses import Addresses, Format

#: Characters of a summary that stand in for a title where a format must have one: a line's worth.
HEADING_CHARACTERS = 80

#: How far into a content its first words are sought.
HEADING_SOURCE_CHARACTERS = 2000

# Enough to read our own sanitised HTML; the last tag may be cut off.
_TAG = re.compile(r"<[^>]*(?:>|$)")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an item; `length_bytes` is 0 when unknown."""

    url: str
    media_type: str
    length_bytes: int

    @property
    def medium(self) -> str:
        """The first half of its media type: "image", "audio", "video" and so on."""
        return self.media_type.partition("/")[0]


@dataclass(frozen=True, slots=True)
class ItemSource:
    """Where an item comes from; a private source has no `feed_url`, and maybe no `site_url`."""

    id: str
    title: str
    feed_url: str | None
    site_url: str | None
    updated_at: datetime
    language: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One story, ready to be laid out: every text cleaned, every instant in whole UTC seconds.

    `heading` is the title, or what stands in for it, and is never empty.
    """

    id: str
    link: str | None
    title: str
    heading: str
    content_html: str
    summary: str
    author: str
    published_at: datetime
    updated_at: datetime
    categories: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    language: str | None
    source: ItemSource
    also: tuple[ItemSource, ...]

    @property
    def image(self) -> Attachment | None:
        """The picture that stands for the item, the first of its attachments."""
        return next((one for one in self.attachments if one.medium == "image"), None)

    @property
    def enclosure(self) -> Attachment | None:
        """The attachment to publish where there is place for one: what can be played, or the first.

        A picture never takes the place of a podcast's audio.
        """
        played = (one for one in self.attachments if one.medium in {"audio", "video"})
        return next(chain(played, self.attachments), None)


@dataclass(frozen=True, slots=True)
class Publication:
    """One feed document, ready to be laid out. `language` is set when all items share it."""

    id: str
    title: str
    home_url: str
    self_url: str
    updated_at: datetime
    language: str | None
    items: tuple[Item, ...]


def publication(selection: Selection, form: Format, addresses: Addresses) -> Publication:
    """Prepare `selection` for one format; of two stories with one id the newer is kept.

    The feed's `updated_at` is its newest story's, of an empty feed its last change; never now.
    """
    items: dict[str, Item] = {}
    for story in selection.stories:
        item = _item(story)
        items.setdefault(item.id, item)
    languages = {item.language for item in items.values()}
    return Publication(
        id=clean(selection.id),
        title=clean(selection.feed.title) or clean(selection.feed.name),
        home_url=addresses.home,
        self_url=addresses.feed(selection.feed, form),
        updated_at=max(
            (item.updated_at for item in items.values()), default=_seconds(selection.changed_at)
        ),
        language=languages.pop() if len(languages) == 1 else None,
        items=tuple(items.values()),
    )


def _item(story: Story) -> Item:
    source = _source(story.origin)
    title, summary = clean(story.title), clean(story.summary)
    content_html = clean(story.content_html)
    author = person_name(story.author) if story.author else ""
    return Item(
        id=clean(story.id),
        link=clean_url(story.url),
        title=title if title.strip() else "",
        heading=title if title.strip() else _heading(summary, content_html) or source.title,
        content_html=content_html,
        summary=summary,
        author=author or source.title,
        published_at=_seconds(story.published_at),
        updated_at=_seconds(story.updated_at),
        categories=tuple(
            dict.fromkeys(filter(None, (_category(one.term) for one in story.categories)))
        ),
        attachments=_attachments(story.enclosures),
        language=clean_language(story.language) or source.language,
        source=source,
        also=tuple(map(_source, story.also)),
    )


def _source(origin: Origin) -> ItemSource:
    return ItemSource(
        id=clean(origin.id),
        title=clean(origin.title).strip() or clean(origin.name),
        feed_url=clean_url(origin.url),
        site_url=clean_url(origin.site_url),
        updated_at=_seconds(origin.updated_at),
        language=clean_language(origin.language),
    )


def _heading(summary: str, content_html: str) -> str:
    """Return the first words of a story without a title, maybe none."""
    text = summary or unescape(_TAG.sub(" ", content_html[:HEADING_SOURCE_CHARACTERS]))
    line = " ".join(clean(text).split())
    return line if len(line) <= HEADING_CHARACTERS else line[: HEADING_CHARACTERS - 1] + "…"


def _category(text: str) -> str:
    return clean(text).strip()


def _attachments(enclosures: tuple[Enclosure, ...]) -> tuple[Attachment, ...]:
    attachments: dict[str, Attachment] = {}
    for enclosure in enclosures:
        url = clean_url(enclosure.url)
        if url is not None:
            attachment = Attachment(
                url, clean_media_type(enclosure), max(enclosure.length_bytes, 0)
            )
            attachments.setdefault(url, attachment)
    return tuple(attachments.values())


def _seconds(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)
