"""The page of feeds as one file, for folders of files: without scripts, in two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.publish import Addresses, Format
from aggregator.publish.html_pages import listing
from aggregator.rules.visibility import feeds_in
from aggregator.runtime.values import dataclass
from aggregator.stories.concealment import public_feed

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Feed
    from aggregator.publish.catalogue import Catalogue
    from aggregator.rules.visibility import View

_NAMES = {Format.ATOM: "Atom", Format.RSS: "RSS", Format.JSON: "JSON Feed"}

#: The parts of the page: the kinds of its feeds, its title in English and Chinese.
_SECTIONS = (
    ((FeedKind.CONFIGURED, FeedKind.EVERYTHING), "Merged", "合并"),
    ((FeedKind.TAG,), "By tag", "标签"),
    ((FeedKind.SOURCE,), "By source", "来源"),
)

#: Feeds that readers are offered when they are given the page's own address: as many as a person
#: will look through.
DISCOVERABLE = 20

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


@dataclass(frozen=True, slots=True)
class _Link:
    name: str
    media_type: str
    address: str


@dataclass(frozen=True, slots=True)
class _Listed:
    """A feed as the page shows it; `sources` is how many it has, `None` for a single source's."""

    title: str
    description: str | None
    sources: int | None
    links: tuple[_Link, ...]


def feeds_page(catalogue: Catalogue, view: View) -> bytes:
    """Return the page of all feeds, in UTF-8; its links are relative, whatever it is served under.

    It says of each feed of the view its title and how many sources it has.
    """
    listed = feeds_in(view, catalogue.config.feeds)
    shown = [public_feed(feed, catalogue.secrets) for feed in listed]
    sections = [
        (
            english,
            chinese,
            [_listed(feed, catalogue) for feed in shown if feed.kind in kinds],
        )
        for kinds, english, chinese in _SECTIONS
    ]
    discoverable = sections[0][2][:DISCOVERABLE]
    return listing("feeds", {"sections": sections, "discoverable": discoverable})


def _listed(feed: Feed, catalogue: Catalogue) -> _Listed:
    links = (
        _Link(_NAMES[form], form.media_type, _HERE.feed(feed, form).removeprefix("/"))
        for form in Format
    )
    return _Listed(
        feed.title,
        feed.description,
        None if feed.kind is FeedKind.SOURCE else len(catalogue.members(feed)),
        tuple(links),
    )


def addresses(config: Config) -> str:
    """Return as lines where the page is and each feed, and what addresses of automatic ones are."""
    places = Addresses(config.server.base_url)
    lines = [f"  in a browser: {places.home}"]
    for feed in config.feeds:
        if feed.kind.is_minor:
            continue  # one a tag and one a source
        lines.append(f"  {feed.title}")
        lines += [f"    {places.feed(feed.masked, form)}" for form in Format]
    lines.append(f"  each tag and source: {places.home}tags/TAG.atom, sources/NAME.atom")
    return "\n".join(lines) + "\n"
