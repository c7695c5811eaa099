"""What is done to hostile HTML before a parser sees it: cut, and flattened where it is too deep."""

from __future__ import annotations

import re
from collections import Counter

#: More than the longest article seen (0.6 million characters, a bundle of a year's notes).
MAX_HTML_CHARS = 1024 * 1024
#: Deeper markup is an attack or a bug: real articles stay under 60.
MAX_NESTING = 256
#: nh3 is quadratic in the "&" of one text: a million of them are 8 seconds.
MAX_REFERENCES = 50_000
_RAW_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)[^>]*>?")

#: Elements without an end tag, and those whose end tag HTML supplies, do not nest by being open.
SHALLOW = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr", "p", "li", "dt", "dd", "option", "tr", "td", "th", "tbody",
        "thead", "tfoot",
    }
)  # fmt: skip
#: Of those, nh3 writes these with their end tags.
CLOSED = frozenset({"p", "li", "dt", "dd", "option", "tr", "td", "th", "tbody", "thead", "tfoot"})
#: An end tag does not reach past these (https://html.spec.whatwg.org/#has-an-element-in-scope).
_BARRIERS = frozenset(
    {
        "applet", "caption", "html", "table", "td", "th", "marquee", "object", "template",
        "button", "select", "svg", "math", "foreignobject", "desc", "mi", "mo", "mn", "ms",
        "mtext", "annotation-xml",
    }
)  # fmt: skip


def guarded(raw_html: str) -> str:
    """Return `raw_html` as far as it can be parsed in time: its beginning, or its mere text."""
    text = cut(raw_html)
    return _flattened(text) if nesting(text) > MAX_NESTING else text


def nesting(raw_html: str) -> int:
    """Return an upper bound of the depth that a parser builds for `raw_html`, in linear time.

    An end tag counts only for an open element of its own name, and never past a table cell or an
    object, so that no trick of misnesting hides depth; sloppy markup is over-counted instead.
    """
    if raw_html.count("<") <= MAX_NESTING:
        return 0
    scopes: list[tuple[str, Counter[str]]] = [("", Counter())]
    depth = deepest = 0
    for match in _RAW_TAG.finditer(raw_html):
        name = match[2].lower()
        if name in _BARRIERS:
            if not match[1]:
                scopes.append((name, Counter()))
                depth += 1
            elif scopes[-1][0] == name:
                # What stays open inside may be re-opened by the parser outside: keep counting it.
                _, left = scopes.pop()
                scopes[-1][1].update(left)
                depth -= 1
        elif name not in SHALLOW:
            is_open = scopes[-1][1]
            if not match[1]:
                is_open[name] += 1
                depth += 1
            elif is_open[name]:
                is_open[name] -= 1
                depth -= 1
        deepest = max(deepest, depth)
    return deepest


def cut(text: str) -> str:
    """Return the beginning of `text` that is sure to be parsed in time."""
    if text.count("&") > MAX_REFERENCES:
        text = "&".join(text.split("&", MAX_REFERENCES)[:-1])
    if len(text) > MAX_HTML_CHARS:
        text = text[: max(text.rfind("<", 0, MAX_HTML_CHARS), MAX_HTML_CHARS // 2)]
    return text


def _flattened(raw_html: str) -> str:
    """Return only the paragraphs and line breaks of markup that is too deep to parse."""
    return _RAW_TAG.sub(_flat, raw_html)


def _flat(match: re.Match[str]) -> str:
    return f"<{match[1]}{match[2]}>" if match[2].lower() in {"p", "br"} else " "
