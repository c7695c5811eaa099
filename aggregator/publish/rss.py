"""RSS 2.0 by the RSS Advisory Board's profile, laid out by feedgen with our corrections.

Profile: https://www.rssboard.org/rss-profile
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from feedgen.entry import FeedEntry  # type: ignore[import-untyped]  # feedgen ships no types
from feedgen.ext.dc import (  # type: ignore[import-untyped]  # feedgen ships no types
    DcEntryExtension,
    DcExtension,
)
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]  # feedgen ships no types

from aggregator.publish.addresses import Format
from aggregator.publish.corrections import (
    RssChannelCorrections,
    RssItemCorrections,
    silence_build_date,
)

if TYPE_CHECKING:
    from aggregator.publish.publication import Item, Publication


def render_rss(publication: Publication) -> bytes:
    """Return the publication as an RSS document in UTF-8; the same input gives the same bytes."""
    generator = FeedGenerator()
    silence_build_date(generator)
    generator.register_extension("dc", DcExtension, atom=False)
    generator.register_extension(
        "corrections", partial(RssChannelCorrections, publication), atom=False
    )
    generator.title(publication.title)
    generator.description(publication.title)
    generator.generator("aggregator")
    generator.link(href=publication.self_url, rel="self", type=Format.RSS.media_type)
    # The channel's own link is the one given last.
    generator.link(href=publication.home_url, rel="alternate")
    if publication.language is not None:
        generator.language(publication.language)
    for item in publication.items:
        generator.add_entry(_entry(item), order="append")
    document: bytes = generator.rss_str(pretty=True)
    return document


def _entry(item: Item) -> FeedEntry:
    entry = FeedEntry()
    entry.register_extension("dc", DcEntryExtension, atom=False)
    entry.register_extension("corrections", partial(RssItemCorrections, item), atom=False)
    entry.guid(item.id, permalink=item.id == item.link)
    entry.dc.dc_creator(item.author)
    if item.link is not None:
        entry.link(href=item.link, rel="alternate")
    if item.content_html:
        entry.content(item.content_html)
    if item.summary:
        # A description is HTML, a summary is text; feedgen writes it before content:encoded, and
        # content without a summary into the description.
        entry.description(escape(item.summary, quote=False), isSummary=True)
    if item.title or not (item.content_html or item.summary):
        entry.title(item.heading)
    for category in item.categories:
        entry.category(term=category)
    if (attachment := item.enclosure) is not None:  # the profile: no item with more than one
        entry.enclosure(attachment.url, str(attachment.length_bytes), attachment.media_type)
    source_url = item.source.feed_url or item.source.site_url
    if source_url is not None:  # RSS 2.0: the url of <source> is required
        entry.source(source_url, item.source.title)
    return entry
