"""Reads JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/); feedparser does not."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from aggregator.model import (
    Body,
    Category,
    Document,
    DocumentHead,
    DocumentHints,
    Enclosure,
    Particulars,
    Person,
    Problem,
    ProblemKind,
    Provenance,
    RawEntry,
    SourceParticulars,
)
from aggregator.model.errors import UnreadableError
from aggregator.parse.cdata import unwrapped
from aggregator.parse.dates import Habits, dates_in, habits_of, note_of_unread, parse_date
from aggregator.parse.decode import Decoded
from aggregator.parse.document_limits import MAX_CATEGORIES, MAX_ENCLOSURES, bounded, most_entries
from aggregator.parse.media import image
from aggregator.parse.people import MAX_PEOPLE, described, together
from aggregator.parse.podcasts import seconds
from aggregator.web.absent_links import says_nothing

_VERSION = "jsonfeed.org/version/"
_DECODER = json.JSONDecoder()
_DUE = {sign: re.compile(rf"\s*+{re.escape(sign)}\s*+") for sign in ("", *"{}[]:,")}
#: A document that ends inside a number, a word or an escape breaks as near to its end as this.
_LITERAL_CHARS = 12


def looks_like_json(text: str) -> bool:
    """Tell whether a document is JSON; no XML document begins like this."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def read_json(body: Body, decoded: Decoded) -> Document:
    """Return what the JSON Feed `decoded` says; raises `UnreadableError` (NOT_A_FEED)."""
    notes = list(decoded.notes)
    feed, is_cut = _loaded(decoded.text, body, notes)
    version = str(feed.get("version") or "")
    if not _is_feed(feed):
        raise _refused(f"JSON, but no JSON Feed: its version is {version[:60]!r}")
    items = feed["items"]
    most = most_entries(body)
    if len(items) > most:
        notes.append(f"only the first {most} entries were read")
    entries = [item for item in items[:most] if isinstance(item, dict)]
    authors = _authors(feed)
    habits = _habits(feed, entries)
    found = tuple(_entry(item, body, authors, habits) for item in entries)
    notes.extend(note_of_unread(dates_in(found)))
    return Document(
        head=DocumentHead(
            kind="json10" if version.rstrip("/").endswith("version/1") else "json11",
            encoding=decoded.encoding,
            title=_text(feed, "title"),
            site_url=_text(feed, "home_page_url"),
            particulars=SourceParticulars(authors=authors, logo_url=_text(feed, "icon")),
            language=_text(feed, "language"),
            description=_text(feed, "description"),
            icon_url=_text(feed, "favicon") or _text(feed, "icon"),
            truncated=is_cut or len(items) > most,
            read_up_to=most if len(items) > most else None,
            hints=DocumentHints(expired=feed.get("expired") is True),
            notes=tuple(notes),
        ),
        entries=found,
        source_url=body.source_url,
        seen_at=body.seen_at,
        sites=body.sites,
    )


def _loaded(text: str, body: Body, notes: list[str]) -> tuple[dict[str, Any], bool]:
    """Return the object that `text` is, and whether it is only what is whole of one cut short."""
    text = text.lstrip("\ufeff")
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError as error:
        whole = _whole_members(text, most_entries(body) + 1)
        count = len(whole.get("items", ()))
        is_near_end = len(text) - error.pos < _LITERAL_CHARS and error.msg != "Extra data"
        is_cut = is_near_end or error.msg.startswith("Unterminated")
        what = "cut off" if is_cut else "broken"
        if not count or not _is_feed(whole):
            detail = f"JSON, but {what} at line {error.lineno}: {error.msg}"
            remedy = "only a part of it came; it is asked again" if is_cut else "check the URL"
            raise _refused(detail, remedy) from error
        notes.append(f"{what} at line {error.lineno}, the {count} entries before it were read")
        return whole, True
    except (RecursionError, ValueError) as error:  # nesting, or a number of a million digits
        raise _refused("JSON, but nested or sized beyond reason") from error
    return (loaded if isinstance(loaded, dict) else {}), False


def _whole_members(text: str, most: int) -> dict[str, Any]:
    """Return the members of a broken object up to where it breaks, and up to `most` whole items.

    Each value is read once, from where the one before ended: linear.
    """
    whole: dict[str, Any] = {}
    # Anything where nothing may be is where it breaks.
    with suppress(ValueError, RecursionError):
        position = _past("{", text, 0)
        while True:
            name, position = _DECODER.raw_decode(text, position)
            position = _past(":", text, position)
            if name == "items" and text.startswith("[", position):
                items: list[Any] = []
                whole["items"] = items
                position = _read_items(items, text, position, most)
            else:
                whole[str(name)], position = _DECODER.raw_decode(text, position)
            position = _past(",", text, position)
    return whole


def _read_items(items: list[Any], text: str, position: int, most: int) -> int:
    position = _past("[", text, position)
    while True:
        item, position = _DECODER.raw_decode(text, position)
        items.append(item)
        if len(items) >= most:
            raise ValueError(most)
        position = _past("", text, position)
        if text.startswith("]", position):
            return _past("]", text, position)
        position = _past(",", text, position)


def _past(sign: str, text: str, position: int) -> int:
    """Return the position of what follows `sign`, which is due at `position`; skips blanks."""
    found = _DUE[sign].match(text, position)
    if found is None:
        raise ValueError(position)
    return found.end()


def _is_feed(feed: dict[str, Any]) -> bool:
    return _VERSION in str(feed.get("version") or "") and isinstance(feed.get("items"), list)


def _refused(detail: str, remedy: str = "check the URL") -> UnreadableError:
    return UnreadableError(Problem(ProblemKind.NOT_A_FEED, detail, remedy))


def _habits(feed: dict[str, Any], items: list[dict[str, Any]]) -> Habits:
    dates = (_text(item, name) for item in items for name in ("date_published", "date_modified"))
    return habits_of(filter(None, dates), _text(feed, "language"))


def _entry(
    item: dict[str, Any], body: Body, feed_authors: tuple[Person, ...], habits: Habits
) -> RawEntry:
    content_html = _text(item, "content_html")
    raw_published, raw_updated = _text(item, "date_published"), _text(item, "date_modified")
    return RawEntry(
        raw_guid=_identifier(item),
        raw_link=_link(item),
        raw_title=_text(item, "title"),
        raw_title_is_html=None,
        raw_summary=_text(item, "summary"),
        raw_summary_is_html=False,
        raw_content=content_html or _text(item, "content_text"),
        raw_content_is_html=content_html is not None,
        raw_particulars=Particulars(authors=_authors(item) or feed_authors),
        raw_published=raw_published,
        raw_updated=raw_updated,
        published_at=parse_date(raw_published, body.timezone, habits),
        updated_at=parse_date(raw_updated, body.timezone, habits),
        raw_categories=_categories(item),
        raw_enclosures=_enclosures(item),
        raw_images=_images(item),
        raw_source=_source(item, body),
        base_url=body.source_url,
        language=_text(item, "language"),
    )


def _text(holder: dict[str, Any], name: str) -> str | None:
    value = holder.get(name)
    return bounded(unwrapped(value)) if isinstance(value, str) else None


def _identifier(item: dict[str, Any]) -> str | None:
    # 1.1 asks for a string, and for numbers to be read as one.
    value = item.get("id")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bounded(str(value))
    return _text(item, "id")


def _authors(holder: dict[str, Any]) -> tuple[Person, ...]:
    """Return the authors; an address of "mailto:" is an e-mail address (JSON Feed 1.1, authors)."""
    people = holder.get("authors")
    if not isinstance(people, list):
        people = [holder.get("author")]  # 1.0 has one, as an object
    found: list[Person] = []
    for one in people[: MAX_PEOPLE * 2]:
        if isinstance(one, dict):
            url = _text(one, "url") or ""
            is_email = url.lower().startswith("mailto:")
            found += described(
                _text(one, "name"),
                None if is_email else url,
                url[7:].partition("?")[0] if is_email else None,
                _text(one, "avatar"),
            )
    return together(tuple(found))


def _link(item: dict[str, Any]) -> str | None:
    found = [url for name in ("url", "external_url") if (url := _text(item, name))]
    return next((url for url in found if not says_nothing(url)), found[0] if found else None)


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
                    title=_text(attachment, "title"),
                    duration_seconds=seconds(attachment.get("duration_in_seconds")),
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
        authors=described(_text(source, "author")),
        rights=_text(source, "rights"),
        icon_url=_text(source, "icon"),
    )
    return None if found == Provenance() else found
