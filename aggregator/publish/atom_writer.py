"""Writes Atom 1.0 (RFC 4287), laid out by feedgen with our corrections."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from feedgen.entry import FeedEntry  # type: ignore[import-untyped]  # feedgen ships no types
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]  # feedgen ships no types

from aggregator.publish.feed_formats import Format
from aggregator.publish.feedgen_extensions import (
    AtomEntryCorrections,
    AtomFeedCorrections,
    archive_links,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.publish.items import Item
    from aggregator.publish.makers import ItemPerson
    from aggregator.publish.publication import Publication


def render_atom(publication: Publication, items: Sequence[Item]) -> bytes:
    """Return the publication with some of its items as an Atom document in UTF-8.

    The same input gives the same bytes, and what an item is does not depend on the others there.
    """
    generator = FeedGenerator()
    generator.register_extension(
        "corrections", partial(AtomFeedCorrections, publication), rss=False
    )
    generator.id(publication.id)
    generator.title(publication.title)
    generator.updated(publication.updated_at)
    generator.generator("aggregator")
    generator.link(href=publication.self_url, rel="self", type=Format.ATOM.media_type)
    generator.link(href=publication.home_url, rel="alternate", type="text/html")
    for rel, href in archive_links(publication):
        generator.link(href=href, rel=rel, type=Format.ATOM.media_type)
    if publication.author:
        generator.author(name=publication.author)
    if publication.description:
        generator.subtitle(publication.description)
    if publication.icon_url is not None:
        generator.icon(publication.icon_url)
    if publication.language is not None:
        generator.language(publication.language)
    for item in items:
        generator.add_entry(_entry(item, publication.language), order="append")
    document: bytes = generator.atom_str(pretty=True)
    return document


def _person(person: ItemPerson) -> dict[str, str]:
    fields = {"name": person.name, "uri": person.url, "email": person.email}
    return {name: value for name, value in fields.items() if value}


def _entry(item: Item, feed_language: str | None) -> FeedEntry:
    entry = FeedEntry()
    entry.register_extension(
        "corrections", partial(AtomEntryCorrections, item, feed_language), rss=False
    )
    entry.id(item.id)
    entry.title(item.heading)
    entry.published(item.published_at)
    entry.updated(item.updated_at)
    entry.author([_person(one) for one in item.authors])
    if item.contributors:
        entry.contributor([_person(one) for one in item.contributors])
    if item.rights:
        entry.rights(item.rights)
    if item.link is not None:
        entry.link(href=item.link, rel="alternate")
    if item.summary and (item.content_html or item.link is not None):
        entry.summary(item.summary)
    if item.content_html:
        entry.content(item.content_html, type="html")
    elif item.link is None or not item.summary:
        # RFC 4287 §4.1.2: an entry without a link has content. §4.2.13: a summary should not
        # repeat the title, so where there is nothing else the content does.
        entry.content(escape(item.summary or item.heading, quote=False), type="html")
    for category in item.categories:
        entry.category(term=category.term, scheme=category.scheme, label=category.label)
    return entry
