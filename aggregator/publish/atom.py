"""Atom 1.0 (RFC 4287), laid out by feedgen with our corrections."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from feedgen.entry import FeedEntry  # type: ignore[import-untyped]  # feedgen ships no types
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]  # feedgen ships no types

from aggregator.publish.addresses import Format
from aggregator.publish.corrections import AtomEntryCorrections

if TYPE_CHECKING:
    from aggregator.publish.publication import Item, Publication


def render_atom(publication: Publication) -> bytes:
    """Return the publication as an Atom document in UTF-8; the same input gives the same bytes."""
    generator = FeedGenerator()
    generator.id(publication.id)
    generator.title(publication.title)
    generator.updated(publication.updated_at)
    generator.generator("aggregator")
    generator.link(href=publication.self_url, rel="self", type=Format.ATOM.media_type)
    generator.link(href=publication.home_url, rel="alternate", type="text/html")
    if publication.language is not None:
        generator.language(publication.language)
    for item in publication.items:
        generator.add_entry(_entry(item, publication.language), order="append")
    document: bytes = generator.atom_str(pretty=True)
    return document


def _entry(item: Item, feed_language: str | None) -> FeedEntry:
    entry = FeedEntry()
    entry.register_extension(
        "corrections", partial(AtomEntryCorrections, item, feed_language), rss=False
    )
    entry.id(item.id)
    entry.title(item.heading)
    entry.published(item.published_at)
    entry.updated(item.updated_at)
    entry.author(name=item.author)
    entry.content(item.content_html or escape(item.summary, quote=False), type="html")
    if item.content_html and item.summary:
        entry.summary(item.summary)
    for category in item.categories:
        entry.category(term=category)
    return entry
