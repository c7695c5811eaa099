"""CDATA sections (XML 1.0 section 2.7) that publishers' programs got wrong.

Two habits: a text that holds "]]>" is wrapped all the same, so that the section ends in the middle
of it; and a text that is wrapped already is escaped, so that readers see the wrapper.
"""

from __future__ import annotations

import re

_START, _END = "<![CDATA[", "]]>"
_MARK = re.compile(r"<!\[CDATA\[|\]\]>")
_START_TAG = re.compile(r"<([\w:.-]{1,100})(?:\s[^<>]*+)?>\s*+\Z")
_MAX_START_TAG_CHARS = 500
_END_TAG = re.compile(r"\s*+</([\w:.-]{1,100})\s*+>")

#: How often a text is wrapped at most: each program on its way may have done it once.
_MAX_LAYERS = 4
_WHOLE = re.compile(
    r"\s*+(<|&(?:amp;){0,3}lt;)!\[CDATA\[(.*)\]\](?:>|&(?:amp;){0,3}gt;)?+\s*\Z", re.DOTALL
)
#: How escaped wrappers look in a document as it came.
_ESCAPED = ("lt;![CDATA[", "[<![CDATA[", "#60;![CDATA[", "#x3c;![CDATA[", "#x3C;![CDATA[")


def whole(text: str) -> tuple[str, int]:
    """Return an ill-formed document with each "]]>" that ends no element made part of its section.

    A section that begins right after a start tag is meant to go on to the "]]>" before that
    element's end tag, unless another section begins before. Also returned: how many such ends
    there were.
    """
    pieces: list[str] = []
    position = count = 0
    element = ""  # whose text the open section is
    early: list[int] = []  # where that section ends and should not
    for mark in _MARK.finditer(text):
        if mark[0] == _START:
            if not element or early:
                before = text[max(mark.start() - _MAX_START_TAG_CHARS, 0) : mark.start()]
                begun = _START_TAG.search(before)
                element, early = begun[1] if begun else "", []
        elif element and (ended := _END_TAG.match(text, mark.end())) and ended[1] == element:
            for end in early:
                pieces += (text[position:end], "]]", _END, _START, ">")
                position = end + len(_END)
            count += len(early)
            element, early = "", []
        elif element:
            early.append(mark.start())
    return ("".join([*pieces, text[position:]]), count) if count else (text, 0)


def has_escaped(document: str) -> bool:
    """Tell whether a document may hold escaped wrappers: one without needs no `unwrapped`."""
    return any(spelling in document for spelling in _ESCAPED)


def unwrapped(value: str, escapes: int = 0) -> str:
    """Return a field's value without the CDATA wrappers around all of it.

    A wrapper that was escaped `escapes` times stands as its publisher's program wrote it; for each
    escape more than that, what is inside is unescaped once. Text that mentions CDATA, before,
    between or after its own words, stays as it is.
    """
    for _ in range(_MAX_LAYERS):
        found = _WHOLE.match(value)
        if found is None or not _is_one(found[2]):
            break
        value = found[2]
        layers = found[1].count("amp;") + 1 if found[1] != "<" else 0
        for _ in range(layers - escapes):
            if "<" in value:
                break
            value = _unescaped(value)
    return value


def _is_one(inside: str) -> bool:
    """Tell whether what is between the first start and the last end is one text."""
    depth = 0
    for mark in re.finditer(r"(!\[CDATA\[)|\]\](?:>|&(?:amp;){0,3}gt;)", inside):
        depth += 1 if mark[1] else -1
        if depth < 0 and "[CDATA[" in inside[mark.end() :]:
            return False
    return True


def _unescaped(text: str) -> str:
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&#39;", "'").replace("&apos;", "'").replace("&amp;", "&")
