"""HTML as tokens, with what the standard calls parse errors, in linear time.

A reader of HTML repairs what it meets; a check must tell. No library tells all of it in linear time
(docs/adr/0013-lint.md has the figures), so this reads as https://html.spec.whatwg.org/#tokenization
does, and gives up where a construct never ends.
"""

from __future__ import annotations

import re
from dataclasses import field
from html.entities import html5
from typing import TYPE_CHECKING

from aggregator.lint.findings import quoted
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Elements whose text holds no tags until their own end tag.
RAW_TEXT = frozenset(
    {"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"}
)

#: The longest name that is also known without its semicolon, as in `&yacute`.
_LONGEST_BARE = max(len(name) for name in html5 if not name.endswith(";"))
#: Real tags have ten; what comes after so many is skipped.
MAX_ATTRIBUTES = 256

_TAG_NAME_END = re.compile(r"[\s/>]")
_ATTRIBUTE_NAME_END = re.compile(r"[\s/>=]")
_UNQUOTED_END = re.compile(r"[\s>]")
_NOT_SPACE = re.compile(r"\S")
_LETTER = re.compile(r"[A-Za-z]")
_COMMENT_END = re.compile(r"--!?>")
_REFERENCE = re.compile(r"&(#[xX]?[0-9A-Za-z]*|[A-Za-z0-9]+)(;?)(=?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag: names in lower case, values with their character references as written."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    closed: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Characters, their references as written; `raw` as a script's."""

    text: str
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Instruction:
    """`<?…>`, which HTML does not have."""

    text: str


@dataclass(frozen=True, slots=True)
class ParseError:
    """A parse error."""

    what: str


Token = Start | End | Text | Instruction | ParseError


def tokens(html: str) -> Iterator[Token]:
    """Yield the tokens of a piece of HTML; after one that never ends comes nothing more."""
    place = 0
    while place < len(html):
        start = html.find("<", place)
        if start != place:
            text = html[place : start if start >= 0 else len(html)]
            yield from _text(text)
            if start < 0:
                return
        reader = _Tag(html, start)
        yield from reader.read()
        place = reader.place
        if reader.raw_text is None:
            continue
        end = re.compile(rf"</{reader.raw_text}(?=[\s/>])", re.IGNORECASE).search(html, place)
        if end is None:
            yield ParseError(f"<{reader.raw_text}> is not closed")
            return
        yield Text(html[place : end.start()], raw=True)
        place = end.start()


def _text(text: str) -> Iterator[Token]:
    yield Text(text)
    if wrong := wrong_reference(text, in_attribute=False):
        yield ParseError(wrong)


class _Tag:
    """Reads what begins with a "<"; `place` is behind it then, at the end where it never ends."""

    def __init__(self, html: str, start: int) -> None:
        self.html = html
        self.place = start + 1
        self.raw_text: str | None = None

    def read(self) -> Iterator[Token]:
        char = self.html[self.place : self.place + 1]
        if char == "!":
            yield from self.markup()
        elif char == "?":
            yield Instruction(self.until(">"))
            yield ParseError("<? begins nothing in HTML")
        elif char == "/":
            self.place += 1
            if _LETTER.match(self.html, self.place):
                yield from self.end_tag()
            else:
                self.until(">")
                yield ParseError("</ without a name")
        elif _LETTER.match(char):
            yield from self.start_tag()
        else:
            yield ParseError("< that begins no tag")

    def markup(self) -> Iterator[Token]:
        if not self.html.startswith("!--", self.place):
            what = self.html[self.place : self.place + 9]
            self.until(">")
            yield ParseError(f"<{what}… in the middle of a text")
            return
        self.place += 3
        for abrupt in (">", "->"):
            if self.html.startswith(abrupt, self.place):
                self.place += len(abrupt)
                yield ParseError("a comment that ends where it begins")
                return
        end = _COMMENT_END.search(self.html, self.place)
        self.place = end.end() if end else len(self.html)
        if end is None:
            yield ParseError("a comment that does not end")
        elif end[0] == "--!>":
            yield ParseError("a comment that ends with --!>")

    def until(self, mark: str) -> str:
        """Go behind the next `mark`; return what stood before it."""
        end = self.html.find(mark, self.place)
        text = self.html[self.place : end if end >= 0 else len(self.html)]
        self.place += len(text) + len(mark)
        return text

    def go_to(self, end: re.Pattern[str]) -> str:
        """Go to the next character that is an end; return what stood before it."""
        found = end.search(self.html, self.place)
        start, self.place = self.place, found.start() if found else len(self.html)
        return self.html[start : self.place]

    def start_tag(self) -> Iterator[Token]:
        name = self.go_to(_TAG_NAME_END).lower()
        attributes, closed, wrong = self.attributes(name)
        yield from (ParseError(what) for what in wrong)
        if self.place > len(self.html):
            return
        yield Start(name, attributes, closed)
        if name in RAW_TEXT:
            self.raw_text = name
        elif name == "plaintext":
            yield Text(self.html[self.place :], raw=True)
            self.place = len(self.html)

    def end_tag(self) -> Iterator[Token]:
        name = self.go_to(_TAG_NAME_END).lower()
        attributes, closed, wrong = self.attributes(name)
        yield from (ParseError(what) for what in wrong)
        if attributes or closed:
            yield ParseError(f"</{name[:40]}> with attributes or a /")
        if self.place <= len(self.html):
            yield End(name)

    def attributes(self, tag: str) -> tuple[dict[str, str], bool, list[str]]:
        """Read to the end of a tag; return its attributes, whether it ends with "/>", and errors.

        `place` is beyond the end of the text where the tag does not end.
        """
        wrong: list[str] = []
        found: dict[str, str] = {}
        closed = False
        while True:
            space = self.go_to(_NOT_SPACE)
            char = self.html[self.place : self.place + 1]
            if char in (">", ""):
                if not char:
                    wrong.append(f"<{tag[:40]} is not ended by a >")
                self.place += 1
                return found, closed, wrong
            if char == "/":
                self.place += 1
                closed = self.html.startswith(">", self.place)
                if not closed:
                    wrong.append(f"a / within <{tag[:40]}>")
                continue
            if not space and self.html[self.place - 1] in "\"'":
                wrong.append(f"no space between the attributes of <{tag[:40]}>")
            if len(found) >= MAX_ATTRIBUTES or len(wrong) >= MAX_ATTRIBUTES:
                wrong.append(f"more than {MAX_ATTRIBUTES} attributes or errors in <{tag[:40]}>")
                self.until(">")
                return found, False, wrong
            self.attribute(tag, found, wrong)

    def attribute(self, tag: str, attributes: dict[str, str], wrong: list[str]) -> None:
        """Read one attribute and its value."""
        first = self.html[self.place]
        self.place += 1
        name = (first + self.go_to(_ATTRIBUTE_NAME_END)).lower()
        if any(char in name for char in "\"'<="):
            wrong.append(f"the attribute {quoted(name)} of <{tag[:40]}>")
        if name in attributes:
            wrong.append(f"{quoted(name)} twice in <{tag[:40]}>")
        behind = self.place
        self.go_to(_NOT_SPACE)
        if self.html.startswith("=", self.place):
            value = self.value(tag, wrong)
        else:
            value, self.place = "", behind
        attributes.setdefault(name, value)
        if what := wrong_reference(value, in_attribute=True):
            wrong.append(what)

    def value(self, tag: str, wrong: list[str]) -> str:
        """Read what comes after a "="."""
        self.place += 1
        self.go_to(_NOT_SPACE)
        if self.html.startswith(('"', "'"), self.place):
            self.place += 1
            return self.until(self.html[self.place - 1])
        value = self.go_to(_UNQUOTED_END)
        if not value or any(char in value for char in "\"'<=`"):
            wrong.append(f"an attribute of <{tag[:40]}> with the value {quoted(value)}")
        return value


def wrong_reference(text: str, *, in_attribute: bool) -> str | None:
    """Return what is wrong with the first character reference that is not as it should be."""
    for found in _REFERENCE.finditer(text):
        name, end, follows = found.groups()
        if name.startswith("#"):
            wrong = not end or not _is_character(name[1:])
        elif end:
            wrong = f"{name};" not in html5
        else:
            wrong = _known_bare(name, in_attribute=in_attribute, assigned=bool(follows))
        if wrong:
            return f"the character reference {quoted(f'&{name}{end}')}"
    return None


def _known_bare(name: str, *, in_attribute: bool, assigned: bool) -> bool:
    """Tell whether a name without a semicolon is taken for a reference all the same.

    In an attribute it is not when more letters or "=" follow: addresses hold `&copy=1`.
    """
    for length in range(min(len(name), _LONGEST_BARE), 1, -1):
        if name[:length] in html5:
            return not (in_attribute and (assigned or length < len(name)))
    return False


def _is_character(number: str) -> bool:
    try:
        code = int(number[1:], 16) if number[:1] in ("x", "X") else int(number[:12])
    except ValueError:
        return False
    if len(number) > 12 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return False
    if 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
        return False
    return code in (0x9, 0xA, 0xC) or code >= 0xA0 or 0x20 <= code < 0x7F
