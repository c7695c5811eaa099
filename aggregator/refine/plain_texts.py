"""Fields that are one line, and texts without markup: what in them is markup, and what is text.

Formats differ in what they say of a title (Atom: text or HTML; RSS: nothing; JSON Feed: text), and
programs write the same things into all of them. So the same is markup everywhere: elements that
HTML knows and that hold something, and what has attributes. `Using <T> in C++`, `a < b` and
`the <br> tag` are text.
"""

from __future__ import annotations

import html
import re
from html.entities import html5
from typing import TYPE_CHECKING

from aggregator.refine.html_limits import cut
from aggregator.refine.known_elements import INLINE, OF_PAGES, RARE
from aggregator.refine.mathml import MATHML
from aggregator.refine.pointed_brackets import with_brackets
from aggregator.refine.tags import COMMENT, Element, elements, first_name, tags
from aggregator.web.text import paragraphs
from aggregator.web.visible_text import BLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A name that only a custom element can have, or one of another namespace, as Office writes
#: (https://html.spec.whatwg.org/#valid-custom-element-name): an element where it has an end.
_FOREIGN = re.compile(r"[a-z][\w.]*[-:][\w.-]+")
_CODE = frozenset({"script", "style", "template"})
_VOID = frozenset({"br", "hr", "img", "wbr"})
#: `<T>`, `<string>`, `</T>`: not HTML's, and nothing in it that text would not have.
_WORD = re.compile(r"</?[A-Za-z]\w{0,40}>")

_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
#: References that a text about markup holds; where no other stands beside them, they are its text.
_BASIC = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&nbsp;"})
_UNESCAPED = re.compile(r"<|&(?!#?\w{1,31};)")
_SECTION_START = "<![CDATA["
_SECTION = re.compile(r"(?:<|&lt;)!\[CDATA\[")
_BLOCK_ENDS = re.compile(rf"</(?:{'|'.join(sorted(BLOCKS))})\s*>\Z", re.IGNORECASE)


def plain_line(text: str, *, is_html: bool | None) -> str:
    """Return a field's text, references decoded once, pictures as their alt text, breaks as blanks.

    `is_html` is what the format says: HTML, text, or (`None`) nothing that programs keep to. In
    HTML the elements that HTML knows are markup in any case. In text a reference as `&amp;` stays,
    unless there are others that nobody writes to be read (`&#8217;`).
    """
    text = with_brackets(cut(text)) if is_html else cut(text)
    if is_html is None and "<!--" in text:
        text = _without_comments_beside(text) or text
    found = sorted(_markup(text, is_html=is_html is True)) if "<" in text else []
    said = is_html
    if found and is_html is False:
        said = None  # where there is markup, references are markup, too
    elif not found and is_html is None and _UNESCAPED.search(text):
        said = False  # where "<" and "&" are written plainly, "&amp;" means what it says
    pieces: list[str] = []
    position = 0
    for start, end, by in found:
        if start >= position:
            pieces += (_decoded(text[position:start], is_html=said), by)
            position = end
    return "".join([*pieces, _decoded(text[position:], is_html=said)])


def _without_comments_beside(text: str) -> str:
    """Return a line without a program's note before or after it; one among words is of them."""
    line = text.strip()
    if line.startswith("<!--") and (end := line.find("-->", 4)) >= 0:
        line = line[end + 3 :].lstrip()
    if line.endswith("-->") and (start := line.rfind("<!--")) >= 0:
        is_one = line.find("-->", start + 4) == len(line) - 3
        line = line[:start].rstrip() if is_one else line
    return line


def as_html(text: str | None, *, is_html: bool) -> str:
    """Return a text as HTML; one without any element keeps its lines, its addresses are links."""
    if not text:
        return ""
    if not is_html:
        return paragraphs(text, with_links=True)
    if _has_tags(text):
        return _without_sections(text) if "![CDATA[" in text else text
    stripped = text.strip()
    if "\n" not in stripped and "\r" not in stripped and "://" not in stripped and "<" not in text:
        return text
    return paragraphs(html.unescape(text), with_links=True)


def summary_as_html(text: str | None, *, is_html: bool) -> str:
    """Return a summary as HTML: what programs write into plain ones is read as in titles."""
    if not text or is_html:
        return as_html(text, is_html=is_html)
    if "<" in text and any(_markup(cut(text), is_html=False)):
        return text
    return paragraphs(_decoded(text, is_html=False), with_links=True)


def _has_tags(text: str) -> bool:
    """Tell whether any tag in a text is HTML's, MathML's or a custom element's, or a comment.

    What is between `<` and `>` elsewhere is its writer's text: `<jo@example.org>`, `Map<K, V>`.
    """
    first = first_name(text)
    if first is None or first == COMMENT or _is_known(first):
        return first is not None
    foreign: set[str] = set()
    for tag in tags(text):
        name = tag.name
        if name == COMMENT or _is_known(name):
            return True
        if (name in RARE or name in MATHML) and not _WORD.fullmatch(text, tag.start, tag.end):
            return True
        if _FOREIGN.fullmatch(name):
            if tag.is_end and name in foreign:
                return True
            foreign.add(name)
    return False


def _is_known(name: str) -> bool:
    return name in BLOCKS or name in INLINE or name in OF_PAGES


def _markup(text: str, *, is_html: bool) -> Iterator[tuple[int, int, str]]:
    """Find the markup in a line: from, up to, what stands for it."""
    for element in elements(text):
        name, tag = element.name, element.tag
        if is_html and name in _CODE:
            yield tag.start, max(element.end, tag.end), ""
        elif not (_is_known(name) and (is_html or _is_meant(text, element))):
            if is_html and not _WORD.fullmatch(text, tag.start, tag.end) and name != "title":
                yield tag.start, tag.end, ""
                if element.has_end:
                    yield element.inner_end, element.end, ""
        else:
            blank = " " if name in BLOCKS else ""
            yield tag.start, tag.end, element.value("alt") if name == "img" else blank
            if element.has_end:
                yield element.inner_end, element.end, blank
    if is_html:
        for tag in tags(text):
            if tag.name == COMMENT or (tag.is_end and _is_known(tag.name)):
                yield tag.start, tag.end, " " if tag.name in BLOCKS else ""


def _is_meant(text: str, element: Element) -> bool:
    """Tell whether an element that HTML knows is one here, where nothing says so."""
    tag = element.tag
    if element.name in _CODE or element.name in OF_PAGES:
        return False
    if element.name == "br":
        before, after = text[max(tag.start - 1, 0) : tag.start], text[tag.end : tag.end + 1]
        return text[tag.start : tag.end].endswith("/>") or not (
            (not before or before.isspace()) and (not after or after.isspace())
        )
    if element.name in _VOID:
        return bool(tag.attributes)
    if element.has_end:
        return bool(text[tag.end : element.inner_end].strip())
    return any(value for value in tag.attributes.values())


def _decoded(text: str, *, is_html: bool | None) -> str:
    if "&" not in text:
        return text
    if is_html is False:
        found = {reference.lower() for reference in _REFERENCE.findall(text)}
        if found <= _BASIC:
            return text
    return html.unescape(text) if is_html else _REFERENCE.sub(_character, text)


def _character(reference: re.Match[str]) -> str:
    is_known = reference[0][1] == "#" or reference[0][1:] in html5
    return html.unescape(reference[0]) if is_known else reference[0]


def _without_sections(text: str) -> str:
    """Return markup in which CDATA sections are what they hold: to HTML they are comments.

    One in the middle of words is mentioned there, and stays to be read. So is one that was escaped,
    unless it stands between blocks: beside elements that a document has as such, a wrapper is
    escaped by its reader.
    """
    pieces: list[str] = []
    position = 0
    while found := _SECTION.search(text, position):
        start, is_escaped = found.start(), found[0] != _SECTION_START
        mark = "]]&gt;" if is_escaped else "]]>"
        end = text.find(mark, start)
        if end < 0:
            break
        beyond = end + len(mark)
        before = text[max(start - 200, 0) : start].rstrip()
        after = text[beyond : beyond + 200].lstrip()
        is_wrapper = not after or after.startswith("<")
        inside, section = text[found.end() : end], text[start:beyond]
        if is_escaped:
            is_wrapper &= not before or _BLOCK_ENDS.search(before) is not None
            is_wrapper &= not after.startswith("</")
            inside = inside if "<" in inside else html.unescape(inside)
        else:
            is_wrapper &= not before or before.endswith(">")
            section = html.escape(section)
        pieces += (text[position:start], inside if is_wrapper else section)
        position = beyond
    return "".join([*pieces, text[position:]])
