"""XML as a tree of elements with their lines, read by expat within bounds.

No DTD is read and no entity expanded: a document that declares entities is refused.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias
from xml.parsers import expat

from aggregator.lint.findings import quoted
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.lint.findings import Report

#: Real feeds stay under 40 levels, XHTML content included.
MAX_DEPTH = 256
#: 2,000 entries of 100 elements each; every one of them is some hundred bytes of memory.
MAX_ELEMENTS = 250_000
#: Real elements have a dozen.
MAX_ATTRIBUTES = 256
#: A feed uses ten; the rest of more is not looked at.
MAX_DECLARATIONS = 256

XML = "http://www.w3.org/XML/1998/namespace"
XHTML = "http://www.w3.org/1999/xhtml"
MATHML = "http://www.w3.org/1998/Math/MathML"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ATOM = "http://www.w3.org/2005/Atom"

#: Namespace and local name; "" is no namespace.
Name: TypeAlias = tuple[str, str]


@dataclass(slots=True, eq=False)
class Element:
    """One element. `text` is what is directly in it; `start` and `end` are offsets in UTF-8."""

    name: Name
    attributes: dict[Name, str]
    line: int
    start: int
    parent: Element | None
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    end: int = 0

    @property
    def local(self) -> str:
        """The name without its namespace."""
        return self.name[1]

    @property
    def raw_text(self) -> str:
        """The text directly in it, as it is."""
        return "".join(self.pieces)

    @property
    def text(self) -> str:
        """The text directly in it, without white space around."""
        return self.raw_text.strip()

    def get(self, attribute: str, namespace: str = "") -> str | None:
        """Return an attribute's value, `None` where it is not there."""
        return self.attributes.get((namespace, attribute))

    def all(self, local: str, namespace: str = "") -> list[Element]:
        """Return the children of a name, in order."""
        name = (namespace, local)
        return [child for child in self.children if child.name == name]

    def first(self, local: str, namespace: str = "") -> Element | None:
        """Return the first child of a name."""
        name = (namespace, local)
        return next((child for child in self.children if child.name == name), None)

    def inherited(self, attribute: str) -> Iterator[str]:
        """Yield the values of an `xml:` attribute in effect here, the nearest first."""
        element: Element | None = self
        while element is not None:
            if (value := element.get(attribute, XML)) is not None:
                yield value
            element = element.parent

    def below(self) -> Iterator[Element]:
        """Yield every element under this one, in order."""
        waiting = self.children[::-1]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += element.children[::-1]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A namespace given a prefix ("" is the default)."""

    prefix: str
    uri: str
    line: int


@dataclass(slots=True)
class XmlDocument:
    """What was read: all of it (`whole`), or what comes before an error; `data` is in UTF-8."""

    data: bytes
    root: Element | None = None
    whole: bool = False
    declarations: list[Declaration] = field(default_factory=list)

    def raw(self, element: Element) -> bytes:
        """Return an element as it is written."""
        return self.data[element.start : element.end]


class _StopError(Exception):
    """Nothing further is read; what for is reported."""


class _Builder:
    def __init__(self, document: XmlDocument, report: Report) -> None:
        self.document = document
        self.report = report
        self.open: list[Element] = []
        self.count = 0
        # The text is UTF-8 by now, whatever it declares.
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartNamespaceDeclHandler = self.declare
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity
        self.parser.SkippedEntityHandler = self.skipped

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        line = self.parser.CurrentLineNumber
        for amount, most, what in (
            (self.count, MAX_ELEMENTS, "elements"),
            (len(self.open), MAX_DEPTH, "levels"),
            (len(attributes), MAX_ATTRIBUTES, "attributes of one element"),
        ):
            if amount > most:
                self.report.add("ValidatorLimit", f"more than {most} {what}", line=line)
                raise _StopError
        parent = self.open[-1] if self.open else None
        named = {_name(key): value for key, value in attributes.items()}
        element = Element(_name(name), named, line, self.parser.CurrentByteIndex, parent)
        if parent is None:
            self.document.root = element
        else:
            parent.children.append(element)
        self.open.append(element)

    def finish(self, _: str) -> None:
        element = self.open.pop()
        element.end = self.parser.CurrentByteIndex

    def characters(self, text: str) -> None:
        self.open[-1].pieces.append(text)

    def declare(self, prefix: str | None, uri: str | None) -> None:
        if len(self.document.declarations) < MAX_DECLARATIONS:
            line = self.parser.CurrentLineNumber
            self.document.declarations.append(Declaration(prefix or "", uri or "", line))

    def doctype(self, *_: object) -> None:
        self.report.add("ContainsSystemEntity", "a DOCTYPE", line=self.parser.CurrentLineNumber)

    def entity(self, name: str, *_: object) -> None:
        self.report.add(
            "EntityDeclaration",
            f"the entity {quoted(name)} is declared, and nothing behind it is checked",
            line=self.parser.CurrentLineNumber,
        )
        raise _StopError

    def skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            line = self.parser.CurrentLineNumber
            self.report.add("UndefinedNamedEntity", f"&{name[:40]};", line=line)


def _name(name: str) -> Name:
    namespace, _, local = name.rpartition(" ")
    return namespace, local


def read(text: str, report: Report) -> XmlDocument:
    """Read a document; what keeps it from being read to its end is reported."""
    data = text.encode("utf-8", errors="replace")
    document = XmlDocument(data)
    builder = _Builder(document, report)
    try:
        builder.parser.Parse(data, True)
        document.whole = True
    except expat.ExpatError as error:
        _report(error, report)
    except _StopError:
        pass
    return document


def _report(error: expat.ExpatError, report: Report) -> None:
    words = expat.ErrorString(error.code)
    rule = (
        "UndefinedNamedEntity" if words == expat.errors.XML_ERROR_UNDEFINED_ENTITY else "SAXError"
    )
    report.add(rule, f"column {error.offset + 1}: {words}", line=error.lineno)
