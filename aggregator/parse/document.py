"""RSS 0.9x/1.0/2.0 and Atom 0.3/1.0: what a document says, through feedparser and nothing repaired.

feedparser's readers are driven here without its encoding detection (ours comes first and depends on
nothing installed), its HTML sanitiser (quadratic on hostile input; nh3 comes later) and its URI
resolver. Where its reading loses what the publisher wrote, the two reader classes below say so.
"""

from __future__ import annotations

import io
import re
import xml.sax
from calendar import timegm
from datetime import UTC, datetime, timedelta
from typing import Any

from feedparser.api import LooseFeedParser, StrictFeedParser  # type: ignore[import-untyped] # has none
from feedparser.sanitizer import replace_doctype  # type: ignore[import-untyped] # has none

from aggregator.errors import UnreadableError
from aggregator.model import (
    Body,
    Document,
    DocumentHead,
    DocumentHints,
    Enclosure,
    RawEntry,
)
from aggregator.parse.dates import parse_date, trust_feedparser
from aggregator.parse.decode import Decoded
from aggregator.parse.limits import MAX_CATEGORIES, MAX_ENCLOSURES, bounded, most_entries
from aggregator.parse.pages import not_a_feed

#: XML 1.0 section 2.2 allows none of these, as characters or as references.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_OVERLONG_REFERENCE = re.compile(r"&#(?:[xX][0-9a-fA-F]{9,}|[0-9]{11,});?")
_DECLARATION = re.compile(r"^<\?xml[^>]{0,1000}\?>")
_ROOT_ENDS = re.compile(
    r"</\s*(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)\s*>[^<]*(?:<!--[^<]*)*$", re.IGNORECASE
)
_TAIL_CHARS = 4096

#: Two old formats that feedparser reads and gives no version: RSS 0.9 without its default
#: namespace, and CDF (https://www.w3.org/TR/NOTE-CDFsubmit.html).
_UNVERSIONED = re.compile(
    r"(?:\s*<[?!][^>]{0,2000}>)*\s*<(?:[\w.-]{1,40}:)?(rdf|channel)[\s>]", re.IGNORECASE
)
_UNVERSIONED_KINDS = {"rdf": "rss090", "channel": "cdf"}

#: What expat says when a document stops too early, as opposed to being wrong in the middle.
_CUT_SHORT = ("no element found", "unclosed token", "unclosed CDATA section", "partial character")
#: What expat says when the document was whole and something follows it.
_JUNK_AFTER = "junk after document element"

#: feedparser repairs text that looks like UTF-8 read as ISO-8859-1 if its reader's encoding has
#: exactly this name in its usual spelling; an author who writes "Ã©" on purpose means it
#: (https://github.com/kurtmckee/feedparser, mixin.pop). Another spelling leaves the text alone.
_ENCODING = "utf8"

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
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


class _EnoughError(Exception):
    """The document holds more entries than we take; reading stops here."""


class _Faithful:
    """What both of feedparser's readers must do differently, as overrides of their handlers.

    The names are feedparser 6.0's own: `_start_x`/`_end_x` for an element, `push`/`pop` for text.
    """

    #: GUIDs stay as written: without isPermaLink="false" feedparser resolves them against the base
    #: URL, so that "abc-1" and every id of a moved source would change.
    can_be_relative_uri = StrictFeedParser.can_be_relative_uri - {"id"}

    resolve_relative_uris = False
    sanitize_html = False

    entries: list[Any]
    elementstack: list[Any]
    baseuri: str
    inentry: int

    def prepare(self, most_entries: int) -> None:
        self.most_entries = most_entries
        self.skipped_hours: list[str] = []
        self.skipped_days: list[str] = []

    def _start_item(self, attributes: dict[str, str]) -> None:
        if len(self.entries) >= self.most_entries:
            raise _EnoughError
        super()._start_item(attributes)  # type: ignore[misc] # the mixin is feedparser's
        self.entries[-1]["house_base"] = self.baseuri

    _start_entry = _start_item

    # A photo's caption (Media RSS), a podcast's blurb (iTunes) and a medium's own title are kept
    # apart: feedparser files them as the item's description and title, so that they replace the
    # article's (seen at ndtv.com, restofworld.org, theweek.com).

    def _start_media_description(self, attributes: dict[str, str]) -> None:
        self._push_apart("media_description", attributes)

    def _end_media_description(self) -> None:
        self.pop_content("media_description")  # type: ignore[attr-defined] # the mixin's

    def _start_media_title(self, attributes: dict[str, str]) -> None:
        self._push_apart("media_title", attributes)

    def _end_media_title(self) -> None:
        self.pop_content("media_title")  # type: ignore[attr-defined] # the mixin's

    def _start_itunes_summary(self, attributes: dict[str, str]) -> None:
        self._push_apart("itunes_summary", attributes)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")  # type: ignore[attr-defined] # the mixin's

    def _push_apart(self, name: str, attributes: dict[str, str]) -> None:
        self.push_content(name, attributes, "text/plain", 1)  # type: ignore[attr-defined] # the mixin's

    # feedparser keeps only the last of several <hour> and <day> elements.

    def _start_hour(self, _attributes: dict[str, str]) -> None:
        self.push("hour", 0)  # type: ignore[attr-defined] # the mixin's

    def _end_hour(self) -> None:
        self.skipped_hours.append(str(self.pop("hour")))  # type: ignore[attr-defined] # the mixin's

    def _start_day(self, _attributes: dict[str, str]) -> None:
        self.push("day", 0)  # type: ignore[attr-defined] # the mixin's

    def _end_day(self) -> None:
        self.skipped_days.append(str(self.pop("day")))  # type: ignore[attr-defined] # the mixin's


class _Strict(_Faithful, StrictFeedParser):  # type: ignore[misc] # feedparser has no types
    """The reader for well-formed XML."""


class _Loose(_Faithful, LooseFeedParser):  # type: ignore[misc] # feedparser has no types
    """The reader for everything else: tag soup, read as SGML."""


def read_xml(body: Body, decoded: Decoded) -> Document:
    """Return what the RSS or Atom document `decoded` says; `body` gives its URL, zone and date.

    Raises `UnreadableError` (NOT_A_FEED) when it is neither.
    """
    notes = list(decoded.notes)
    text = _legal(decoded.text, notes)
    reader, version, truncated = _run(text, body, notes)
    if not version and reader.entries and (root := _UNVERSIONED.match(text)):
        version = _UNVERSIONED_KINDS[root[1].lower()]
    if not version:
        raise UnreadableError(not_a_feed(text, body.source_url))
    # FeedParserDict answers for missing keys with other keys, and warns; a plain dict does not.
    entries = [dict(entry) for entry in reader.entries]
    head = dict(reader.feeddata)
    return Document(
        head=DocumentHead(
            kind=version,
            encoding=decoded.encoding,
            title=bounded(head.get("title")),
            site_url=bounded(head.get("link")),
            feed_id=bounded(head.get("id")),
            author=_author(head),
            language=bounded(head.get("language")),
            updated_at=_date(head, body.timezone, "updated", "published")[1],
            truncated=truncated,
            hints=_hints(head, reader),
            notes=tuple(notes),
        ),
        entries=tuple(_entry(entry, version, body) for entry in entries),
        source_url=body.source_url,
        seen_at=body.seen_at,
    )


def _legal(text: str, notes: list[str]) -> str:
    """Take out what no XML may hold: one NUL would send a whole document to the loose reader."""
    text, characters = _ILLEGAL.subn("", text.lstrip("\ufeff \t\r\n"))
    text, overlong = _OVERLONG_REFERENCE.subn("\ufffd", text)
    if characters or overlong:
        notes.append(f"{characters + overlong} illegal characters removed")
    return _REFERENCE.sub(_legal_reference, text)


def _legal_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code in {9, 10, 13} or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE
    return match[0] if legal or 0x10000 <= code < 0x110000 else "\ufffd"


def _run(text: str, body: Body, notes: list[str]) -> tuple[Any, str, bool]:
    """Drive feedparser's readers; return the one that read, the version, whether it was cut."""
    declaration = "<?xml version='1.0' encoding='utf-8'?>"
    text, declared = _DECLARATION.subn(declaration, text, count=1)
    data = text if declared else f"{declaration}\n{text}"
    netscape, safe, entities = replace_doctype(data.encode())
    reader: Any = _Strict(body.source_url, None, _ENCODING)
    reader.prepare(most_entries(body))
    try:
        _read_strictly(reader, safe)
        truncated = False
    except _EnoughError:
        notes.append(f"only the first {reader.most_entries} entries were read")
        truncated = True
    except xml.sax.SAXException as error:
        message = error.getMessage()
        known = bool(netscape or reader.version)
        truncated = known and message.startswith(_CUT_SHORT)
        if truncated:
            _drop_cut_entry(reader, notes)
        elif known and message.startswith(_JUNK_AFTER):
            notes.append("text after the end of the document ignored")
        else:
            notes.append(f"not well-formed ({message}), read loosely")
            reader, truncated = _read_loosely(safe.decode(), body, entities, notes)
    return reader, netscape or reader.version, truncated


def _read_strictly(reader: Any, data: bytes) -> None:
    parser = xml.sax.make_parser()  # noqa: S317 - no external entities, and expat bounds expansion
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(reader)
    parser.setErrorHandler(reader)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    parser.parse(source)


def _read_loosely(
    text: str, body: Body, entities: dict[str, str], notes: list[str]
) -> tuple[Any, bool]:
    reader: Any = _Loose(body.source_url, None, _ENCODING, entities)
    reader.prepare(most_entries(body))
    try:
        reader.feed(text)
    except _EnoughError:
        notes.append(f"only the first {reader.most_entries} entries were read")
        return reader, True
    truncated = bool(reader.version) and not _ROOT_ENDS.search(text[-_TAIL_CHARS:])
    if truncated:
        _drop_cut_entry(reader, notes)
    return reader, truncated


def _drop_cut_entry(reader: Any, notes: list[str]) -> None:
    cut = bool(reader.inentry and reader.entries)
    if cut:
        reader.entries.pop()
    notes.append("the document is cut short" + (", its last entry was dropped" if cut else ""))


# --- from feedparser's words to ours ------------------------------------------------------------


def _entry(entry: dict[str, Any], version: str, body: Body) -> RawEntry:
    content = _content(entry)
    summary, summary_detail = _summary(entry, content)
    title, title_detail = entry.get("title"), entry.get("title_detail") or {}
    if not title:
        title, title_detail = entry.get("media_title"), entry.get("media_title_detail") or {}
    raw_published, published_at = _date(entry, body.timezone, "published", "created")
    raw_updated, updated_at = _date(entry, body.timezone, "updated")
    if raw_published is None and version.startswith("rss"):
        # RSS knows one date; dc:date is what RSS 1.0 writes it as, and feedparser files it here.
        raw_published, published_at = raw_updated, updated_at
    base = (content or summary_detail).get("base") or entry["house_base"]
    return RawEntry(
        raw_guid=bounded(entry.get("id")),
        raw_link=bounded(_link(entry)),
        raw_title=bounded(title),
        raw_title_is_html=title_detail.get("type") in _HTML_TYPES,
        raw_summary=bounded(summary),
        raw_summary_is_html=summary_detail.get("type") in _HTML_TYPES,
        raw_content=bounded(content.get("value")),
        raw_content_is_html=content.get("type") in _HTML_TYPES,
        raw_author=_author(entry),
        raw_published=bounded(raw_published),
        raw_updated=bounded(raw_updated),
        published_at=published_at,
        updated_at=updated_at,
        raw_categories=_categories(entry),
        raw_enclosures=_enclosures(entry),
        base_url=str(base),
        language=bounded((content or summary_detail or title_detail).get("language")),
    )


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry's content that a reader can show: HTML if there is any, else text."""
    readable: list[dict[str, Any]] = [
        dict(part)
        for part in entry.get("content", [])
        if part.get("value") and (part["type"] in _HTML_TYPES or part["type"].startswith("text/"))
    ]
    return next((part for part in readable if part["type"] in _HTML_TYPES), None) or (
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


def _link(entry: dict[str, Any]) -> str | None:
    link = entry.get("link")
    if link:
        return str(link)
    # Atom: an alternate of another type than HTML is still where the entry is.
    for candidate in entry.get("links", []):
        if candidate.get("rel") == "alternate" and candidate.get("href"):
            return str(candidate["href"])
    return None


def _author(context: dict[str, Any]) -> str | None:
    names = [
        str(person.get("name") or person.get("email") or "").strip()
        for person in context.get("authors", [])
    ]
    names = list(dict.fromkeys(name for name in names if name))
    return bounded(", ".join(names)) or bounded(context.get("author"))


def _categories(entry: dict[str, Any]) -> tuple[str, ...]:
    terms = (tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", []))
    kept = dict.fromkeys(bounded(str(term)) for term in terms if term)
    return tuple(term for term in kept if term)[:MAX_CATEGORIES]


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
                )
            )
    return tuple(found[:MAX_ENCLOSURES])


def _date(context: dict[str, Any], zone: str, *names: str) -> tuple[str | None, datetime | None]:
    """Return the first of the named dates: as written, and as read if it can be read."""
    for name in names:
        text = context.get(name)
        if text:
            parsed = parse_date(text, zone)
            theirs = context.get(f"{name}_parsed")
            if parsed is None and theirs and trust_feedparser(text):
                parsed = datetime.fromtimestamp(timegm(theirs), UTC)
            return text, parsed
    return None, None


def _hints(head: dict[str, Any], reader: Any) -> DocumentHints:
    period = _PERIODS.get(str(head.get("sy_updateperiod", "")).strip().lower())
    frequency = _number(head.get("sy_updatefrequency")) or 1
    minutes = _number(head.get("ttl"))
    hours = {hour % 24 for text in reader.skipped_hours if (hour := _number(text)) is not None}
    days = {day.strip().lower() for day in reader.skipped_days}
    return DocumentHints(
        ttl=min(timedelta(minutes=minutes), _LONGEST_HINT) if minutes else None,
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(number for number, day in enumerate(_DAYS) if day in days),
        update_every=period / frequency if period else None,
    )


def _number(text: object) -> int | None:
    digits = str(text or "").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 7 else None
