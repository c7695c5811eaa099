"""Writes JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aggregator.publish.makers import names
from aggregator.publish.other_sources import page_of
from aggregator.publish.podcasts import duration_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.publish.also_told import ItemTelling
    from aggregator.publish.items import Item, ItemSource
    from aggregator.publish.makers import ItemPerson
    from aggregator.publish.publication import Publication

Json = dict[str, object]


def render_json(publication: Publication, items: Sequence[Item]) -> bytes:
    """Return the publication with some of its items as a JSON Feed in UTF-8.

    The same input gives the same bytes.
    """
    feed: Json = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": publication.title,
        "home_page_url": publication.home_url,
        # Of the feed, not of this page of it: "serves as the unique identifier for the feed".
        "feed_url": publication.feed_url,
        "description": publication.description,
        "next_url": publication.older_url,
        "icon": publication.icon_url,
        "favicon": publication.icon_url,
        "authors": [{"name": publication.author}] if publication.author else [],
        "language": publication.language,
    }
    # A line an item, for the eyes of people and of diff.
    lines = ",\n".join(_dump(_item(item)) for item in items)
    return f'{_dump(_present(feed))[:-1]},"items":[\n{lines}\n]}}\n'.encode()


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _item(item: Item) -> Json:
    fields: Json = {
        "title": item.title,
        "url": item.link,
        "date_published": _rfc3339(item.published_at),
        "date_modified": _rfc3339(item.updated_at),
        "authors": [_author(one) for one in item.authors],
        "tags": list(dict.fromkeys(category.term for category in item.categories)),
        "language": item.language,
        "image": item.image.url if item.image is not None else None,
        "attachments": [
            _present(
                {
                    "url": attachment.url,
                    "mime_type": attachment.media_type,
                    "title": attachment.title,
                    "size_in_bytes": attachment.length_bytes,
                    "duration_in_seconds": duration_of(attachment, item),
                }
            )
            for attachment in item.attachments
            # It is no second picture; but `image` has no place for a caption.
            if attachment != item.image or attachment.title
        ],
        "_source": _source(item.source),
        "_also": _present(
            {
                "sources": [_other(source) for source in item.also],
                "members": [_member(one) for one in item.also_told],
                "more": item.also_more,
            }
        ),
    }
    return {"id": item.id} | _content(item) | _present(fields)


def _content(item: Item) -> Json:
    # One of content_html and content_text must be there, be it empty.
    if item.content_html:
        return {"content_html": item.content_html} | _present({"summary": item.summary})
    return {"content_text": item.summary}


def _source(source: ItemSource) -> Json:
    return _present(
        {
            "id": source.id,
            "title": source.title,
            "feed_url": source.feed_url,
            "home_page_url": source.site_url,
            "date_modified": _rfc3339(source.updated_at),
            "language": source.language,
            "description": source.description,
            "author": names(source.authors),
            "rights": source.rights,
            "icon": source.icon_url,
        }
    )


def _other(source: ItemSource) -> Json:
    return _present({"id": source.id, "title": source.title, "url": page_of(source)})


def _member(one: ItemTelling) -> Json:
    fields: Json = {
        "title": one.title,
        "url": one.url,
        "source": one.source,
        "date_published": _rfc3339(one.published_at),
        "language": one.language,
    }
    return _present(fields)


def _author(person: ItemPerson) -> Json:
    # An address for e-mail would be a "mailto:" in place of the page; readers show and follow it.
    return _present({"name": person.name, "url": person.url, "avatar": person.avatar_url})


def _present(fields: Json) -> Json:
    """Leave out what is empty: JSON Feed has no nulls, and an absent field says the same."""
    return {name: value for name, value in fields.items() if value}


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
