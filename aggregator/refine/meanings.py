"""What a page says by style, class or form, said by elements that reach a reader.

Before anything is cleaned: a formula's twins, the boxes of task lists, the alignment of cells,
text that is struck out, drawings that are not shown. Each of it costs nothing where no sign of it
is in the text.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from aggregator.refine.formulas import Change, formulas, has_formulas, without_prefixes
from aggregator.refine.tags import Element, elements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.refine.signs import Signs

#: A style attribute is searched up to here.
_MAX_STYLE_CHARS = 500
#: What a drawing says for itself is a label, no article.
_MAX_LABEL_CHARS = 200

_BOXES = re.compile(
    r"""<input|class=["']?[^"'<>]{0,100}(?:chcklst-box|checkbox-o(?:n|ff)\b)""", re.IGNORECASE
)
_ALIGNED = re.compile(
    r"<(?:t[dhr]|col)\b[^<>]{0,500}(?:text-align|text-(?:right|center|left|end)\b)", re.IGNORECASE
)
_STRUCK = re.compile(r"line-through", re.IGNORECASE)
_DRAWN = re.compile(r"<svg\b", re.IGNORECASE)

#: What stands between the start of a list's item and its box.
_ITEM = re.compile(r"<li\b[^<>]*>(?:\s|<(?:p|label|span|div)\b[^<>]*>)*\Z", re.IGNORECASE)
_ITEM_CHARS = 400
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)

_TEXT_ALIGN = re.compile(
    r"(?:^|;)\s*text-align\s*:\s*(?:-(?:moz|webkit)-)?(left|right|center|justify|end)\b",
    re.IGNORECASE,
)
#: WordPress, Bootstrap, Tailwind: `has-text-align-right`, `text-right`, `text-end`.
_CLASS_ALIGN = re.compile(r"(?:has-text-align-|text-)(left|right|center|end)\Z")
_ALIGNABLE = frozenset({"td", "th", "tr"})

_LINE_THROUGH = re.compile(
    r"(?:^|;)\s*text-decoration(?:-line)?\s*:[^;]*\bline-through\b", re.IGNORECASE
)
#: Struck out already, or holding rows and items, no text.
_NOT_STRUCK = frozenset(
    {
        "s",
        "del",
        "strike",
        "table",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "ul",
        "ol",
        "dl",
        "svg",
        "math",
    }
)


def told(text: str, seen: Signs) -> str:
    """Return markup in which elements tell what style sheets, forms and programs told.

    `seen` are the signs of `text`.
    """
    wanted: list[Callable[[str, list[Element]], Iterator[Change]]] = []
    if seen.formulas and has_formulas(text):
        text = without_prefixes(text)
        wanted.append(formulas)
    offered = (seen.boxes, seen.aligned, seen.struck, seen.drawn)
    wanted += [
        kind
        for is_offered, (sign, kind) in zip(offered, _KINDS, strict=True)
        if is_offered and sign.search(text)
    ]
    if not wanted:
        return text
    found = elements(text)
    changes = [change for kind in wanted for change in kind(text, found)]
    # What is left out comes before what would be changed inside of it.
    changes.sort(key=lambda change: (change[0], -change[1]))
    pieces: list[str] = []
    position = 0
    for start, end, by in changes:
        if start >= position:
            pieces += (text[position:start], by)
            position = end
    return "".join([*pieces, text[position:]])


def _boxes(text: str, found: list[Element]) -> Iterator[Change]:
    """Tell done from to do: by `<input>` (GitHub, Obsidian) or by class (Discourse, Notion)."""
    for element in found:
        is_done = _is_done(element, text)
        if is_done is None:
            continue
        blank = "" if text[element.end : element.end + 1].isspace() else " "
        yield element.tag.start, element.end, ("☑" if is_done else "☐") + blank


def _is_done(element: Element, text: str) -> bool | None:
    """Tell whether a task is done; `None`: the element is no task's box."""
    attributes = element.tag.attributes
    if element.name == "input":
        if element.value("type").strip().lower() != "checkbox" or not _is_shown(element):
            return None
        before = text[max(element.tag.start - _ITEM_CHARS, 0) : element.tag.start]
        is_task = "disabled" in attributes or "task" in element.value("class")
        return "checked" in attributes if is_task or _ITEM.search(before) else None
    if "class" not in attributes:
        return None
    classes = element.classes
    if "chcklst-box" in classes:
        return bool(classes & {"checked", "fa-square-check-o", "fa-check-square-o"})
    if "checkbox" in classes and classes & {"checkbox-on", "checkbox-off"}:
        return "checkbox-on" in classes
    return None


def _is_shown(element: Element) -> bool:
    attributes = element.tag.attributes
    if "hidden" in attributes or element.value("role") == "button":
        return False
    return _HIDDEN_STYLE.search(element.value("style")[:_MAX_STYLE_CHARS]) is None


def _cells(_text: str, found: list[Element]) -> Iterator[Change]:
    """Write a cell's alignment as its attribute `align`; what a style says goes before."""
    for element in found:
        if element.name in _ALIGNABLE and (side := _side(element)):
            place = element.tag.start + 1 + len(element.name)
            yield place, place, f' align="{side}"'


def _side(element: Element) -> str | None:
    style = _TEXT_ALIGN.search(element.value("style")[:_MAX_STYLE_CHARS])
    if style is None and "align" not in element.tag.attributes:
        style = next(filter(None, map(_CLASS_ALIGN.match, element.classes)), None)
    if style is None:
        return None
    side = style[1].lower()
    return "right" if side == "end" else side


def _struck(_text: str, found: list[Element]) -> Iterator[Change]:
    """Strike out by an element what is struck out by a style (CSS Text Decoration 3, 2.1)."""
    for element in found:
        if element.has_end and element.name not in _NOT_STRUCK:
            style = element.value("style")[:_MAX_STYLE_CHARS]
            if style and _LINE_THROUGH.search(style):
                yield element.tag.end, element.tag.end, "<s>"
                yield element.inner_end, element.inner_end, "</s>"


def _drawings(text: str, found: list[Element]) -> Iterator[Change]:
    """Put what a drawing is called in its place: it is not shown (HTML 4.8.4.4)."""
    titles = iter([one for one in found if one.name == "title"])
    title = next(titles, None)
    for element in found:
        if element.name != "svg" or not element.has_end:
            continue
        while title is not None and title.tag.start < element.tag.end:
            title = next(titles, None)
        if element.value("aria-hidden") == "true" or element.value("role") == "presentation":
            continue
        label = element.value("aria-label").strip()
        if not label and title is not None and title.tag.start < element.inner_end:
            label = html.unescape(text[title.tag.end : title.inner_end]).strip()
        if 0 < len(label) <= _MAX_LABEL_CHARS:
            yield element.tag.start, element.end, html.escape(label, quote=False)


_KINDS = ((_BOXES, _boxes), (_ALIGNED, _cells), (_STRUCK, _struck), (_DRAWN, _drawings))
