"""OPML 2.0 of the sources (http://opml.org/spec2.opml), for other readers to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from aggregator.publish.clean import clean, clean_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Source, SourceStatus

#: The media type in use for OPML; none is registered.
OPML_MEDIA_TYPE = "text/x-opml"


def render_sources(
    title: str, sources: tuple[Source, ...], statuses: Mapping[str, SourceStatus]
) -> bytes:
    """Return the sources as an OPML document in UTF-8, in the order given.

    `statuses` holds, by name, what polls have taught of a source (its title and site). A private
    source is a link to its site, and never shows the URL that we poll.
    """
    opml = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = clean(title)
    body = etree.SubElement(opml, "body")
    for source in sources:
        body.append(_outline(source, statuses.get(source.name)))
    document: bytes = etree.tostring(
        opml, encoding="UTF-8", xml_declaration=True, pretty_print=True
    )
    return document


def _outline(source: Source, status: SourceStatus | None) -> etree._Element:
    title = source.title or (status.title if status is not None else None) or source.name
    site_url = clean_url(status.site_url) if status is not None else None
    outline = etree.Element("outline", text=clean(title), title=clean(title))
    feed_url = None if source.private else clean_url(source.url)
    if feed_url is not None:
        outline.set("type", "rss")
        outline.set("xmlUrl", feed_url)
        if site_url is not None:
            outline.set("htmlUrl", site_url)
    elif site_url is not None:
        outline.set("type", "link")
        outline.set("url", site_url)
    if source.tags:
        # A comma separates categories, so one cannot hold it.
        outline.set("category", ",".join(clean(tag).replace(",", " ") for tag in source.tags))
    return outline
