"""Whether cleaned HTML is sure to come out of another cleaning as it is, told without parsing it.

Of markup nested as a browser's parser nests it in any case, from the parser's own words
(https://html.spec.whatwg.org/#parsing-main-inbody): blocks in blocks, words in both, items in
lists, cells in rows. Whatever is not of that kind may be as stable, and is left to the parser.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from aggregator.refine.allowed import ATTRIBUTES, CHECKED
from aggregator.refine.shown_media import LINK_REL
from aggregator.web.visible_text import clean_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Elements within words that the parser neither moves nor ends by itself, if each is ended.
_WORDS = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "cite", "code", "data", "del", "dfn", "em", "i", "ins",
        "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
        "tt", "u", "var",
    }
)  # fmt: skip
_WORDLIKE = _WORDS | {"br", "img", "wbr"}
_ENDLESS = frozenset({"br", "hr", "img", "wbr"})
#: Blocks that hold words, and blocks that hold blocks.
_OF_WORDS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre"})
_OF_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "center", "details", "div", "dl", "figcaption",
        "figure", "footer", "header", "main", "nav", "ol", "section", "summary", "ul",
    }
)  # fmt: skip
_FLOW = _WORDLIKE | _OF_WORDS | _OF_BLOCKS | {"hr", "table"}
_GROUPS = frozenset({"tbody", "thead", "tfoot"})
_ROWS, _CELLS = frozenset({"tr"}), frozenset({"td", "th"})
#: What may stand in an element, "" for the text itself, without moving or ending anything.
_MAY_HOLD: Mapping[str, frozenset[str]] = {
    "": _FLOW,
    **dict.fromkeys(_WORDS | _OF_WORDS, _WORDLIKE),
    **dict.fromkeys((*_OF_BLOCKS, "li", "dd", "dt", *_CELLS), _FLOW),
    "ul": _FLOW | {"li"},
    "ol": _FLOW | {"li"},
    "dl": _FLOW | {"dd", "dt"},
    "table": _GROUPS,
    **dict.fromkeys(_GROUPS, _ROWS),
    "tr": _CELLS,
}
#: What holds nothing but elements: other text would be moved before the table.
_BARE = frozenset({"table", *_GROUPS, *_ROWS})

_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_ATTRIBUTES = re.compile(rf"(?:{_ATTRIBUTE.pattern})*")
_OF_ALL = frozenset(ATTRIBUTES["*"])
_ALLOWED = {name: _OF_ALL | own for name, own in ATTRIBUTES.items()}
#: Elements that cleaning gives attributes, or that are nothing without.
_ADDRESSED = frozenset({"a", "img"})
#: As `ShownMedia` writes a picture.
_PICTURE = re.compile(
    r' src="([^"]+)" alt="([^"]*)"(?: title="([^"]+)")?'
    r'(?: width="([1-9]\d*)")?(?: height="([1-9]\d*)")?'
    r' loading="lazy" referrerpolicy="no-referrer"',
    re.ASCII,
)
#: An address that every parser of addresses reads, whatever follows its host.
_READABLE = re.compile(
    r"https?://(?:(?!xn--)[a-z0-9-]+\.)+[a-z]{2,}(?:[/?#].*)?|data:image/.*|magnet:\?.*"
    r"|mailto:[^/].*",
    re.DOTALL,
)
#: All that is written as a reference; in a text a quotation mark is not.
_OTHER_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|nbsp|quot);)")
_LINK_END = f' rel="{LINK_REL}"'


def is_settled(clean_html: str, attribute: Callable[[str, str, str], str | None]) -> bool:
    """Tell whether cleaning changes nothing more in `clean_html`, which a pass of it has made.

    `attribute` is what cleaning makes of an attribute of that text (element, name, value), where
    it is an address. `False` says nothing.
    """
    parts = clean_parts(clean_html)
    return (
        _is_written_as_is(clean_html, parts)
        and _is_nested_as_is(parts)
        and all(
            not slash and _are_fit(name, rest, attribute)
            for slash, name, rest in zip(parts[1::4], parts[2::4], parts[3::4], strict=True)
            if rest or (name in _ADDRESSED and not slash)
        )
    )


def _is_written_as_is(clean_html: str, parts: tuple[str, ...]) -> bool:
    """Tell whether every character is read and written as the same."""
    tags = len(parts) // 4
    if clean_html.count("<") != tags or clean_html.count(">") != tags:
        return False
    if "\r" in clean_html or "\u00a0" in clean_html or _OTHER_REFERENCE.search(clean_html):
        return False
    return "&quot;" not in clean_html or not any("&quot;" in text for text in parts[::4])


def _is_nested_as_is(parts: tuple[str, ...]) -> bool:
    """Tell whether every element begins and ends where its tags are, and every text stays."""
    open_elements = [around := ""]
    for slash, name, text in zip(parts[1::4], parts[2::4], parts[4::4], strict=True):
        if slash:
            if name != around:
                return False
            open_elements.pop()
            around = open_elements[-1]
        elif name not in _MAY_HOLD[around] or (name == "a" and "a" in open_elements):
            return False
        elif name not in _ENDLESS:
            open_elements.append(around := name)
        if text and (
            (around in _BARE and not text.isspace())
            # The parser leaves out a line's end at the beginning of such a text.
            or (name == "pre" and not slash and text.startswith("\n"))
        ):
            return False
    return not around


def _are_fit(name: str, rest: str, attribute: Callable[[str, str, str], str | None]) -> bool:
    """Tell whether the attributes of an element stay, in their order and letter by letter."""
    if "&lt;" in rest:
        return False
    if name == "img":
        found = _PICTURE.fullmatch(rest)
        if found is None or "1" in found.groups()[3:]:
            return False
        return _is_fit_address("img", "src", found[1], attribute)
    if name == "a":
        if not rest.endswith(_LINK_END):
            return False
        rest = rest[: -len(_LINK_END)]
    if not _ATTRIBUTES.fullmatch(rest):
        return False
    pairs = _ATTRIBUTE.findall(rest)
    allowed = _ALLOWED.get(name, _OF_ALL)
    return (
        len(dict(pairs)) == len(pairs)
        and all(key in allowed for key, _ in pairs)
        and all(
            _is_fit_address(name, key, value, attribute)
            for key, value in pairs
            if key in CHECKED or key == "align"
        )
    )


def _is_fit_address(
    name: str, key: str, value: str, attribute: Callable[[str, str, str], str | None]
) -> bool:
    if key == "align":
        return attribute(name, key, value) == value
    address = html.unescape(value)
    return _READABLE.fullmatch(address) is not None and attribute(name, key, address) == address
