"""The page of a feed: its stories day by day, newest first, and ways to subscribe to it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.model.instants import instant
from aggregator.publish import Addresses, Format
from aggregator.publish.html_pages import html_page
from aggregator.publish.items import Taste
from aggregator.publish.pages.cards import card, within
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import Feed, Story
    from aggregator.model.pages import Place, ShownSource, Stretch, Wish
    from aggregator.publish.pages.cards import Card
    from aggregator.publish.pages.look import Look

#: Stories of a page: with style and script some 35 KB.
STORIES = 20
#: What their texts and addresses may take, so that a page is small whatever its stories are.
MOST_BYTES = 16 * 1024
#: Tags and sources that a page offers to filter by.
OFFERED = 24

#: Of a story's text this much is looked at for a summary.
_SUMMARY_BYTES = 16 * 1024

FORMAT_NAMES = {Format.ATOM: "Atom", Format.RSS: "RSS", Format.JSON: "JSON Feed"}

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


@dataclass(frozen=True, slots=True)
class River:
    """All that the page of a feed shows.

    `title` is what the feed is called by readers, `stories_at` leads from the site's first page to
    the folder of its stories' pages, `public` are the addresses by which readers know the site.
    `is_indexed`: search engines may list it.
    """

    feed: Feed
    title: str
    stretch: Stretch
    sources: tuple[ShownSource, ...]
    wish: Wish
    place: Place | None
    public: Addresses
    stories_at: str = "stories/"
    is_indexed: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """A document of the feed: its format, its public address, and the way to it from the page."""

    name: str
    media_type: str
    address: str
    way: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to filter by: what it is called, and the reference to the page of it alone."""

    name: str
    way: str
    stories: int


def river_page(river: River, look: Look, local: Callable[[datetime], datetime]) -> bytes:
    """Return the page in UTF-8; `local` tells a moment in the time zone that days are told in."""
    feed = river.feed
    taste = Taste.of(feed, _SUMMARY_BYTES)
    cards = [
        card(story, taste, look, at=local(_placed_at(story, feed)))
        for story in river.stretch.stories
    ]
    cards = within(cards, MOST_BYTES)
    days = [(day, list(told)) for day, told in groupby(cards, lambda one: one.at.date())]
    ways = [
        Subscription(
            FORMAT_NAMES[form],
            form.media_type,
            river.public.feed(feed, form),
            look.root + _HERE.feed(feed, form).removeprefix("/"),
        )
        for form in Format
    ]
    older = river.stretch.older
    fields: dict[str, object] = {
        "river": river,
        "days": days,
        "moment": lambda one: _moment(one, look, local),
        "machine": lambda one: one.isoformat(timespec="seconds"),
        "subscriptions": ways,
        "tags": _tags(river.sources, look),
        "offered": _sources(river.sources, look),
        "older": None if older is None else look.asking(before=str(older)),
        "newest": look.asking(before=None),
        "all": look.asking(before=None, tag=None, source=None),
        "events": f"{look.root}events{_HERE.page(feed)}",
        "stories_at": look.root + river.stories_at,
        "search_at": look.root + river.stories_at.removesuffix("stories/") + "search",
    }
    return html_page("pages/river", fields, look)


def _placed_at(story: Story, feed: Feed) -> datetime:
    """Return what a story's place goes by: its date, or when it came."""
    return story.published_at if feed.order == "published" else instant(story.order_key)


def _moment(one: Card, look: Look, local: Callable[[datetime], datetime]) -> str:
    return look.moment(local(one.published_at), one.at.date())


def _tags(sources: tuple[ShownSource, ...], look: Look) -> list[Choice]:
    counts: dict[str, int] = {}
    for source in sources:
        for tag in source.tags:
            counts[tag] = counts.get(tag, 0) + source.stories
    chosen = sorted(counts.items(), key=lambda one: -one[1])[:OFFERED]
    return [
        Choice(tag, look.asking(before=None, source=None, tag=tag), count) for tag, count in chosen
    ]


def _sources(sources: tuple[ShownSource, ...], look: Look) -> list[Choice]:
    counts: dict[str, int] = {}
    for source in sources:
        counts[source.title] = counts.get(source.title, 0) + source.stories
    return [
        Choice(title, look.asking(before=None, tag=None, source=title), count)
        for title, count in list(counts.items())[:OFFERED]
    ]


def feed_title(feed: Feed, look: Look, titles: dict[str, str]) -> str:
    """Return what a feed is called: in the reader's words, or by its source's title.

    `titles` are of sources by their names.
    """
    match feed.kind:
        case FeedKind.EVERYTHING:
            return look.say("All stories")
        case FeedKind.SOURCE:
            return titles.get(feed.own_name, feed.title)
        case _:
            return feed.title
