"""One story as every format publishes it: cleaned, with nothing left to decide."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from aggregator.publish import makers
from aggregator.publish.also_told import MOST_NAMED, ItemTelling, telling, told_in_html, words_in
from aggregator.publish.long_texts import within
from aggregator.publish.makers import ItemPerson
from aggregator.publish.other_sources import named_in_html, named_in_text
from aggregator.publish.scripts import in_script
from aggregator.publish.xml_safety import (
    clean,
    clean_id,
    clean_link,
    clean_media_type,
    clean_scheme,
    clean_url,
)
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import excerpt
from aggregator.web.language_tags import language_tag
from aggregator.web.text import paragraphs
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    from aggregator.model import (
        Category,
        Enclosure,
        Episode,
        Feed,
        Generator,
        Origin,
        Podcast,
        Story,
    )

#: Characters of a text that make a title where a format must have one: a line's worth.
HEADING_CHARACTERS = 80

#: Characters of a text where a feed publishes summaries: a paragraph's worth.
SUMMARY_CHARACTERS = 500

#: How far into a content its first words are sought.
BEGINNING_CHARACTERS = 20_000

#: Order keys are unique, but many differ by whole seconds or by single microseconds only. Their
#: remainders by a prime (3·2¹⁸ + 1) that divides no such difference are told as microseconds.
_FRACTIONS = 786_433

_PLACEHOLDER = re.compile(r"\{(source|title|tag)\}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an item; `length_bytes` and `duration_seconds` are 0 when unknown."""

    url: str
    media_type: str
    length_bytes: int
    title: str = ""
    duration_seconds: int = 0

    @property
    def medium(self) -> str:
        """The first half of its media type: "image", "audio", "video" and so on."""
        return self.media_type.partition("/")[0]


@dataclass(frozen=True, slots=True)
class ItemCategory:
    """What an item is about; `scheme` is an IRI."""

    term: str
    scheme: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class ItemSource:
    """Where an item comes from; a private source has no `feed_url`, and maybe no `site_url`."""

    id: str
    title: str
    feed_url: str | None
    site_url: str | None
    updated_at: datetime
    language: str | None
    description: str
    authors: tuple[ItemPerson, ...]
    rights: str
    icon_url: str | None
    logo_url: str | None
    generator: Generator | None
    podcast: Podcast | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One story, ready to be laid out: every text cleaned, every instant in UTC.

    `authors` are never empty: where nobody is named, the source is the author. `heading` is the
    title, or what replaces it, and is never empty. The dates are in whole seconds but for a
    fraction that tells `updated_at` apart from other items' and never changes; `published_at` has
    it too, so that what was never updated does not look so. Of `also` and `also_told`, sources and
    entries that tell the same, one is empty; `also_more` is how many there are besides.
    """

    id: str
    link: str | None
    title: str
    heading: str
    content_html: str
    summary: str
    authors: tuple[ItemPerson, ...]
    contributors: tuple[ItemPerson, ...]
    rights: str
    episode: Episode | None
    published_at: datetime
    updated_at: datetime
    categories: tuple[ItemCategory, ...]
    attachments: tuple[Attachment, ...]
    language: str | None
    source: ItemSource
    also: tuple[ItemSource, ...]
    also_told: tuple[ItemTelling, ...]
    also_more: int

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
class Taste:
    """All that a feed's settings make of one story; `most_bytes` of HTML are published.

    `also` is whether it names the "sources" that tell the same, the "entries", or "nothing".
    """

    content: str
    title_template: str
    language: str | None
    emails: bool
    most_bytes: int
    also: str
    script: str | None

    @classmethod
    def of(cls, feed: Feed, most_bytes: int) -> Taste:
        """Return the taste of a feed, with so much HTML at most."""
        also = "sources" if feed.show_also is None else "nothing"
        if feed.shows_also:
            also = "entries"
        return cls(
            content=feed.content,
            title_template=feed.title_template,
            language=feed.language,
            emails=feed.emails,
            most_bytes=most_bytes,
            also=also,
            script=feed.script,
        )


def item_of(story: Story, taste: Taste) -> Item:
    """Prepare one story as a feed wants its content and its title."""
    if taste.script is not None:
        story = in_script(story, taste.script)
    source = _source(story.origin, emails=taste.emails)
    title, summary = _unless_blank(story.title), _unless_blank(story.summary)
    content_html = _unless_blank(story.content_html)
    said = story.particulars
    authors = makers.people(said.authors, emails=taste.emails)
    heading = title or _line(summary, content_html, HEADING_CHARACTERS) or source.title
    if taste.title_template != "{title}":
        title = _filled(taste.title_template, heading, source, story.origin) or heading
        heading = title
    attachments, link = _attachments(story.enclosures), clean_link(story.url)
    match taste.content:
        case "full":
            content_html = within(content_html, taste.most_bytes, link)
        case "summary":
            summary, content_html = _line(summary, content_html, SUMMARY_CHARACTERS), ""
        case "link":
            summary, content_html, title, attachments = "", "", heading, ()
    language = language_tag(story.language) or source.language
    told = story.also_told[:MOST_NAMED] if taste.also == "entries" else ()
    also_told = tuple(telling(one, seconds(one.published_at)) for one in told)
    also_more = len(story.also_told) - len(told) if told else 0
    others = story.also if taste.also == "sources" else ()
    also = tuple(_source(origin, emails=taste.emails) for origin in others)
    if also_told:
        # Only HTML has links; what was text alone is both, and stays readable as it was.
        content_html = content_html or paragraphs(summary)
        content_html += told_in_html(
            also_told, also_more, words_in(taste.language, taste.script), language
        )
    elif content_html:
        content_html += named_in_html(also, taste.language or language)
    elif summary and also:
        summary = f"{summary.rstrip()} {named_in_text(also, taste.language or language)}"
    # Validators take two entries that were updated at the same moment for a mistake.
    fraction = timedelta(microseconds=story.order_key % _FRACTIONS)
    return Item(
        id=clean_id(story.id),
        link=link,
        title=title,
        heading=heading,
        content_html=content_html,
        summary=summary,
        authors=authors or (ItemPerson(source.title),),
        contributors=makers.people(said.contributors, emails=taste.emails),
        rights=clean(said.rights or "").strip(),
        episode=makers.episode(said.episode),
        published_at=seconds(story.published_at) + fraction,
        updated_at=seconds(story.updated_at) + fraction,
        categories=_categories(story.categories),
        attachments=attachments,
        language=language,
        source=source,
        also=also,
        also_told=also_told,
        also_more=also_more,
    )


def seconds(instant: datetime) -> datetime:
    """Return an instant in whole UTC seconds."""
    return instant.astimezone(UTC).replace(microsecond=0)


def _source(origin: Origin, *, emails: bool) -> ItemSource:
    said = origin.particulars
    return ItemSource(
        id=clean_id(origin.id),
        title=clean(origin.title).strip() or clean(origin.name),
        feed_url=clean_url(origin.url),
        site_url=clean_url(origin.site_url),
        updated_at=seconds(origin.updated_at),
        language=language_tag(origin.language),
        description=clean(origin.description or "").strip(),
        authors=makers.people(said.authors, emails=emails),
        rights=clean(origin.rights or "").strip(),
        icon_url=clean_url(origin.icon_url),
        logo_url=clean_url(said.logo_url),
        generator=makers.generator(said.generator),
        podcast=makers.podcast(said.podcast),
        tags=tuple(tag for tag in (clean(tag).strip() for tag in origin.tags) if tag),
    )


def _unless_blank(text: str) -> str:
    """Return a text cleaned, empty where only blanks would be left of it."""
    cleaned = clean(text)
    return cleaned if cleaned.strip() else ""


def _filled(template: str, title: str, source: ItemSource, origin: Origin) -> str:
    """Return the title that a feed's template makes; what is put in is text, whatever it holds."""
    fields = {"source": source.title, "title": title, "tag": next(iter(origin.tags), "")}
    return clean(_PLACEHOLDER.sub(lambda found: fields[found[1]], template)).strip()


def _line(summary: str, content_html: str, limit: int) -> str:
    """Return a story's first words on one line, maybe none; a cut falls between words."""
    text = summary or visible_text(content_html, BEGINNING_CHARACTERS)
    return excerpt(" ".join(clean(text).split()), limit)


def _categories(categories: tuple[Category, ...]) -> tuple[ItemCategory, ...]:
    kept: dict[tuple[str, str | None], ItemCategory] = {}
    for one in categories:
        term, scheme = clean(one.term).strip(), clean_scheme(one.scheme)
        if term:
            label = clean(one.label or "").strip() or None
            kept.setdefault((term, scheme), ItemCategory(term, scheme, label))
    return tuple(kept.values())


def _attachments(enclosures: tuple[Enclosure, ...]) -> tuple[Attachment, ...]:
    attachments: dict[str, Attachment] = {}
    for enclosure in enclosures:
        url = clean_link(enclosure.url)
        if url is not None:
            attachment = Attachment(
                url,
                clean_media_type(enclosure),
                max(enclosure.length_bytes, 0),
                clean(enclosure.title or "").strip(),
                max(enclosure.duration_seconds, 0),
            )
            attachments.setdefault(url, attachment)
    return tuple(attachments.values())
