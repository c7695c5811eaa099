"""feedparser's words for what a document says, put into ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aggregator.model import (
    Body,
    Category,
    DocumentHints,
    Enclosure,
    Generator,
    Particulars,
    Person,
    Provenance,
    RawEntry,
    SourceParticulars,
)
from aggregator.parse.dates import Habits, habits_of, parse_date
from aggregator.parse.document_limits import MAX_CATEGORIES, MAX_ENCLOSURES, bounded
from aggregator.parse.links import HTML_TYPES, link_of
from aggregator.parse.media import image, media
from aggregator.parse.people import authors_of, contributors_of, owners_of
from aggregator.parse.podcasts import episode_of, podcast_of

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: A year: longer waits are a mistake of the publisher (one is known to say 99999999 minutes).
_LONGEST_HINT = timedelta(days=365)


def raw_entry(
    entry: dict[str, Any],
    version: str,
    body: Body,
    feed_authors: tuple[Person, ...],
    habits: Habits,
) -> RawEntry:
    """Return an entry of feedparser's as its publisher wrote it.

    `feed_authors` are those of entries that name none, themselves or as their source's; `habits`
    are the document's (`date_habits`).
    """
    content = _content(entry)
    summary, summary_detail = _summary(entry, content)
    title, title_detail = entry.get("title"), entry.get("title_detail") or {}
    if not title:
        title, title_detail = entry.get("media_title"), entry.get("media_title_detail") or {}
    raw_published, published_at = date_of(entry, body.timezone, habits, "published", "created")
    raw_updated, updated_at = date_of(entry, body.timezone, habits, "updated")
    if raw_published is None and version.startswith("rss"):
        # RSS knows one date; dc:date is what RSS 1.0 writes it as, and feedparser files it here.
        raw_published, published_at = raw_updated, updated_at
    base = (content or summary_detail).get("base") or entry["house_base"]
    beside = media(entry, (title, summary, content.get("value")))
    return RawEntry(
        raw_guid=bounded(entry.get("id")),
        raw_link=bounded(link_of(entry)),
        raw_title=bounded(title),
        raw_title_is_html=_is_html(title_detail, version),
        raw_summary=bounded(summary),
        raw_summary_is_html=summary_detail.get("type") in HTML_TYPES,
        raw_content=bounded(content.get("value")),
        raw_content_is_html=content.get("type") in HTML_TYPES,
        raw_particulars=Particulars(
            authors=authors_of(entry) or authors_of(dict(entry.get("source", {}))) or feed_authors,
            contributors=contributors_of(entry),
            rights=bounded(entry.get("rights")),
            episode=episode_of(entry),
        ),
        raw_published=bounded(raw_published),
        raw_updated=bounded(raw_updated),
        published_at=published_at,
        updated_at=updated_at,
        raw_categories=_categories(entry),
        raw_enclosures=(*_enclosures(entry), *beside.files),
        raw_images=(*beside.images, *_cover(entry)),
        raw_thumbnail=beside.thumbnail,
        raw_source=provenance_of(entry, body.timezone, habits),
        base_url=str(base),
        language=bounded(
            (content or summary_detail or title_detail).get("language") or entry.get("language")
        ),
    )


def _is_html(title_detail: dict[str, Any], version: str) -> bool | None:
    """Tell what a title's format says of it; RSS says nothing, and feedparser guesses."""
    kind = title_detail.get("type")
    if kind == "application/xhtml+xml":
        return True
    return kind in HTML_TYPES if version.startswith("atom") else None


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry's content that a reader can show: HTML if there is any, else text."""
    readable: list[dict[str, Any]] = [
        dict(part)
        for part in entry.get("content", [])
        if part.get("value") and (part["type"] in HTML_TYPES or part["type"].startswith("text/"))
    ]
    return next((part for part in readable if part["type"] in HTML_TYPES), None) or (
        readable[0] if readable else {}
    )


def _summary(entry: dict[str, Any], content: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the summary, unless it is the content again; captions serve where nothing else is."""
    summary = entry.get("summary")
    if summary and summary != content.get("value"):
        # feedparser gives no detail when the summary came from an element of its own making.
        return summary, dict(entry.get("summary_detail") or {"type": "text/html"})
    if not content:
        for name in ("itunes_summary", "media_description"):
            if entry.get(name):
                return entry[name], dict(entry.get(f"{name}_detail") or {})
    return None, {}


def inherited_authors(head: dict[str, Any], version: str) -> tuple[Person, ...]:
    """Return the authors of entries that name none (RFC 4287 section 4.2.1).

    An RSS channel's editor has not written its items.
    """
    return authors_of(head) if version.startswith("atom") else ()


def head_particulars(head: dict[str, Any]) -> SourceParticulars:
    """Return what a feed says of its makers, and of itself as a podcast."""
    return SourceParticulars(
        authors=authors_of(head) or owners_of(head),
        generator=_generator(head),
        logo_url=bounded(_logo(head)),
        podcast=podcast_of(head),
    )


def icon_of(head: dict[str, Any]) -> str | None:
    """Return a feed's picture: Atom's icon is a small square, its logo and RSS's image are wide."""
    return head.get("icon") or _logo(head)


def _logo(head: dict[str, Any]) -> str | None:
    image = head.get("image")
    return head.get("logo") or (image.get("href") if isinstance(image, dict) else None)


def _generator(head: dict[str, Any]) -> Generator | None:
    """Return the program that made a feed; RSS has only its name, or an address in its place."""
    detail = head.get("generator_detail") or {}
    name = str(detail.get("name") or head.get("generator") or "").strip()
    if not name:
        return None
    return Generator(name, bounded(detail.get("href")), bounded(detail.get("version")))


def _categories(entry: dict[str, Any]) -> tuple[Category, ...]:
    """Return what an entry is filed under; where only a label is given, it serves as the term."""
    found = []
    for tag in entry.get("tags", []):
        term, label = tag.get("term") or tag.get("label"), tag.get("label")
        if term:
            found.append(Category(bounded(str(term)), bounded(tag.get("scheme")), bounded(label)))
    return tuple(dict.fromkeys(found))[:MAX_CATEGORIES]


def provenance_of(entry: dict[str, Any], zone: str, habits: Habits) -> Provenance | None:
    """Return where an entry says that it first stood: Atom's source (RFC 4287, 4.2.11) or RSS's."""
    source = dict(entry.get("source") or {})
    if not source:
        return None
    own = (one for one in source.get("links", []) if one.get("rel") == "self" and one.get("href"))
    found = Provenance(
        title=bounded(source.get("title")),
        id=bounded(source.get("id")),
        url=bounded(source.get("href") or next((str(one["href"]) for one in own), None)),
        site_url=bounded(source.get("link")),
        updated_at=date_of(source, zone, habits, "updated")[1],
        authors=authors_of(source),
        rights=bounded(source.get("rights")),
        generator=_generator(source),
        icon_url=bounded(source.get("icon")),
        logo_url=bounded(source.get("logo")),
    )
    return None if found == Provenance() else found


def _enclosures(entry: dict[str, Any]) -> tuple[Enclosure, ...]:
    found = []
    for link in entry.get("links", []):
        if link.get("rel") == "enclosure" and link.get("href"):
            length = str(link.get("length") or "").strip()
            found.append(
                Enclosure(
                    url=str(link["href"]).strip(),
                    media_type=str(link.get("type") or "application/octet-stream"),
                    # isdigit() is true of characters that int() refuses.
                    length_bytes=int(length) if length.isdecimal() and len(length) < 16 else 0,
                    title=bounded(link.get("title")),
                )
            )
    return tuple(found[:MAX_ENCLOSURES])


def _cover(entry: dict[str, Any]) -> tuple[Enclosure, ...]:
    """Return the picture of a podcast's episode (itunes:image), if it has one of its own."""
    shown = entry.get("image")
    url = str(shown.get("href") or "").strip() if isinstance(shown, dict) else ""
    return (image(url),) if url else ()


def date_habits(head: dict[str, Any], entries: list[dict[str, Any]]) -> Habits:
    """Return what all dates of a document tell of each of them."""
    texts = (
        str(context[name])
        for context in (head, *entries)
        for name in ("published", "created", "updated")
        if context.get(name)
    )
    return habits_of(texts, head.get("language"))


def date_of(
    context: dict[str, Any], zone: str, habits: Habits, *names: str
) -> tuple[str | None, datetime | None]:
    """Return the first of the named dates: as written, and as read if it can be read."""
    for name in names:
        text = context.get(name)
        if text:
            return text, parse_date(text, zone, habits)
    return None, None


def hints_of(
    head: dict[str, Any], skipped_hours: list[str], skipped_days: list[str]
) -> DocumentHints:
    """Return what a feed says of when to come back."""
    period = _PERIODS.get(str(head.get("sy_updateperiod", "")).strip().lower())
    frequency = _number(head.get("sy_updatefrequency")) or 1
    minutes = _number(head.get("ttl"))
    # The specification counts 0 to 23; 24 stands for midnight in what people write.
    numbers = map(_number, skipped_hours)
    hours = {hour % 24 for hour in numbers if hour is not None and hour <= 24}
    days = {day.strip().lower() for day in skipped_days}
    return DocumentHints(
        ttl=min(timedelta(minutes=minutes), _LONGEST_HINT) if minutes else None,
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(number for number, day in enumerate(_DAYS) if day in days),
        update_every=period / frequency if period else None,
    )


def _number(text: object) -> int | None:
    digits = str(text or "").strip()
    if not digits.isdecimal():
        return None
    return int(digits) if len(digits) < 7 else 10**6  # beyond reason: the caller has a bound
