"""Markup read tag by tag, in time linear in it: for what stands where, not for what is safe.

No parser: markup made to confuse parsers may be read wrong. Nothing that is published may depend
on it; what is published has been through the sanitiser.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKUP = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][^\s/>]{0,40}))")
#: In a start tag: a name, perhaps a value; possessive, so that each character is looked at once.
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s=>/][^\s=>/]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+"""
)
_TAG_END = re.compile(r"[\s/=]*+(>?)")
#: What they hold is no markup (https://html.spec.whatwg.org/#parsing-html-fragments).
RAW_TEXT = frozenset({"script", "style", "textarea", "title", "xmp", "noembed", "noframes"})
#: What a comment is called where tags are read.
COMMENT = "!--"
_ENDLESS = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag from `start` up to `end`; names in lower case, values as written."""

    start: int
    end: int
    name: str
    is_end: bool
    attributes: dict[str, str]


@dataclass(slots=True)
class Element:
    """A start tag and what belongs to it: the text from `tag.end` up to `inner_end`, up to `end`.

    Where no end tag is found, and of void elements, both are where the start tag ends.
    """

    tag: Tag
    inner_end: int
    end: int

    @property
    def name(self) -> str:
        """The element's name in lower case."""
        return self.tag.name

    @property
    def has_end(self) -> bool:
        """Whether its end tag is known."""
        return self.end > self.tag.end

    def value(self, name: str) -> str:
        """Return an attribute's value, its references decoded; "" where there is none."""
        return html.unescape(self.tag.attributes.get(name, ""))

    @property
    def classes(self) -> frozenset[str]:
        """The names in its attribute `class`."""
        return frozenset(self.value("class").split())


def tags(text: str, unread: frozenset[str] = RAW_TEXT) -> Iterator[Tag]:
    """Read the tags and comments of `text` in their order; what `unread` elements hold is skipped.

    A comment is a tag of the name `COMMENT`.
    """
    position = 0
    while match := _MARKUP.search(text, position):
        position = match.end()
        if match[1]:
            end = text.find("-->", position)
            position = len(text) if end < 0 else end + 3
            yield Tag(match.start(), position, COMMENT, is_end=False, attributes={})
            continue
        name = match[3].lower()
        attributes, position = _start_tag(text, position)
        yield Tag(match.start(), position, name, bool(match[2]), attributes)
        if name in unread and not match[2]:
            closing = _end_of(name).search(text, position)
            position = len(text) if closing is None else closing.start()


def first_name(text: str) -> str | None:
    """Return the name of the first of the tags and comments of `text`, `None` where it has none."""
    found = _MARKUP.search(text)
    if found is None:
        return None
    return COMMENT if found[1] else found[3].lower()


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{re.escape(name)}(?![^\s/>])", re.IGNORECASE)


def elements(text: str) -> list[Element]:
    """Return the elements of `text` in the order of their start tags.

    An end tag belongs to the last start tag of its name that has none yet.
    """
    found: list[Element] = []
    is_open: defaultdict[str, list[Element]] = defaultdict(list)
    for tag in tags(text):
        if tag.name == COMMENT:
            continue
        if not tag.is_end:
            element = Element(tag, tag.end, tag.end)
            found.append(element)
            if tag.name not in _ENDLESS:
                is_open[tag.name].append(element)
        elif is_open[tag.name]:
            element = is_open[tag.name].pop()
            element.inner_end, element.end = tag.start, tag.end
    return found


def _start_tag(text: str, position: int) -> tuple[dict[str, str], int]:
    attributes: dict[str, str] = {}
    while True:
        ending = _TAG_END.match(text, position)
        if ending is not None and ending[1]:
            return attributes, ending.end()
        found = _ATTRIBUTE.match(text, ending.end() if ending is not None else position)
        if found is None:
            return attributes, len(text)
        value = found[2] or found[3] or found[4] or ""
        attributes.setdefault(found[1].lower(), value)
        position = found.end()
