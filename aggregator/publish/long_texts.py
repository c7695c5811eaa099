"""Texts that are too long for a feed: their beginning, well-formed, and where to read on."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Of sanitised HTML, where every value is quoted and holds no "<" or ">".
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^<>]*>")

#: Elements without an end tag (https://html.spec.whatwg.org/#void-elements).
VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr",
    }
)  # fmt: skip

_READ_ON = "Read on at the source · 在来源网站继续阅读"


def within(content_html: str, most_bytes: int, link: str | None) -> str:
    """Return sanitised HTML of at most so many bytes; a longer one ends with the way to the rest.

    It is cut after a tag, and what is open there is closed; end tags and the line that leads on
    come on top. `link` is the entry's own.
    """
    if len(content_html) * 4 <= most_bytes:  # no character has more bytes in UTF-8
        return content_html
    whole = content_html.encode()
    if len(whole) <= most_bytes:
        return content_html
    beginning = _whole_tags(whole[:most_bytes].decode(errors="ignore"))
    closing = "".join(f"</{name}>" for name in reversed(_open_elements(beginning)))
    way = _READ_ON if link is None else f'<a href="{escape(link)}">{_READ_ON}</a>'
    return f"{beginning}{closing}<p>{way}</p>"


def even_share(sizes: Iterable[int], most_bytes: int) -> int:
    """Return the size to cut texts to so that all together have at most so many bytes.

    The longest give; what is shorter than the share stays whole. The largest size where all fit.
    """
    left, ordered = most_bytes, sorted(sizes)
    for place, size in enumerate(ordered):
        share = left // (len(ordered) - place)
        if size > share:
            return share
        left -= size
    return ordered[-1] if ordered else most_bytes


def _whole_tags(cut: str) -> str:
    """Return a cut text up to its last tag; where half of it has none, up to a word."""
    end = cut.rfind(">") + 1
    begun = cut.find("<", end)
    if begun != -1:
        cut = cut[:begun]  # that tag is not whole
    if end * 2 >= len(cut):
        return cut[:end]
    if cut.rfind("&") > cut.rfind(";"):
        cut = cut[: cut.rfind("&")]
    word = cut.rfind(" ")
    return cut if word * 2 < len(cut) else cut[:word]  # Chinese has no blanks


def _open_elements(beginning: str) -> list[str]:
    """Return the names of the elements that a text leaves open, the outermost first."""
    names: list[str] = []
    for match in _TAG.finditer(beginning):
        if match[2] in VOID:
            continue
        if not match[1]:
            names.append(match[2])
        elif names and names[-1] == match[2]:
            names.pop()
    return names
