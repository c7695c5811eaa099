"""An item's picture and further files in RSS (https://www.rssboard.org/media-rss).

Files stand side by side and not in a media:group, which is for one thing in several forms: readers
take one of a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from aggregator.publish.items import Attachment, Item

#: feedgen's, whose prefix is declared at the root.
_NAMESPACE = "http://search.yahoo.com/mrss/"

#: Half a media type, as the medium of Media RSS; what is not here has none.
_MEDIA = {
    "image": "image", "audio": "audio", "video": "video", "text": "document"
}  # fmt: skip


def has_media(item: Item) -> bool:
    """Tell whether Media RSS has something to say of an item."""
    return item.image is not None or bool(_contents(item))


def describe_media(item: Item, element: etree._Element) -> None:
    """Append the item's picture as its thumbnail, and every file that is not its enclosure."""
    if item.image is not None:
        etree.SubElement(element, f"{{{_NAMESPACE}}}thumbnail", url=item.image.url)
    for attachment in _contents(item):
        content = etree.SubElement(element, f"{{{_NAMESPACE}}}content", _attributes(attachment))
        if attachment.title:
            title = etree.SubElement(content, f"{{{_NAMESPACE}}}title", type="plain")
            title.text = attachment.title


def _contents(item: Item) -> list[Attachment]:
    """Return the files to list: an enclosure or a thumbnail has no place for its title."""
    return [one for one in item.attachments if one.title or one not in (item.enclosure, item.image)]


def _attributes(attachment: Attachment) -> dict[str, str]:
    fields = {
        "url": attachment.url,
        "type": attachment.media_type,
        "fileSize": str(attachment.length_bytes or ""),
        "medium": _MEDIA.get(attachment.medium, ""),
        "duration": str(attachment.duration_seconds or ""),
    }
    return {name: value for name, value in fields.items() if value}
