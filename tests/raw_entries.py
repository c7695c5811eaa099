"""Entries as a parser finds them, and what becomes of them when they are refined."""

from __future__ import annotations

from datetime import UTC, datetime

from aggregator.model import Document, DocumentHead, Entry, RawEntry, SiteRule
from aggregator.refine import normalise

SEEN = datetime(2026, 11, 23, tzinfo=UTC)
SOURCE = "https://example.com/feed.xml"


def raw_document(
    *entries: RawEntry,
    site_url: str | None = None,
    source: str = SOURCE,
    rules: tuple[SiteRule, ...] = (),
) -> Document:
    """Return a document of these entries, found at `source`."""
    head = DocumentHead("rss20", "utf-8", site_url=site_url)
    return Document(head, entries, source, SEEN, rules)


def refine(
    *entries: RawEntry,
    site_url: str | None = None,
    source: str = SOURCE,
    rules: tuple[SiteRule, ...] = (),
) -> tuple[Entry, ...]:
    """Return what these entries become."""
    return normalise(raw_document(*entries, site_url=site_url, source=source, rules=rules)).entries
