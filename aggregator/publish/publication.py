"""A selection as every format publishes it: without doubles, nothing left to decide.

The three formats only lay out what is here, so no format can forget a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.items import Item, Taste, item_of, seconds
from aggregator.publish.long_texts import even_share
from aggregator.publish.makers import person_name
from aggregator.publish.xml_safety import clean, clean_id, clean_url
from aggregator.runtime.values import dataclass
from aggregator.web.language_tags import language_tag

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import ArchivePart, Selection, Story
    from aggregator.publish.feed_formats import Addresses, Format


@dataclass(frozen=True, slots=True)
class Publication:
    """One feed document, ready to be laid out.

    `language` is the feed's, or that of all its items. `self_url` is the document's own,
    `feed_url` the subscription document's, another one in the archive (RFC 5005 §4); there,
    `older_url` and `newer_url` lead on, and `older_url` leads into it.
    """

    id: str
    title: str
    description: str
    author: str
    icon_url: str | None
    home_url: str
    feed_url: str
    self_url: str
    older_url: str | None
    newer_url: str | None
    is_archive: bool
    updated_at: datetime
    language: str | None
    items: tuple[Item, ...]

    @property
    def is_marked(self) -> bool:
        """Whether the document says that it is an archive: one that is alone has no others to link.

        The W3C's validator warns of an archive without such links (ArchiveIncomplete).
        """
        return self.is_archive and (self.older_url is not None or self.newer_url is not None)


def publication(
    selection: Selection,
    form: Format,
    addresses: Addresses,
    prepare: Callable[[Story, Taste], Item] = item_of,
) -> Publication:
    """Prepare `selection` for one format; of two stories with one id the newer is kept.

    `prepare` returns what `item_of` does. The document's `updated_at` is its newest story's, of an
    empty one its last change; never now. Where stories name the other entries that tell them, it
    is its last change, too, since those come and go while no story is updated; in an archive they
    stay.
    """
    feed, archive = selection.feed, selection.archive

    def address(part: ArchivePart | None) -> str | None:
        return None if part is None else addresses.archive(feed, part, form)

    # Of a window the oldest leave before it is too large; a part of an archive has its place.
    longest = feed.entry_size
    if archive is not None:
        sizes = (min(len(one.content_html.encode()), feed.entry_size) for one in selection.stories)
        longest = even_share(sizes, feed.document_size)
    items: dict[str, Item] = {}
    taste = Taste.of(feed, longest)
    for story in selection.stories:
        item = prepare(story, taste)
        items.setdefault(item.id, item)
    changed_at = seconds(selection.changed_at)
    updated_at = max((item.updated_at for item in items.values()), default=changed_at)
    if taste.also == "entries" and archive is None:
        updated_at = max(updated_at, changed_at)
    languages = {item.language for item in items.values()}
    title = clean(feed.title).strip() or clean(feed.name)
    feed_url = addresses.feed(feed, form)
    return Publication(
        id=clean_id(selection.id),
        title=title if archive is None else f"{title} ({_name(archive)})",
        description=clean(feed.description or "").strip(),
        author=person_name(feed.author or ""),
        icon_url=clean_url(feed.icon),
        home_url=addresses.home,
        feed_url=feed_url,
        self_url=address(archive) or feed_url,
        older_url=address(selection.previous),
        newer_url=address(selection.next),
        is_archive=archive is not None,
        updated_at=updated_at,
        language=language_tag(feed.language) or (languages.pop() if len(languages) == 1 else None),
        items=tuple(items.values()),
    )


def _name(part: ArchivePart) -> str:
    return part.month if part.part == 1 else f"{part.month}, {part.part}"
