"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser does not read."""

from __future__ import annotations

import json
from typing import Any

from aggregator.errors import UnreadableError
from aggregator.model import (
    Body,
    Category,
    Document,
    DocumentHead,
    DocumentHints,
    Enclosure,
    Problem,
    ProblemKind,
    Provenance,
    RawEntry,
)
from aggregator.parse.dates import parse_date
from aggregator.parse.decode import Decoded
from aggregator.parse.limits import MAX_CATEGORIES, MAX_ENCLOSURES, bounded, most_entries
from aggregator.parse.media import image


def looks_like_json(text: str) -> bool:
    """Tell whether a document is JSON; no XML document begins like this."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def read_json(body: Body, decoded: Decoded) -> Document:
    """Return what the JSON Feed `decoded` says; raises `UnreadableError` (NOT_A_FEED)."""
    feed = _loaded(decoded.text)
    version = str(feed.get("version") or "")
    items = feed.get("items")
    if "jsonfeed.org/version/" not in version or not isinstance(items, list):
        raise _refused(f"JSON, but no JSON Feed: its version is {version[:60]!r}")
    notes = list(decoded.notes)
    most = most_entries(body)
    if len(items) > most:
        notes.append(f"only the first {most} entries were read")
    entries = [item for item in items[:most] if isinstance(item, dict)]
    author = _author(feed)
    return Document(
        head=DocumentHead(
            kind="json10" if version.rstrip("/").endswith("version/1") else "json11",
            encoding=decoded.encoding,
            title=_text(feed, "title"),
            site_url=_text(feed, "home_page_url"),
            author=author,
            language=_text(feed, "language"),
            description=_text(feed, "description"),
            icon_url=_text(feed, "favicon") or _text(feed, "icon"),
            truncated=len(items) > most,
            read_up_to=most if len(items) > most else None,
            hints=DocumentHints(expired=feed.get("expired") is True),
            notes=tuple(notes),
        ),
        entries=tuple(_entry(item, body, author) for item in entries),
        source_url=body.source_url,
        seen_at=body.seen_at,
        sites=body.sites,
    )


def _loaded(text: str) -> dict[str, Any]:
    try:
        loaded = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        raise _refused(f"JSON, but broken at line {error.lineno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # nesting, or a number of a million digits
        raise _refused("JSON, but nested or sized beyond reason") from error
    return loaded if isinstance(loaded, dict) else {}


def _refused(detail: str) -> UnreadableError:
    return UnreadableError(Problem(ProblemKind.NOT_A_FEED, detail, "check the URL"))


def _entry(item: dict[str, Any], body: Body, feed_author: str | None) -> RawEntry:
    content_html = _text(item, "content_html")
    raw_published, raw_updated = _text(item, "date_published"), _text(item, "date_modified")
    return RawEntry(
        raw_guid=_identifier(item),
        raw_link=_text(item, "url") or _text(item, "external_url"),
        raw_title=_text(item, "title"),
        raw_title_is_html=False,
        raw_summary=_text(item, "summary"),
        raw_summary_is_html=False,
        raw_content=content_html or _text(item, "content_text"),
        raw_content_is_html=content_html is not None,
        raw_author=_author(item) or feed_author,
        raw_published=raw_published,
        raw_updated=raw_updated,
        published_at=parse_date(raw_published, body.timezone),
        updated_at=parse_date(raw_updated, body.timezone),
        raw_categories=_categories(item),
        raw_enclosures=_enclosures(item),
        raw_images=_images(item),
        raw_source=_source(item, body),
        base_url=body.source_url,
        language=_text(item, "language"),
    )


def _text(holder: dict[str, Any], name: str) -> str | None:
    value = holder.get(name)
    return bounded(value) if isinstance(value, str) else None


def _identifier(item: dict[str, Any]) -> str | None:
    # 1.1 asks for a string, and for numbers to be read as one.
    value = item.get("id")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bounded(str(value))
    return _text(item, "id")


def _author(holder: dict[str, Any]) -> str | None:
    people = holder.get("authors")
    if not isinstance(people, list):
        people = [holder.get("author")]  # 1.0 has one, as an object
    names = [_text(person, "name") for person in people if isinstance(person, dict)]
    return bounded(", ".join(dict.fromkeys(name for name in names if name)))


def _categories(item: dict[str, Any]) -> tuple[Category, ...]:
    tags = item.get("tags")
    if not isinstance(tags, list):
        return ()
    kept = dict.fromkeys(bounded(tag) for tag in tags if isinstance(tag, str) and tag)
    return tuple(Category(tag) for tag in kept if tag)[:MAX_CATEGORIES]


def _enclosures(item: dict[str, Any]) -> tuple[Enclosure, ...]:
    attachments = item.get("attachments")
    if not isinstance(attachments, list):
        return ()
    found = []
    for attachment in attachments[:MAX_ENCLOSURES]:
        url = _text(attachment, "url") if isinstance(attachment, dict) else None
        if url:
            size = attachment.get("size_in_bytes")
            found.append(
                Enclosure(
                    url=url,
                    media_type=_text(attachment, "mime_type") or "application/octet-stream",
                    length_bytes=size if isinstance(size, int) and 0 <= size < 2**53 else 0,
                )
            )
    return tuple(found)


def _images(item: dict[str, Any]) -> tuple[Enclosure, ...]:
    urls = (_text(item, name) for name in ("image", "banner_image"))
    return tuple(image(url) for url in urls if url)


def _source(item: dict[str, Any], body: Body) -> Provenance | None:
    """Return where an item first stood, as merged feeds like ours say it in an extension."""
    source = item.get("_source")
    if not isinstance(source, dict):
        return None
    found = Provenance(
        title=_text(source, "title"),
        id=_text(source, "id"),
        url=_text(source, "feed_url"),
        site_url=_text(source, "home_page_url"),
        updated_at=parse_date(_text(source, "date_modified"), body.timezone),
    )
    return None if found == Provenance() else found
