"""What a document says, from the body to normalised entries."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.model.configured import SiteRule
from aggregator.model.people import Generator, Particulars, Person, SourceParticulars
from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Body:
    """A fetched body on its way to the parser, with what its meaning depends on.

    `source_url` is the configured URL: relative references resolve against it, not against a
    redirect's target. `timezone` is for dates without a zone; `seen_at` bounds future dates.
    `encoding` overrides what the document declares; at most `max_entries` are read. `sites` are
    the operator's rules for sites.
    """

    body: bytes
    content_type: str | None
    source_url: str
    timezone: str
    seen_at: datetime
    encoding: str | None = None
    max_entries: int | None = None
    sites: tuple[SiteRule, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names as its own; `title` is the page's word for it."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an entry; `length_bytes` and `duration_seconds` are 0 when unknown.

    `title` is plain text: what its publisher calls it, of a picture what stands for it or below it.
    """

    url: str
    media_type: str = "application/octet-stream"
    length_bytes: int = 0
    title: str | None = None
    duration_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """What an entry is about: a term, in a scheme (an IRI), with a label for people."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entry that its document only passes on first stood (atom:source, RSS source).

    Other people's words: `id`, `url` (its feed) and `site_url` as they gave them, else `None`; so
    is what is copied of that feed's own words.
    """

    title: str | None = None
    id: str | None = None
    url: str | None = None
    site_url: str | None = None
    updated_at: datetime | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    generator: Generator | None = None
    icon_url: str | None = None
    logo_url: str | None = None


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One item as its publisher wrote it: decoded to text, otherwise nothing repaired.

    `raw_title_is_html` tells whether markup in the title is markup or text; `None`: its format
    does not say, or programs do not keep to it. `base_url` is what
    relative references of this item resolve against (xml:base, else the document's). `raw_images`
    illustrate the item and may be in its text too; `raw_thumbnail` is a small one of them.
    """

    raw_guid: str | None = None
    raw_link: str | None = None
    raw_title: str | None = None
    raw_title_is_html: bool | None = True
    raw_summary: str | None = None
    raw_summary_is_html: bool = True
    raw_content: str | None = None
    raw_content_is_html: bool = True
    raw_particulars: Particulars = Particulars()
    raw_published: str | None = None
    raw_updated: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    raw_categories: tuple[Category, ...] = ()
    raw_enclosures: tuple[Enclosure, ...] = ()
    raw_images: tuple[Enclosure, ...] = ()
    raw_thumbnail: Enclosure | None = None
    raw_source: Provenance | None = None
    base_url: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentHints:
    """What a document says about when to come back (`<ttl>`, skipHours, sy:update*, `expired`)."""

    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()  # Monday is 0
    update_every: timedelta | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """What a document says about itself.

    `kind` is such as "rss20", "atom10", "json11"; `encoding` is the one that decoded it;
    `truncated` means that entries may be missing at the end, so absence proves nothing;
    `read_up_to` is how many entries were read where the document has more than that;
    `notes` name each repair, for `explain`.
    """

    kind: str
    encoding: str
    title: str | None = None
    site_url: str | None = None
    feed_id: str | None = None
    particulars: SourceParticulars = SourceParticulars()
    language: str | None = None
    rights: str | None = None
    description: str | None = None
    icon_url: str | None = None
    updated_at: datetime | None = None
    truncated: bool = False
    read_up_to: int | None = None
    hints: DocumentHints = DocumentHints()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One response body, parsed: what the publisher said, nothing repaired."""

    head: DocumentHead
    entries: tuple[RawEntry, ...]
    source_url: str
    seen_at: datetime
    sites: tuple[SiteRule, ...] = ()


class TextOrigin(StrEnum):
    """Where an entry's visible text is from; the value is stored."""

    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of one source, normalised: safe to publish, with what it is known by.

    `keys` are the identity keys, strongest first ("guid:…", "url:…", "site:…", "path:…", "text:…",
    "brief:…"), only those that are unique within their document; `shared_keys` are those that name
    the article in every source ("url:…", "site:…"), unique or not; `former_keys` those that version
    0.1 would have stored, where they differ. `guid` is the publisher's id, a
    candidate for the public id.
    `title` and `summary` are plain text; `content_html` is sanitised, its URLs absolute, and
    `visible_text` is what a reader sees of it, on one line: what rules, stories and searches look
    at, from `text_origin`.
    `published_at` and `updated_at` are the publisher's, `None` where it gave none that is sane.
    `stated_at` is the publisher's date as it wrote it, also one in the future, which `published_at`
    is not; `is_revision`: it gave only a date of change. `text_hash` tells the text from others,
    the title apart, `None` where there is none.
    `content_hash` changes when, and only when, a reader would see another text.
    `raw` holds the publisher's own fields as JSON, `None` where they are not kept.
    """

    keys: tuple[str, ...]
    guid: str | None
    url: str | None
    title: str
    content_html: str
    visible_text: str
    summary: str
    particulars: Particulars
    published_at: datetime | None
    updated_at: datetime | None
    categories: tuple[Category, ...]
    enclosures: tuple[Enclosure, ...]
    language: str | None
    content_hash: bytes
    raw: str | None
    provenance: Provenance | None = None
    shared_keys: tuple[str, ...] = ()
    stated_at: datetime | None = None
    is_revision: bool = False
    text_hash: bytes | None = None
    former_keys: tuple[str, ...] = ()
    text_origin: TextOrigin = TextOrigin.DOCUMENT


@dataclass(frozen=True, slots=True)
class Refined:
    """A document's head with its normalised entries, in document order."""

    head: DocumentHead
    entries: tuple[Entry, ...]
