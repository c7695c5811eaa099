"""What podcast programs ask of a feed, in Apple's namespace.

https://podcasters.apple.com/support/823-podcast-requirements: a show has a picture, a category and
says whether it is explicit; an episode has a file, and best its length. Of a merged feed that is
what its sources say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.publish.items import Attachment, Item
    from aggregator.publish.publication import Publication

#: The prefix is the one that programs which know no namespaces look for.
NAMESPACE = {"itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd"}

#: Apple reads the first, others more.
MOST_CATEGORIES = 9


def is_podcast(publication: Publication) -> bool:
    """Tell whether an item can be played, and it or its source says something as a podcast."""
    return any(_is_episode(item) for item in publication.items)


def duration_of(attachment: Attachment, item: Item) -> int:
    """Return how long a file of an item is in seconds: what is said of it, or of the episode."""
    if attachment.duration_seconds or item.episode is None or attachment != item.enclosure:
        return attachment.duration_seconds
    return item.episode.duration_seconds if _is_played(item) else 0


def describe_show(publication: Publication, channel: etree._Element) -> None:
    """Append what a podcast's channel says, the picture and the category of the newest that has."""
    episodes = [item for item in publication.items if _is_episode(item)]
    shows = [show for item in episodes if (show := item.source.podcast) is not None]
    pictures = (
        publication.icon_url,
        *(show.image_url for show in shows),
        *(item.source.logo_url for item in episodes),
    )
    if picture := next(filter(None, pictures), None):
        _add(channel, "image", href=picture)
    categories: dict[str, dict[str, None]] = {}
    for name, below in (pair for show in shows for pair in show.categories):
        categories.setdefault(name, {})[below] = None
    for name, found in list(categories.items())[:MOST_CATEGORIES]:
        category = _add(channel, "category", text=name)
        for below in filter(None, found):
            _add(category, "category", text=below)
    said = {show.explicit for show in shows} | {
        item.episode.explicit for item in episodes if item.episode is not None
    }
    if True in said or False in said:
        _add(channel, "explicit").text = _truth(True in said)


def describe_episode(item: Item, element: etree._Element) -> None:
    """Append what a podcast says of an item that can be played."""
    if not _is_episode(item):
        return
    for name, text in _facts(item):
        _add(element, name).text = text
    if item.episode is not None and item.episode.image_url is not None:
        _add(element, "image", href=item.episode.image_url)


def _facts(item: Item) -> Iterator[tuple[str, str]]:
    played, episode = item.enclosure, item.episode
    if played is not None and (length := duration_of(played, item)):
        yield "duration", str(length)
    if episode is None:
        return
    if episode.explicit is not None:
        yield "explicit", _truth(episode.explicit)
    if episode.season:
        yield "season", str(episode.season)
    if episode.number:
        yield "episode", str(episode.number)
    if episode.kind is not None:
        yield "episodeType", episode.kind


def _is_episode(item: Item) -> bool:
    return _is_played(item) and (
        item.episode is not None
        or item.source.podcast is not None
        or any(one.duration_seconds for one in item.attachments)
    )


def _is_played(item: Item) -> bool:
    return item.enclosure is not None and item.enclosure.medium in {"audio", "video"}


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE['itunes']}}}{name}", attributes)


def _truth(said: bool) -> str:
    return "true" if said else "false"
