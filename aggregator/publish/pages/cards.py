"""Stories as they stand in a river: a line or two each, and where they lead."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.publish.items import item_of
from aggregator.publish.other_sources import page_of
from aggregator.publish.pages.first_picture import first_picture
from aggregator.publish.pages.players import with_named_players
from aggregator.publish.pages.story_keys import story_key
from aggregator.publish.xml_safety import clean
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import excerpt
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Story
    from aggregator.publish.items import Item, Taste
    from aggregator.publish.pages.look import Look

#: Characters of a title and of a summary in a river, and how long an address in it may be.
TITLE_CHARACTERS = 160
SUMMARY_CHARACTERS = 200
ADDRESS_CHARACTERS = 500
SOURCE_CHARACTERS = 60
#: Other reports that a river names; the story's own page has them all.
TOLD_OTHERS = 8
#: Of a text this much is looked at for its first words.
_LOOKED_AT = 8192
#: In cleaned HTML: what says nothing where it stands in a line.
_NOT_PROSE = re.compile(r"<(pre|table|figure|math|h[1-6])\b.*?</\1>", re.DOTALL)
#: How a word is read, within the word.
_READINGS = re.compile(r"<(rt|rp)\b.*?</\1>", re.DOTALL)
#: From here on letters are as wide as two of Latin: Chinese, Japanese, Korean.
_WIDE = "\u1100"
#: How many colours monograms have in the style.
_COLOURS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """A source at a glance: its title, and a letter on one of a few colours in place of an icon.

    Its own icon would be asked of its site by each reader.
    """

    title: str
    letter: str
    colour: int


@dataclass(frozen=True, slots=True)
class Told:
    """Another report of a story; `link` leads to it, or to its source.

    Of one that is only known to be there, `title` is empty and `published_at` `None`.
    """

    source: Mark
    title: str
    link: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Card:
    """A story of a river.

    `key` names its page, `link` is the original; `at` is what its place in the river goes by,
    `others` how many other reports there are, of which `also` are the first.
    """

    key: str
    link: str | None
    title: str
    source: Mark
    at: datetime
    published_at: datetime
    picture: str | None
    summary: str
    also: tuple[Told, ...]
    others: int
    language: str | None


def mark(title: str) -> Mark:
    """Return the mark of a source; the same title looks the same everywhere."""
    told = clean(title).strip()
    letter = next((letter for letter in told if letter.isalnum()), "•").upper()[:1]
    colour = hashlib.sha256(told.encode(errors="replace")).digest()[0] % _COLOURS
    return Mark(excerpt(told, SOURCE_CHARACTERS), letter, colour)


@dataclass(frozen=True, slots=True)
class Tellings:
    """The other reports of a story, as far as its feed names them, and how many it does not."""

    named: tuple[Told, ...] = ()
    more: int = 0

    @property
    def count(self) -> int:
        """How many there are in all."""
        return len(self.named) + self.more


def parts_of(story: Story, taste: Taste) -> tuple[Item, Tellings]:
    """Return a story as a feed wants it, and apart from it who else reports it."""
    if not story.also and not story.also_told:
        return item_of(story, taste), Tellings()
    whole = item_of(story, taste)
    told = tuple(
        Told(mark(one.source), one.title, short_link(one.url), one.published_at)
        for one in whole.also_told
    )
    told += tuple(Told(mark(one.title), "", short_link(page_of(one)), None) for one in whole.also)
    # Without what names them at the end of its text.
    return item_of(replace(story, also=(), also_told=()), taste), Tellings(told, whole.also_more)


def card(story: Story, taste: Taste, look: Look, *, at: datetime) -> Card:
    """Return a story for a river, as a feed with this taste publishes it."""
    item, others = parts_of(story, taste)
    summary = _line(item.summary) if item.summary else first_words(item.content_html, look)
    picture = first_picture(item.content_html) if item.image is None else item.image.url
    return Card(
        key=story_key(story.order_key),
        link=short_link(item.link),
        title=excerpt(" ".join(item.heading.split()), TITLE_CHARACTERS),
        source=mark(item.source.title),
        at=at,
        published_at=item.published_at,
        picture=short_link(picture),
        summary="" if summary == item.heading else summary,
        also=others.named[:TOLD_OTHERS],
        others=others.count,
        language=item.language,
    )


def first_words(content_html: str, look: Look) -> str:
    """Return the beginning of a text without what is no prose (code, tables, headings), as a line.

    It is what a river shows of a story without a summary.
    """
    whole = with_named_players(content_html[:_LOOKED_AT], look)
    beginning = _NOT_PROSE.sub(" ", _READINGS.sub("", whole))
    text = visible_text(beginning, len(beginning)) or visible_text(whole, _LOOKED_AT)
    return _line(text)


def _line(text: str) -> str:
    line = one_line(text)
    is_wide = sum(letter >= _WIDE for letter in line[:SUMMARY_CHARACTERS]) > len(line) / 4
    return excerpt(line, SUMMARY_CHARACTERS // 2 if is_wide else SUMMARY_CHARACTERS)


def within(cards: list[Card], most_bytes: int) -> list[Card]:
    """Return the cards, of which those after so many bytes are a title and a link."""
    shown, spent = [], 0
    for one in cards:
        texts = (one.title, one.source.title, one.link, one.picture, one.summary)
        named = (text for told in one.also for text in (told.source.title, told.title, told.link))
        spent += sum(len(text.encode()) for text in (*texts, *named) if text)
        lean = replace(one, picture=None, summary="", also=(), others=0)
        shown.append(one if spent <= most_bytes else lean)
    return shown


def short_link(url: str | None) -> str | None:
    """Return an address of the web that is no longer than it may be in a river, else `None`."""
    if url is None or len(url) > ADDRESS_CHARACTERS:
        return None
    return url if url.lower().startswith(("http://", "https://")) else None
