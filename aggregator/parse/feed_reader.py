"""Reads RSS 0.9x/1.0/2.0 and Atom 0.3/1.0 through feedparser; nothing is repaired.

feedparser's readers are driven here without its encoding detection (ours comes first and depends on
nothing installed), its HTML sanitiser (quadratic on hostile input; nh3 comes later) and its URI
resolver. Where its reading loses what the publisher wrote, the two reader classes below say so.
"""

from __future__ import annotations

import html
import io
import re
import xml.sax
import xml.sax.expatreader
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import unescape

from feedparser.api import LooseFeedParser, StrictFeedParser  # type: ignore[import-untyped] # has none
from feedparser.urls import _urljoin, make_safe_absolute_uri  # type: ignore[import-untyped]

from aggregator.model import Body, Document
from aggregator.model.errors import UnreadableError
from aggregator.parse.ampersands import escaped
from aggregator.parse.assembling import Said, assembled
from aggregator.parse.cdata import has_escaped, unwrapped, whole
from aggregator.parse.decode import Decoded
from aggregator.parse.doctype import Undeclared, undeclared
from aggregator.parse.document_limits import MAX_ATTRIBUTES, MAX_DEPTH, most_entries
from aggregator.parse.links import LinkHandlers
from aggregator.parse.media_elements import MediaElements
from aggregator.parse.non_feeds import not_a_feed
from aggregator.parse.people import PeopleHandlers
from aggregator.parse.podcasts import PodcastHandlers
from aggregator.parse.raw_markup import RawMarkup

#: XML 1.0 section 2.2 allows none of these, as characters or as references.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
#: JavaScript and Java write what is beyond the BMP as the references of two surrogates.
_PAIR = re.compile(
    r"&#([xX]0{0,4}[dD][89abAB][0-9a-fA-F]{2}|5[56]\d{3});"
    r"&#([xX]0{0,4}[dD][c-fC-F][0-9a-fA-F]{2}|5[67]\d{3});"
)
_OVERLONG_REFERENCE = re.compile(r"&#(?:[xX][0-9a-fA-F]{9,}|[0-9]{11,});?")
_OUR_DECLARATION = "<?xml version='1.0' encoding='utf-8'?>\n"
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


#: Names of feedparser's results, and ours among them, that are no elements: what stands there is
#: relied upon to be a list or a dict, and an element of that name would put its text there.
_RESULTS = frozenset(
    {"authors", "contributors", "enclosures", "links", "psc_chapters", "where"}
    | {"media_content", "media_credit", "media_restriction"}
)
_RESULTS_BEGIN, _RESULTS_END = "house_", ("_detail", "_parsed")


class _EnoughError(Exception):
    """The document holds more entries than we take; reading stops here."""


class _Faithful(MediaElements, LinkHandlers, PeopleHandlers, PodcastHandlers, RawMarkup):
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

    def prepare(self, most_entries: int, *, has_escaped_cdata: bool) -> None:
        self.remember_base()
        self.most_entries = most_entries
        self.has_more = False
        self.skipped_hours: list[str] = []
        self.skipped_days: list[str] = []
        self.prepare_media()
        self.has_escaped_cdata = has_escaped_cdata
        self.prepare_markup()

    if not TYPE_CHECKING:  # to mypy, whatever has no type would have one by this

        def __getattr__(self, name: str) -> Any:
            """Return how an element is read that is named as a result of feedparser's."""
            event, _, element = name.lstrip("_").partition("_")
            is_result = element in _RESULTS or element.startswith(_RESULTS_BEGIN)
            if event in ("start", "end") and (is_result or element.endswith(_RESULTS_END)):
                return self._start_stray if event == "start" else self._end_stray
            raise AttributeError(name)

    def _start_stray(self, _attributes: dict[str, str]) -> None:
        self.push("stray", 1)  # type: ignore[attr-defined] # the mixin's

    def _end_stray(self) -> None:
        self.pop("stray")

    def pop(self, element: str, strip_whitespace: int = 1) -> Any:
        """End an element's text, which a program may have escaped with its CDATA wrapper."""
        if self.has_escaped_cdata and self.elementstack and self.elementstack[-1][0] == element:
            pieces = self.elementstack[-1][2]
            text = "".join(one.decode() if isinstance(one, bytes) else one for one in pieces)
            # The loose reader has the text as it was written.
            pieces[:] = [unwrapped(text, 0 if self.is_well_formed else 1)]
        return super().pop(element, strip_whitespace)  # type: ignore[misc] # the mixin's

    def _start_item(self, attributes: dict[str, str]) -> None:
        if len(self.entries) >= self.most_entries:
            self.has_more = True
            raise _EnoughError
        super()._start_item(attributes)  # type: ignore[misc] # the mixin is feedparser's
        self.entries[-1]["house_base"] = self.baseuri
        self.start_item_media()

    _start_entry = _start_item

    # A podcast's blurb (iTunes) is kept apart, as captions are: feedparser files it as the item's
    # description.

    def _start_itunes_subtitle(self, attributes: dict[str, str]) -> None:
        self._push_apart("itunes_subtitle", attributes)

    def _end_itunes_subtitle(self) -> None:
        self.pop_content("itunes_subtitle")  # type: ignore[attr-defined] # the mixin's

    def _start_itunes_summary(self, attributes: dict[str, str]) -> None:
        self._push_apart("itunes_summary", attributes)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")  # type: ignore[attr-defined] # the mixin's

    # feedparser makes the text of a category the term of an earlier one that has none.

    def _start_category(self, attributes: dict[str, str]) -> None:
        tags = self._get_context().get("tags")  # type: ignore[attr-defined] # the mixin's
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = tags[-1]["label"]
            if not tags[-1]["term"]:
                tags.pop()
        super()._start_category(attributes)  # type: ignore[misc] # the mixin is feedparser's

    def _end_category(self) -> None:
        # It may end where none began: after the end of its item.
        self._get_context().setdefault("tags", [])  # type: ignore[attr-defined] # the mixin's
        super()._end_category()  # type: ignore[misc] # the mixin is feedparser's

    # feedparser keeps only the last of several <hour> and <day> elements.

    def _start_hour(self, _attributes: dict[str, str]) -> None:
        self.push("hour", 0)  # type: ignore[attr-defined] # the mixin's

    def _end_hour(self) -> None:
        self.skipped_hours.append(str(self.pop("hour")))

    def _start_day(self, _attributes: dict[str, str]) -> None:
        self.push("day", 0)  # type: ignore[attr-defined] # the mixin's

    def _end_day(self) -> None:
        self.skipped_days.append(str(self.pop("day")))


class _Strict(_Faithful, StrictFeedParser):  # type: ignore[misc] # feedparser has no types
    """The reader for well-formed XML, whose time is no more than linear in it."""

    is_well_formed = True
    too_deep = 0
    ignored = 0

    def startPrefixMapping(self, prefix: Any, uri: Any) -> None:  # noqa: N802 - SAX's name
        """Leave a namespace with a blank in its name to the loose reader, which goes by prefixes.

        Python takes apart at blanks what expat says of an element: namespace, name and prefix.
        """
        if len((uri or "").split()) > 1:
            raise xml.sax.SAXException("a blank in the name of a namespace")
        super().startPrefixMapping(prefix, uri)

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802 - SAX's name
        """Pass an element on, unless it is too deep; its text is its parent's then."""
        if self.too_deep or self.depth >= MAX_DEPTH:
            self.too_deep += 1
            self.ignored += 1
            return
        if len(attrs) > MAX_ATTRIBUTES:
            self.ignored += 1
            attrs = xml.sax.xmlreader.AttributesNSImpl({}, {})
        super().startElementNS(name, qname, attrs)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802 - SAX's name
        """Pass the end on of what was passed on."""
        if self.too_deep:
            self.too_deep -= 1
        else:
            super().endElementNS(name, qname)


class _Loose(_Faithful, LooseFeedParser):  # type: ignore[misc] # feedparser has no types
    """The reader for everything else: tag soup, read as SGML."""

    is_well_formed = False

    def decode_entities(self, element: str, data: str) -> str:
        """Decode XML's own references in all elements; feedparser leaves them in ids and names."""
        decoded = str(super().decode_entities(element, data))
        if self.incontent:
            return decoded
        return unescape(decoded, {"&quot;": '"', "&apos;": "'"})


#: What feedparser knows a namespace by, "" for RSS's and Atom's own; namespaces in lower case.
KNOWN_NAMESPACES: dict[str, str] = {
    namespace.lower(): prefix for namespace, prefix in StrictFeedParser.namespaces.items()
}
#: Names of elements ("title", "dc_creator") of which feedparser or an override makes something.
HANDLED: frozenset[str] = frozenset(
    name.removeprefix("_start_").removeprefix("_end_")
    for name in dir(_Strict)
    if name.startswith(("_start_", "_end_"))
)


def looks_like_html(text: str) -> bool:
    """Tell whether feedparser takes a text that claims to be plain for HTML."""
    return ("&" in text or "</" in text) and bool(StrictFeedParser.looks_like_html(text))


def joined(base: str, reference: str) -> str:
    """Return a reference as feedparser resolves it against a base."""
    return str(_urljoin(base, reference))


def joined_base(base: str, reference: str) -> str:
    """Return a base that is given in relation to another, "" where it is of no use."""
    return str(make_safe_absolute_uri(base, reference))


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
    said = Said(
        kind=version,
        head=dict(reader.feeddata),
        entries=[dict(entry) for entry in reader.entries],
        skipped_hours=reader.skipped_hours,
        skipped_days=reader.skipped_days,
    )
    return assembled(
        said,
        body,
        decoded.encoding,
        notes,
        truncated=truncated,
        read_up_to=reader.most_entries if reader.has_more else None,
    )


def _legal(text: str, notes: list[str]) -> str:
    """Take out what no XML may hold: one NUL would send a whole document to the loose reader."""
    text, characters = _ILLEGAL.subn("", text.lstrip("\ufeff \t\r\n"))
    text, overlong = _OVERLONG_REFERENCE.subn("\ufffd", text)
    if characters or overlong:
        notes.append(f"{characters + overlong} illegal characters removed")
    return _REFERENCE.sub(_legal_reference, _PAIR.sub(_joined, text))


def _joined(found: re.Match[str]) -> str:
    """Return one reference for two that are the halves of a pair; what are none stay."""
    high, low = (
        int(digits[1:], 16) if digits[0] in "xX" else int(digits) for digits in found.groups()
    )
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return found[0]
    return f"&#{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00};"


def _legal_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code in {9, 10, 13} or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE
    return match[0] if legal or 0x10000 <= code < 0x110000 else "\ufffd"


def _run(text: str, body: Body, notes: list[str]) -> tuple[Any, str, bool]:
    """Drive feedparser's readers; return the one that read, the version, whether it was cut."""
    document = undeclared(_DECLARATION.sub("", text, count=1))
    reader, truncated, trouble = _try_strictly(document, body, notes)
    if trouble:
        fit, ends = whole(document.text)
        fit, count = escaped(fit, document.entities)
        if ends:
            notes.append(f"{ends} ends of CDATA sections inside of texts escaped")
        if count:
            notes.append(f"{count} raw ampersands escaped")
        if ends or count:
            document = replace(document, text=fit)
            reader, truncated, trouble = _try_strictly(document, body, notes)
    if trouble:
        notes.append(f"not well-formed ({trouble}), read loosely")
        reader, truncated = _read_loosely(document, body, notes)
    if reader.failed:
        notes.append(f"{reader.failed} elements that could not be read ignored")
    if getattr(reader, "ignored", 0):
        notes.append(f"{reader.ignored} elements nested or attributed beyond reason ignored")
    return reader, "rss091n" if document.is_netscape else reader.version, truncated


def _try_strictly(document: Undeclared, body: Body, notes: list[str]) -> tuple[Any, bool, str]:
    """Return a reader that has read `document`, whether it was cut, and why it is no XML, if so."""
    reader: Any = _Strict(body.source_url, None, _ENCODING)
    reader.prepare(most_entries(body), has_escaped_cdata=has_escaped(document.text))
    try:
        _read_strictly(reader, f"{_OUR_DECLARATION}{document.subset}{document.text}".encode())
    except _EnoughError:
        notes.append(f"only the first {reader.most_entries} entries were read")
        return reader, True, ""
    except xml.sax.SAXException as error:
        message = error.getMessage()
        known = document.is_netscape or bool(reader.version)
        if known and message.startswith(_CUT_SHORT):
            _drop_cut_entry(reader, notes)
            return reader, True, ""
        if known and message.startswith(_JUNK_AFTER):
            notes.append("text after the end of the document ignored")
            return reader, False, ""
        return reader, False, message
    return reader, False, ""


class _Expat(xml.sax.expatreader.ExpatParser):
    """Expat, which expands no external entity and bounds expansion; it tells a text in one piece.

    It would tell each reference and each line of it apart.
    """

    def reset(self) -> None:
        """Begin a document."""
        super().reset()
        self._parser.buffer_text = True  # type: ignore[attr-defined] # typeshed has it not


def _read_strictly(reader: Any, data: bytes) -> None:
    parser = _Expat()
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(reader)
    parser.setErrorHandler(reader)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    parser.parse(source)


def _read_loosely(document: Undeclared, body: Body, notes: list[str]) -> tuple[Any, bool]:
    entities = {name: html.escape(value, quote=False) for name, value in document.entities.items()}
    reader: Any = _Loose(body.source_url, None, _ENCODING, entities)
    reader.prepare(most_entries(body), has_escaped_cdata=has_escaped(document.text))
    try:
        reader.feed(_OUR_DECLARATION + document.text)
    except _EnoughError:
        notes.append(f"only the first {reader.most_entries} entries were read")
        return reader, True
    truncated = bool(reader.version) and not _ROOT_ENDS.search(document.text[-_TAIL_CHARS:])
    if truncated:
        _drop_cut_entry(reader, notes)
    return reader, truncated


def _drop_cut_entry(reader: Any, notes: list[str]) -> None:
    cut = bool(reader.inentry and reader.entries)
    if cut:
        reader.entries.pop()
    notes.append("the document is cut short" + (", its last entry was dropped" if cut else ""))
