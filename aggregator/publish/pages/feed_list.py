"""The page of all feeds: each with its own page and its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.publish import Addresses, Format
from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.river import FORMAT_NAMES, Subscription, feed_title
from aggregator.rules.visibility import feeds_in
from aggregator.runtime.values import dataclass
from aggregator.stories.concealment import public_feed

if TYPE_CHECKING:
    from aggregator.model import Feed
    from aggregator.publish.catalogue import Catalogue
    from aggregator.publish.pages.look import Look
    from aggregator.rules.visibility import View

#: The parts of the page: the kinds of its feeds, and its title.
SECTIONS = (
    ((FeedKind.CONFIGURED, FeedKind.EVERYTHING), "Merged"),
    ((FeedKind.TAG,), "By tag"),
    ((FeedKind.SOURCE,), "By source"),
)

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed of the list; `sources` is how many it has, `None` for a single source's."""

    title: str
    description: str | None
    sources: int | None
    way: str
    documents: tuple[Subscription, ...]


def listed_feeds(catalogue: Catalogue, view: View) -> tuple[Feed, ...]:
    """Return the feeds that a caller with this view is told of, as readers may see them."""
    listed = feeds_in(view, catalogue.config.feeds)
    return tuple(public_feed(feed, catalogue.secrets) for feed in listed)


def feed_list_page(
    catalogue: Catalogue, view: View, look: Look, titles: dict[str, str], *, is_indexed: bool
) -> bytes:
    """Return the page in UTF-8; `titles` are those of the sources, by their names."""
    feeds = listed_feeds(catalogue, view)
    sections = [
        (title, [_listed(feed, catalogue, look, titles) for feed in feeds if feed.kind in kinds])
        for kinds, title in SECTIONS
    ]
    return html_page("pages/feeds", {"sections": sections, "is_indexed": is_indexed}, look)


def _listed(feed: Feed, catalogue: Catalogue, look: Look, titles: dict[str, str]) -> ListedFeed:
    title = feed_title(feed, look, titles)
    return ListedFeed(
        title,
        feed.description,
        None if feed.kind is FeedKind.SOURCE else len(catalogue.members(feed)),
        look.root + _HERE.page(feed).removeprefix("/"),
        tuple(
            Subscription(
                FORMAT_NAMES[form],
                form.media_type,
                "",
                look.root + _HERE.feed(feed, form).removeprefix("/"),
            )
            for form in Format
        ),
    )
