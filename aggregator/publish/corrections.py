"""What feedgen 1.0.0 gets wrong, put right by extensions of its own kind.

feedgen calls an extension after it has written an element and before it adds it to the document,
so a correction is an edit of that element. What is wrong, each seen in its code and output:

- An Atom entry's link keeps nothing but href (https://github.com/lkiesow/python-feedgen/issues/135).
- An Atom entry's source has neither id nor updated (RFC 4287 §4.2.11), and no entry has a language.
- RSS dates are written under a process-wide `setlocale`, which threads must not do, and a channel
  that is given no date says "now".

feedgen writes Atom without a namespace prefix and declares it as a plain attribute; elements added
here do the same, because a qualified name would come out as `ns0:`.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.publish.publication import Item, ItemSource, Publication

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class AtomEntryCorrections:
    """Writes the links, source and language of one Atom entry (no language that the feed has)."""

    item: Item
    feed_language: str | None

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Edit the entry that feedgen wrote."""
        for link in entry.findall("link"):
            entry.remove(link)
        if self.item.link is not None:
            etree.SubElement(entry, "link", rel="alternate", href=self.item.link)
        for attachment in self.item.attachments:
            link = etree.SubElement(
                entry, "link", rel="enclosure", href=attachment.url, type=attachment.media_type
            )
            if attachment.length_bytes:
                link.set("length", str(attachment.length_bytes))
        if self.item.language is not None and self.item.language != self.feed_language:
            entry.set(_LANG, self.item.language)
        entry.append(_atom_source(self.item.source))
        return entry


@dataclass(frozen=True, slots=True)
class RssItemCorrections:
    """Writes the date of one RSS item."""

    item: Item

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """Edit the item that feedgen wrote."""
        etree.SubElement(item, "pubDate").text = rfc822(self.item.published_at)
        return item


@dataclass(frozen=True, slots=True)
class RssChannelCorrections:
    """Writes the date of an RSS channel."""

    publication: Publication

    def extend_ns(self) -> dict[str, str]:
        """Declare no further namespace."""
        return {}

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        """Edit the channel that feedgen wrote; its items are not there yet."""
        channel = rss[0]
        etree.SubElement(channel, "lastBuildDate").text = rfc822(self.publication.updated_at)
        return rss


def silence_build_date(generator: Any) -> None:
    """Keep feedgen from writing lastBuildDate itself; its setter takes no "none"."""
    generator._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001 - there is no public way


def rfc822(instant: datetime) -> str:
    """Return a UTC instant as RSS wants it: RFC 822 with a four-digit year, in GMT."""
    return format_datetime(instant, usegmt=True)


def _atom_source(source: ItemSource) -> etree._Element:
    element = etree.Element("source")
    if source.language is not None:
        element.set(_LANG, source.language)
    etree.SubElement(element, "id").text = source.id
    etree.SubElement(element, "title").text = source.title
    etree.SubElement(element, "updated").text = source.updated_at.isoformat()
    if source.feed_url is not None:
        etree.SubElement(element, "link", rel="self", href=source.feed_url)
    if source.site_url is not None:
        etree.SubElement(element, "link", rel="alternate", href=source.site_url)
    return element
