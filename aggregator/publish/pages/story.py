"""The page of one story: the entry in full, its files, and who else reports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.publish.items import Taste
from aggregator.publish.pages.cards import mark, parts_of, short_link
from aggregator.publish.pages.players import with_named_players
from aggregator.publish.pages.prose import prose
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import host_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import Feed, Story
    from aggregator.publish.items import Attachment, Item
    from aggregator.publish.pages.look import Look

#: Changes within this time of the publication are part of it.
_SETTLING_SECONDS = 60

#: Less is 0.0 MB; many feeds say 0 or 1 of what they do not know.
_LEAST_TOLD = 50_000

_MEDIA = {"audio": "Listen", "video": "Watch", "image": "Picture"}


@dataclass(frozen=True, slots=True)
class StoryView:
    """All that the page of a story shows: as `feed` has it, called `feed_title`, at `feed_way`."""

    story: Story
    feed: Feed
    feed_title: str
    feed_way: str
    is_indexed: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file of the story as people read of it."""

    what: str
    title: str
    size: str
    link: str


def story_page(view: StoryView, look: Look, local: Callable[[datetime], datetime]) -> bytes:
    """Return the page in UTF-8; `local` is as for a river."""
    story = view.story
    taste = Taste.of(view.feed, view.feed.entry_size)
    item, others = parts_of(story, taste)
    changed = (item.updated_at - item.published_at).total_seconds() > _SETTLING_SECONDS
    named = with_named_players(item.content_html, look)
    text = prose(named, look.say("Scrollable content"))
    link, picture = short_link(item.link), item.image
    is_shown = picture is None or "<img" in item.content_html
    fields: dict[str, object] = {
        "view": view,
        "item": item,
        "title": item.heading,
        "source": mark(item.source.title),
        "host": None if link is None else host_of(link),
        "authors": _authors(item),
        "published": look.moment(local(item.published_at)),
        "published_at": local(item.published_at).isoformat(timespec="seconds"),
        "changed": look.moment(local(item.updated_at)) if changed else None,
        "changed_at": local(item.updated_at).isoformat(timespec="seconds"),
        "text_html": text,
        "picture": None if is_shown or picture is None else short_link(picture.url),
        "picture_text": "" if picture is None else picture.title,
        "files": [_file(one, look) for one in item.attachments if one.medium != "image"],
        "others": others,
        "told_at": lambda moment: look.moment(local(moment)),
    }
    return html_page("pages/story", fields, look)


def _authors(item: Item) -> str:
    names = dict.fromkeys(person.name for person in item.authors if person.name)
    names.pop(item.source.title, None)
    return ", ".join(names)


def _file(one: Attachment, look: Look) -> File:
    size = []
    if one.duration_seconds:
        size.append(look.say("{n} min", n=max(1, round(one.duration_seconds / 60))))
    if one.length_bytes >= _LEAST_TOLD:
        size.append(f"{one.length_bytes / 1_000_000:.1f} MB")
    what = look.say(_MEDIA.get(one.medium, "Download"))
    return File(what, one.title or one.url.rsplit("/", 1)[-1][:80], ", ".join(size), one.url)
