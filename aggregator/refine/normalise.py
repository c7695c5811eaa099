"""A document's entries, made fit to store and publish: clean, dated, identified, bounded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.model import (
    Category,
    Document,
    DocumentHead,
    Enclosure,
    Entry,
    Provenance,
    RawEntry,
    Refined,
)
from aggregator.redact import redact
from aggregator.refine.files import files
from aggregator.refine.html import clean, strip_tags, to_text
from aggregator.refine.identity import (
    content_hash,
    first_of_repetitions,
    marks,
    unique_keys,
)
from aggregator.refine.sites import site_of
from aggregator.refine.text import (
    MAX_AUTHOR_CHARS,
    MAX_SUMMARY_CHARS,
    MAX_TITLE_CHARS,
    excerpt,
    one_line,
    paragraphs,
    scrub,
)
from aggregator.refine.urls import absolute_url, public_url

if TYPE_CHECKING:
    from aggregator.refine.identity import Marks

#: The web is no older; what is dated before is a mistake (most often the epoch itself).
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

#: A guid of more is no candidate for a public id, and useless to a reader.
_MAX_GUID_CHARS = 2048
#: A title made from an entry's text.
_MADE_TITLE_CHARS = 80
#: Each of the publisher's own texts is kept up to here, for `explain` and repair.
_MAX_RAW_CHARS = 256 * 1024
_MAX_LANGUAGE_CHARS = 35  # RFC 5646 section 4.4.1


def normalise(document: Document) -> Refined:
    """Return the document's head and entries, normalised, in document order.

    Exact repetitions within the document are one entry, and entries that hold nothing at all are
    none; the head's notes count both. Nothing in the result, `raw` excepted, holds user info or a
    secret query value. Never raises for what a document holds.
    """
    head = _head(document)
    drafts = [_draft(raw, head, document) for raw in document.entries]
    told = [draft for draft in drafts if draft is not None]
    kept = [told[position] for position in first_of_repetitions([draft.marks for draft in told])]
    notes = list(head.notes)
    if len(told) < len(drafts):
        notes.append(f"{len(drafts) - len(told)} empty entries left out")
    if len(kept) < len(told):
        notes.append(f"{len(told) - len(kept)} exact repetitions left out")
    keys = unique_keys([draft.marks for draft in kept])
    return Refined(
        head=replace(head, notes=tuple(notes)),
        entries=tuple(
            replace(draft.entry, keys=own) for draft, own in zip(kept, keys, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """An entry before its keys are known to be unique."""

    entry: Entry
    marks: Marks


def _head(document: Document) -> DocumentHead:
    head = document.head
    feed_id = one_line(head.feed_id or "")
    return replace(
        head,
        title=_line(head.title, MAX_TITLE_CHARS),
        site_url=public_url(absolute_url(head.site_url, document.source_url)),
        feed_id=redact(feed_id) if 0 < len(feed_id) <= _MAX_GUID_CHARS else None,
        author=_line(head.author, MAX_AUTHOR_CHARS),
        language=_language(head.language),
        updated_at=_sane(head.updated_at, document.seen_at),
    )


def _draft(raw: RawEntry, head: DocumentHead, document: Document) -> _Draft | None:
    guid = _guid(raw)
    url = _url(raw, document)
    # Relative addresses in a text are the page's own; xml:base says otherwise where it is given.
    stated = raw.base_url if raw.base_url != document.source_url else None
    base = stated or url or head.site_url or document.source_url
    content_html, text, summary = _texts(raw, base, site_of(url or head.site_url).removed)
    enclosures = files(raw, base, content_html)
    title = _title(raw, text, url, enclosures)
    if not title:
        return None
    published_at, updated_at = _dates(raw, document.seen_at)
    author = _line(raw.raw_author, MAX_AUTHOR_CHARS)
    categories = (_line(category.term, MAX_AUTHOR_CHARS) for category in raw.raw_categories)
    entry = Entry(
        keys=(),
        guid=guid,
        url=url,
        title=title,
        content_html=content_html,
        summary=summary,
        author=author,
        published_at=published_at,
        updated_at=updated_at,
        categories=tuple(Category(term) for term in dict.fromkeys(categories) if term),
        enclosures=enclosures,
        language=_language(raw.language),
        content_hash=content_hash(
            title=title,
            text=text,
            content_html=content_html,
            summary=summary,
            author=author,
            url=url,
            enclosure_urls=tuple(enclosure.url for enclosure in enclosures),
        ),
        raw=_raw(raw),
    )
    return _Draft(entry, marks(guid=guid, url=url, site_url=head.site_url, title=title, text=text))


def _guid(raw: RawEntry) -> str | None:
    guid = redact(one_line(raw.raw_guid or ""))
    return guid if 0 < len(guid) <= _MAX_GUID_CHARS else None


def _url(raw: RawEntry, document: Document) -> str | None:
    link = raw.raw_link
    if link is not None and link == raw.raw_guid and "/" not in link:
        # A guid without isPermaLink="false" claims to be a link; "12345" is none (RSS 2.0, guid).
        return None
    return public_url(absolute_url(scrub(link or ""), raw.base_url or document.source_url))


def _texts(raw: RawEntry, base: str, removed: frozenset[str]) -> tuple[str, str, str]:
    """Return the content as sanitised HTML, its text, and the summary's if it says more."""
    summary_html = clean(_as_html(raw.raw_summary, raw.raw_summary_is_html), base, removed)
    summary = one_line(to_text(summary_html))
    content_html = clean(_as_html(raw.raw_content, raw.raw_content_is_html), base, removed)
    if not content_html:
        return summary_html, summary, ""
    text = one_line(to_text(content_html))
    return content_html, text, "" if summary == text else excerpt(summary, MAX_SUMMARY_CHARS)


def _as_html(text: str | None, is_html: bool) -> str:
    return text if is_html and text else paragraphs(text or "")


def _title(raw: RawEntry, text: str, url: str | None, enclosures: tuple[Enclosure, ...]) -> str:
    title = _line(raw.raw_title, MAX_TITLE_CHARS, is_html=raw.raw_title_is_html)
    if title:
        return title
    if text:
        return excerpt(redact(text), _MADE_TITLE_CHARS)
    return excerpt(url or next((enclosure.url for enclosure in enclosures), ""), MAX_TITLE_CHARS)


def _line(text: str | None, limit: int, *, is_html: bool = True) -> str | None:
    """Return publisher's text as one plain line, entities decoded once, or `None` when empty."""
    if not text:
        return None
    plain = strip_tags(text) if is_html and ("<" in text or "&" in text) else text
    return excerpt(redact(one_line(plain)), limit) or None


def _dates(raw: RawEntry, seen_at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when the entry was published and updated, as far as the publisher says it sanely."""
    published_at = _sane(raw.published_at, seen_at)
    updated_at = _sane(raw.updated_at, seen_at)
    if published_at is None:
        # Atom demands only `updated`; the first one seen is the closest to a publication date.
        return updated_at, updated_at
    if updated_at is not None and updated_at < published_at:
        updated_at = published_at
    return published_at, updated_at


def _sane(at: datetime | None, seen_at: datetime) -> datetime | None:
    return None if at is None or at < EARLIEST else min(at, seen_at)


def _language(language: str | None) -> str | None:
    tag = one_line(language or "").replace("_", "-")
    fit = 0 < len(tag) <= _MAX_LANGUAGE_CHARS and tag.isascii() and tag.replace("-", "").isalnum()
    return tag if fit else None


def _raw(raw: RawEntry) -> str:
    """Return the publisher's own fields as JSON, each text bounded."""
    fields = {
        name: value[:_MAX_RAW_CHARS] if isinstance(value, str) else value
        for name in RawEntry.__slots__
        if (value := getattr(raw, name)) not in (None, "", ())
    }
    return scrub(json.dumps(fields, ensure_ascii=False, default=_as_json))


def _as_json(value: datetime | Enclosure | Category | Provenance) -> object:
    return value.isoformat() if isinstance(value, datetime) else asdict(value)
