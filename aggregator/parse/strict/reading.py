"""What all elements of a document are read with: text, attributes, addresses, languages.

The words are feedparser's (6.0.14, mixin.py); each function says which of its steps it stands for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from aggregator.parse.feed_reader import joined, joined_base, looks_like_html
from aggregator.parse.links import HTML_TYPES
from aggregator.parse.strict.names import is_unread
from aggregator.parse.strict.refusals import RefusedError
from aggregator.web.absent_links import says_nothing

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from aggregator.parse.strict.names import Names

#: An entry, a head, a source: what feedparser calls a context.
Context = dict[str, Any]

_XML = "{http://www.w3.org/XML/1998/namespace}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
#: Attributes with a namespace that mean something, or nothing to anybody, by what they are here.
_ATTRIBUTES = {
    f"{_XML}lang": "xml:lang", f"{_XML}base": "xml:base", f"{_XML}space": "xml:space",
    f"{_RDF}about": "rdf:about", f"{_RDF}resource": "rdf:resource",
    f"{_RDF}parseType": "rdf:parsetype",
}  # fmt: skip
#: Attributes that mean something, by the ends of their names.
_MEANT = frozenset({
    "about", "base", "bitrate", "channels", "domain", "filesize", "framerate", "height", "href",
    "isdefault", "ispermalink", "label", "lang", "lastmod", "length", "medium", "mode", "name",
    "rel", "resource", "samplingrate", "scheme", "src", "term", "text", "title", "type", "uri",
    "url", "version", "width",
})  # fmt: skip
#: How a text begins that a program has escaped with its CDATA around it (cdata.py).
_WRAPPERS = frozenset("<&")
_MAX_WRAPPER_CHARS = 40
_MAX_ATTRIBUTES = 100
_MAX_DEPTH = 30
#: Windows-1252's characters in the places of Unicode's controls.
_WINDOWS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_KINDS = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}
#: An address that is the same after joining it to another: nothing empty, no blank, no dot segment
#: is taken out of one with a host.
_WHOLE = re.compile(r"https?://[A-Za-z0-9.-]++(?:/[A-Za-z0-9/._~%+@:,=-]*)?(?:\?[^#\s]+)?")


class Reading:
    """One document on its way: where it is, what is known so far."""

    __slots__ = (
        "base", "document_base", "has_content", "has_controls", "is_atom", "language",
        "media_groups", "names", "places", "skipped_days", "skipped_hours", "title_depth",
    )  # fmt: skip

    def __init__(self, names: Names, address: str, *, has_controls: bool, is_atom: bool) -> None:
        """`address` is the document's own; raises `RefusedError` where feedparser changes it."""
        self.names = names
        self.has_controls = has_controls
        self.is_atom = is_atom
        self.base = self.document_base = address
        self.language: str | None = None
        #: Of the entry: whether it has content already. feedparser's `hasContent`.
        self.has_content = False
        #: Where the last title stood; one that is not above it is none. feedparser's.
        self.title_depth = -1
        self.media_groups = 0
        #: Of the entry: how deep captions stood. feedparser's `property_depth_map`.
        self.places: dict[str, int] = {}
        self.skipped_hours: list[str] = []
        self.skipped_days: list[str] = []
        if joined_base(address, address) != address:
            raise RefusedError("its address")

    def raw_text(self, element: Element) -> str:
        """Return an element's text, stripped: feedparser's `pop` where it expects no text."""
        if len(element):
            refuse("elements inside of", element, self)
        if element.keys() and not self.has_plain_names(element):
            refuse("an attribute of", element, self)
        text = element.text
        if not text:
            return ""
        text = text.strip()
        if text[:1] in _WRAPPERS and "![CDATA[" in text[:_MAX_WRAPPER_CHARS]:
            raise RefusedError("escaped CDATA")
        return text

    def text(self, element: Element) -> str:
        """Return an element's text as feedparser's `pop` makes it."""
        text = self.raw_text(element)
        # Windows-1252's characters for Unicode's controls.
        return text.translate(_WINDOWS) if self.has_controls else text

    def has_plain_names(self, element: Element) -> bool:
        """Tell whether all parsers of XML take the names of an element's attributes for names."""
        return all(str(key).isascii() for key in element.keys())  # noqa: SIM118 - no dict

    def bare_text(self, element: Element) -> str:
        """Return the text of an element of which feedparser makes another thing with attributes."""
        if element.keys():
            refuse("attributes of", element, self)
        return self.text(element)

    def attributes(self, element: Element) -> dict[str, str]:
        """Return an element's attributes by their names in lower case: `_normalize_attributes`."""
        found: dict[str, str] = {}
        keys = element.keys()
        if not keys:
            return found
        # lxml takes time quadratic in the attributes for their values, not for their names.
        if len(keys) > _MAX_ATTRIBUTES:
            raise RefusedError("many attributes")
        items: Any = element.items()  # never bytes here
        for key, value in items:
            name = _ATTRIBUTES.get(key) or key.lower()
            if name[0] == "{":
                # Of another vocabulary; feedparser may take it for one without a namespace.
                if name.rpartition("}")[2] in _MEANT or not name.isascii():
                    refuse("an attribute of", element, self)
                continue
            if name in found or not name.isascii():
                refuse("an attribute of", element, self)
            found[name] = value.lower() if name in {"rel", "type"} else value
        return found

    def baseless(self, element: Element) -> dict[str, str]:
        """Return the attributes of an element that may not have a base of its own."""
        found = self.attributes(element)
        if "base" in found or "xml:base" in found:
            refuse("a base of", element, self)
        return found

    def enter(self, attributes: dict[str, str]) -> tuple[str, str | None]:
        """Go into an element with these attributes; return what `leave` wants."""
        outside = self.base, self.language
        if attributes:
            self.base, self.language = self._base(attributes), self._language(attributes)
        return outside

    def leave(self, outside: tuple[str, str | None]) -> None:
        """Go out of it again."""
        self.base, self.language = outside

    def _language(self, attributes: dict[str, str]) -> str | None:
        said = attributes.get("xml:lang", attributes.get("lang"))
        return self.language if said is None else said or None

    def _base(self, attributes: dict[str, str]) -> str:
        said = attributes.get("xml:base", attributes.get("base"))
        return (joined_base(self.base, said) or self.base) if said else self.base

    def resolved(self, address: str) -> str:
        """Return an address as Atom means it, in RSS as it is: our `resolve_uri`."""
        if not (self.is_atom or self.base != self.document_base):
            return address
        if not address or _WHOLE.fullmatch(address) or says_nothing(address):
            return address
        return joined(self.base, address)

    def detail(self, element: Element, default: str) -> dict[str, Any]:
        """Return a text with what it is: feedparser's `push_content` and `pop_content`."""
        attributes = self.attributes(element)
        kind = attributes.get("type", default)
        kind = _KINDS.get(kind, kind)
        if kind not in {"text/plain", "text/html"} or "mode" in attributes:
            refuse("another type of", element, self)
        value = self.text(element)
        if kind == "text/plain" and not self.is_atom and looks_like_html(value):
            kind = "text/html"
        language = self._language(attributes)
        return {
            "type": kind,
            "language": language.replace("_", "-") if language else language,
            "base": self._base(attributes),
            "value": value,
        }

    def pass_over(self, element: Element, depth: int = 0) -> None:
        """Look through an element of which feedparser keeps nothing that we read."""
        if depth > _MAX_DEPTH:
            raise RefusedError("it is deep")
        if not self.has_plain_names(element):
            refuse("an attribute of", element, self)
        for child in element:
            if not is_unread(self.names.of(child.tag)):
                refuse("an element inside of", element, self)
            self.pass_over(child, depth + 1)


def is_html(kind: str) -> bool:
    """Tell whether a type, as an attribute has it, is HTML: feedparser's `map_content_type`."""
    return kind in {"html", "xhtml"} or kind in HTML_TYPES


def refuse(what: str, element: Element, reading: Reading) -> NoReturn:
    """Refuse the document for something about one of its elements."""
    raise RefusedError(f"{what} {reading.names.of(element.tag)}")
