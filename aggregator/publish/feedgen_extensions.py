"""What feedgen 1.0.0 gets wrong or leaves out, put right by extensions of its own kind.

feedgen calls an extension after it has written an element and before it adds it to the document,
so a correction is an edit of that element. What is wrong, each seen in its code and output:

- An Atom title, subtitle or summary is never said to hold text that looks like markup.
- An Atom entry's link keeps nothing but href (https://github.com/lkiesow/python-feedgen/issues/135).
- An Atom entry's source has neither id nor updated (RFC 4287 §4.2.11), and no entry has a language.
- RSS dates are written under a process-wide `setlocale`, which threads must not do, and a channel
  that is given no date says "now".
- Of a channel's atom:links only "self" is written.

Feed history (RFC 5005) it does not know.

feedgen writes Atom without a namespace prefix and declares it as a plain attribute; elements added
here do the same, because a qualified name would come out as `ns0:`.
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any

from lxml import etree

from aggregator.publish.also_told import related
from aggregator.publish.feed_formats import Format
from aggregator.publish.media_rss import describe_media
from aggregator.publish.podcasts import NAMESPACE, describe_episode, describe_show, is_podcast
from aggregator.publish.xml_safety import reads_as_markup
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aggregator.model import Generator
    from aggregator.publish.items import Item, ItemSource
    from aggregator.publish.publication import Publication

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ATOM = "http://www.w3.org/2005/Atom"
_HISTORY = "http://purl.org/syndication/history/1.0"

#: Plain texts of an RSS document as they are serialised; lxml escapes every "<" in a text.
_PLAIN_TEXT = re.compile(rb"(?<=<)(title|category|source)\b([^<>]*>)([^<]*)(?=</\1>)")
_FIRST_DESCRIPTION = re.compile(rb"(?<=<)(description)(>)([^<]*)(?=</description>)")


def archive_links(publication: Publication) -> Iterator[tuple[str, str]]:
    """Yield relation and URL of the links between archive documents (RFC 5005 §4)."""
    if publication.is_archive:
        yield "current", publication.feed_url
    if publication.older_url is not None:
        yield "prev-archive", publication.older_url
    if publication.newer_url is not None:
        yield "next-archive", publication.newer_url


def _namespaces(publication: Publication) -> dict[str, str]:
    history = {"fh": _HISTORY} if publication.is_marked else {}
    return history | (NAMESPACE if is_podcast(publication) else {})


@dataclass(frozen=True, slots=True)
class AtomFeedCorrections:
    """Says what kind of text a feed's texts are, and that an archive document is one."""

    publication: Publication

    def extend_ns(self) -> dict[str, str]:
        """Declare the namespaces of feed history and podcasts where they are used."""
        return _namespaces(self.publication)

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Edit the feed that feedgen wrote; its entries are not there yet."""
        for text in feed.iterchildren("title", "subtitle"):
            _declare_markup(text)
        if self.publication.is_marked:
            etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed


@dataclass(frozen=True, slots=True)
class AtomEntryCorrections:
    """Writes the links, source and language of one Atom entry (no language that the feed has)."""

    item: Item
    feed_language: str | None

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Edit the entry that feedgen wrote."""
        for text in entry.iterchildren("title", "summary", "rights"):
            _declare_markup(text)
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
            if attachment.title:
                link.set("title", attachment.title)
        for page, title in related(self.item):
            etree.SubElement(entry, "link", rel="related", href=page, title=title)
        if self.item.language is not None and self.item.language != self.feed_language:
            entry.set(_LANG, self.item.language)
        describe_episode(self.item, entry)
        entry.append(_atom_source(self.item.source))
        return entry


@dataclass(frozen=True, slots=True)
class RssItemCorrections:
    """Writes the date of one RSS item, its files and what it is as an episode."""

    item: Item

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """Edit the item that feedgen wrote."""
        etree.SubElement(item, "pubDate").text = rfc822(self.item.published_at)
        for page, title in related(self.item):
            link = {"rel": "related", "href": page, "title": title}
            etree.SubElement(item, f"{{{_ATOM}}}link", link)
        describe_media(self.item, item)
        describe_episode(self.item, item)
        return item


@dataclass(frozen=True, slots=True)
class RssChannelCorrections:
    """Writes an RSS channel's date, its place in the feed's history and what it is as a podcast."""

    publication: Publication

    def extend_ns(self) -> dict[str, str]:
        """Declare the namespaces of feed history and podcasts where they are used."""
        return _namespaces(self.publication)

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        """Edit the channel that feedgen wrote; its items are not there yet."""
        channel = rss[0]
        etree.SubElement(channel, "lastBuildDate").text = rfc822(self.publication.updated_at)
        for rel, href in archive_links(self.publication):
            etree.SubElement(
                channel, f"{{{_ATOM}}}link", href=href, rel=rel, type=Format.RSS.media_type
            )
        if self.publication.is_marked:
            etree.SubElement(channel, f"{{{_HISTORY}}}archive")
        if is_podcast(self.publication):
            describe_show(self.publication, channel)
        return rss


def silence_build_date(generator: Any) -> None:
    """Keep feedgen from writing lastBuildDate itself; its setter takes no "none"."""
    generator._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001 - there is no public way


def with_profile_references(document: bytes) -> bytes:
    """Return an RSS document whose plain texts hold "&" and "<" as the profile wants them.

    Hexadecimal references, so that readers who look for markup in a title know that there is none
    (https://www.rssboard.org/rss-profile#data-types-characterdata). To XML it is the same.
    """
    document = _PLAIN_TEXT.sub(_with_references, document)
    return _FIRST_DESCRIPTION.sub(_with_references, document, count=1)


def _with_references(match: re.Match[bytes]) -> bytes:
    text = match[3].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;")
    return match[1] + match[2] + text


def rfc822(instant: datetime) -> str:
    """Return a UTC instant as RSS wants it: RFC 822 with a four-digit year, in GMT."""
    return format_datetime(instant, usegmt=True)


def _declare_markup(text: etree._Element) -> None:
    """Write a text that looks like markup as HTML that shows it: then nobody has to guess."""
    if text.text and reads_as_markup(text.text):
        text.text = escape(text.text, quote=False)
        text.set("type", "html")


def _append_texts(parent: etree._Element, texts: dict[str, str | None]) -> None:
    """Append an element for each text that is one."""
    for name, text in texts.items():
        if text:
            etree.SubElement(parent, name).text = text


def _generator(found: Generator) -> etree._Element:
    said = {"uri": found.url, "version": found.version}
    element = etree.Element("generator", {name: text for name, text in said.items() if text})
    element.text = found.name
    return element


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
    _append_texts(element, {"subtitle": source.description})
    for author in source.authors:
        person = {"name": author.name, "email": author.email, "uri": author.url}
        _append_texts(etree.SubElement(element, "author"), person)
    pictures = {"icon": source.icon_url, "logo": source.logo_url}
    _append_texts(element, {"rights": source.rights, **pictures})
    if source.generator is not None:
        element.append(_generator(source.generator))
    for tag in source.tags:
        etree.SubElement(element, "category", term=tag)
    for text in element.iterchildren("title", "subtitle", "rights"):
        _declare_markup(text)
    return element
