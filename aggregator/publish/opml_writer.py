"""Writes OPML 2.0 (http://opml.org/spec2.opml) of sources and of feeds, for other readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from aggregator.publish.feed_formats import Format
from aggregator.publish.xml_safety import clean, clean_url
from aggregator.rules.visibility import View, feeds_in
from aggregator.stories.concealment import (
    public_feed,
    public_poll_url,
    public_site,
    public_title,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.model import Feed, Source, SourceStatus
    from aggregator.publish.feed_formats import Addresses
    from aggregator.rules.secrets import Secrets

#: The media type in use for OPML; none is registered.
OPML_MEDIA_TYPE = "text/x-opml"


def render_sources(
    title: str,
    sources: tuple[Source, ...],
    statuses: Mapping[str, SourceStatus],
    secrets: Secrets,
) -> bytes:
    """Return the sources as an OPML document in UTF-8, in the order given.

    Those with the same first tag lie in a folder, where the first of them stands. `statuses` holds,
    by name, what polls have taught of a source (its title and site). A private source is a link to
    its site, and never shows the URL that we poll. None of `secrets` is in it.
    """
    folders: dict[str, etree._Element] = {}
    outlines: list[etree._Element] = []
    for source in sources:
        outline = _outline(source, statuses.get(source.name), secrets)
        name = clean(secrets.conceal(source.tags[0])).strip() if source.tags else ""
        if not name:
            outlines.append(outline)
            continue
        if name not in folders:
            folders[name] = etree.Element("outline", text=name, title=name)
            outlines.append(folders[name])
        folders[name].append(outline)
    return _document(secrets.conceal(title), outlines)


def render_feeds(
    title: str, feeds: tuple[Feed, ...], addresses: Addresses, secrets: Secrets
) -> bytes:
    """Return our own feeds as an OPML document in UTF-8, in the order given.

    Not those with a token, which only those who know it find, and not the automatic ones of single
    sources, which other readers had better subscribe to themselves.
    """
    shown = (public_feed(feed, secrets) for feed in feeds_in(View.OPEN, feeds))
    return _document(title, (_feed_outline(feed, addresses) for feed in shown))


def _document(title: str, outlines: Iterable[etree._Element]) -> bytes:
    opml = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = clean(title)
    etree.SubElement(opml, "body").extend(outlines)
    document: bytes = etree.tostring(
        opml, encoding="UTF-8", xml_declaration=True, pretty_print=True
    )
    return document


def _feed_outline(feed: Feed, addresses: Addresses) -> etree._Element:
    title = clean(feed.title).strip() or clean(feed.name)
    outline = etree.Element("outline", text=title, title=title, type="rss")
    outline.set("xmlUrl", addresses.feed(feed, Format.ATOM))
    outline.set("htmlUrl", addresses.page(feed))
    if feed.description:
        outline.set("description", clean(feed.description))
    if feed.language:
        outline.set("language", clean(feed.language))
    return outline


def _outline(source: Source, status: SourceStatus | None, secrets: Secrets) -> etree._Element:
    title = public_title(source, None if status is None else status.title, secrets)
    site_url = None if status is None else clean_url(public_site(status.site_url, secrets))
    outline = etree.Element("outline", text=clean(title), title=clean(title))
    # What stands for several addresses (rsshub://…) is not one that others could ask.
    polled = (source.url, source.urls[0])
    asked = (clean_url(public_poll_url(source, url, secrets)) for url in polled)
    feed_url = next(filter(None, asked), None)
    if feed_url is not None:
        outline.set("type", "rss")
        outline.set("xmlUrl", feed_url)
        if site_url is not None:
            outline.set("htmlUrl", site_url)
    elif site_url is not None:
        outline.set("type", "link")
        outline.set("url", site_url)
    categories = [one for one in (_category(secrets.conceal(tag)) for tag in source.tags) if one]
    if categories:
        outline.set("category", ",".join(categories))
    return outline


def _category(tag: str) -> str:
    """Return a tag without what separates categories and their levels; maybe nothing is left."""
    return " ".join(clean(tag).replace(",", " ").replace("/", " ").split())
