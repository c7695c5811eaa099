"""RSS 2.0 by the RSS Advisory Board's profile, laid out by feedgen with our corrections.

Profile: https://www.rssboard.org/rss-profile, Media RSS: https://www.rssboard.org/media-rss
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
from feedgen.ext.media import MediaExtension  # type: ignore[import-untyped]  # feedgen ships no types
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]  # feedgen ships no types

from aggregator.publish.feed_formats import Format
from aggregator.publish.feedgen_extensions import (
    RssChannelCorrections,
    RssItemCorrections,
    silence_build_date,
    with_profile_references,
)
from aggregator.publish.makers import ItemPerson
from aggregator.publish.media_rss import has_media

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from aggregator.publish.items import Item
    from aggregator.publish.publication import Publication

#: What RSS 2.0 allows as a channel's image; another one would not be shown.
_IMAGE_EXTENSIONS = (".gif", ".jpeg", ".jpg", ".png")


def render_rss(publication: Publication, items: Sequence[Item], max_age: timedelta) -> bytes:
    """Return the publication with some of its items as an RSS document in UTF-8.

    The same input gives the same bytes, and what an item is does not depend on the others there.
    `max_age` is how long a copy of it is fresh, and becomes its ttl.
    """
    generator = FeedGenerator()
    silence_build_date(generator)
    generator.register_extension("dc", DcExtension, atom=False)
    if any(has_media(item) for item in publication.items):
        generator.register_extension("media", MediaExtension, atom=False)
    generator.register_extension(
        "corrections", partial(RssChannelCorrections, publication), atom=False
    )
    generator.title(publication.title)
    generator.description(publication.description or publication.title)
    generator.generator("aggregator")
    generator.link(href=publication.self_url, rel="self", type=Format.RSS.media_type)
    # The channel's own link is the one given last.
    generator.link(href=publication.home_url, rel="alternate")
    if not publication.is_archive:
        generator.ttl(max(1, int(max_age.total_seconds()) // 60))
    if publication.author:
        generator.dc.dc_creator(publication.author)
    if _is_image(publication.icon_url):
        generator.image(publication.icon_url, title=publication.title, link=publication.home_url)
    if publication.language is not None:
        generator.language(publication.language)
    for item in items:
        generator.add_entry(_entry(item), order="append")
    return with_profile_references(generator.rss_str(pretty=True))


def _entry(item: Item) -> FeedEntry:
    entry = FeedEntry()
    entry.register_extension("dc", DcEntryExtension, atom=False)
    entry.register_extension("corrections", partial(RssItemCorrections, item), atom=False)
    entry.guid(item.id, permalink=item.id == item.link)
    _name_makers(entry, item)
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
        # Not the label, which feedgen would write in the term's place.
        entry.category(term=category.term, scheme=category.scheme)
    if (attachment := item.enclosure) is not None:  # the profile: no item with more than one
        entry.enclosure(attachment.url, str(attachment.length_bytes), attachment.media_type)
    source_url = item.source.feed_url or item.source.site_url
    if source_url is not None:  # RSS 2.0: the url of <source> is required
        entry.source(source_url, item.source.title)
    return entry


def _name_makers(entry: FeedEntry, item: Item) -> None:
    match item.authors:
        case (ItemPerson(email=str(email), name=name),):
            entry.author(email=email, name=name)
        case authors:
            # RSS has one author, by address, and the profile wants it alone or Dublin Core's.
            entry.dc.dc_creator([one.contact for one in authors])
    if item.contributors:
        entry.dc.dc_contributor([one.contact for one in item.contributors])
    if item.rights:
        entry.dc.dc_rights(item.rights)


def _is_image(url: str | None) -> bool:
    if url is None:
        return False
    name = url.partition("?")[0].rpartition("/")[2].lower()
    return "." not in name or name.endswith(_IMAGE_EXTENSIONS)
