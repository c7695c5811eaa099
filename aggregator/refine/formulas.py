"""Formulas: written two or three times for style sheets and programs to choose from, shown once.

What pages hold of one formula: KaTeX writes MathML and a twin of spans (`katex-html`); MathJax 2 a
preview, a twin that may hold MathML for screen readers, and the TeX in a script (`math/tex`);
MathJax 3 a drawing and MathML; MediaWiki MathML, hidden, and a picture of it. MathML is kept where
there is any, else the TeX, else what there is.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.refine.tags import Element

#: A replacement in a text: from, up to, by what.
Change = tuple[int, int, str]

#: The forms of a formula; of several the first is kept.
_MATHML, _TEX, _TWIN, _PICTURE, _PREVIEW = range(5)
_TWINS = frozenset(
    {
        "katex-html", "MathJax", "MathJax_Display", "MathJax_SVG", "MathJax_SVG_Display",
        "MathJax_CHTML", "MathJax_PHTML", "MathJax_PHTML_Display", "mjx-chtml", "MJXc-display",
    }
)  # fmt: skip
_PICTURES = re.compile(r"mwe-math-fallback-(?:image|png|mathml|source)")
_TEX_SCRIPT = re.compile(r"math/(?:tex|asciimath)\s*(?:;|\Z)")
_MATHML_SCRIPT = re.compile(r"math/mml\s*(?:;|\Z)")
#: The namespace's prefix, as XML allows it; HTML's parser knows the plain names only.
_PREFIX = re.compile(r"(</?)(?:m|mml|mathml|math):(?=m|semantics|annotation|none)")
_SIGN = re.compile(r"<(?:\w{1,6}:)?math\b|math/(?:tex|asciimath|mml)|MathJax|mjx-", re.IGNORECASE)
#: What may stand between two forms of one formula: markup that shows nothing.
_FRAME = re.compile(r"(?:\s|&nbsp;|</?(?!img\b|br\b|hr\b|li\b|td\b|p\b)[a-zA-Z][^<>]*+>)*+")
_CDATA = re.compile(r"\A\s*(?:%\s*)?<!\[CDATA\[(.*?)(?:%\s*)?\]\]>\s*\Z", re.DOTALL)


def has_formulas(text: str) -> bool:
    """Tell whether there may be a formula in a text."""
    return _SIGN.search(text) is not None


def without_prefixes(text: str) -> str:
    """Return a text whose MathML elements have no prefix (`<mml:math>`, of scientific journals)."""
    return _PREFIX.sub(r"\1", text) if ":math" in text else text


def formulas(text: str, found: list[Element]) -> Iterator[Change]:
    """Say what to change in `text` so that each formula is there once; `found` are its elements."""
    group: list[tuple[int, Element]] = []
    inner = _Inner(text, found)
    end = 0
    for element in found:
        form = _form(element)
        if form is None or element.tag.start < end:
            continue
        is_other = bool(group) and (
            form == _PREVIEW
            or form in {one for one, _ in group}
            or not _FRAME.fullmatch(text, end, element.tag.start)
        )
        if is_other:
            yield from _once(text, group, inner)
            group = []
        group.append((form, element))
        end = element.end
    yield from _once(text, group, inner)


def _form(element: Element) -> int | None:
    """Return which form of a formula an element is, `None`: of none."""
    if element.name == "math" and element.has_end:
        return _MATHML
    if element.name == "script":
        kind = element.value("type").strip().lower()
        is_mathml = _MATHML_SCRIPT.match(kind)
        return _MATHML if is_mathml else _TEX if _TEX_SCRIPT.match(kind) else None
    if element.name == "mjx-math":
        return _TWIN
    if "class" not in element.tag.attributes:
        return None
    classes = element.classes
    if element.name in {"img", "noscript"}:
        return _PICTURE if any(map(_PICTURES.match, classes)) else None
    if not element.has_end or element.name == "mjx-container":
        return None
    if "MathJax_Preview" in classes:
        return _PREVIEW
    return _TWIN if classes & _TWINS else None


def _once(text: str, group: list[tuple[int, Element]], inner: _Inner) -> Iterator[Change]:
    """Say what to change so that of a formula's forms one is left."""
    kept = [_kept(text, form, element, inner) for form, element in group]
    ranks = [
        _MATHML if shown and shown.startswith("<math") else form
        for (form, _), shown in zip(group, kept, strict=True)
    ]
    for (_, element), rank, shown in zip(group, ranks, kept, strict=True):
        if rank != min(ranks):
            yield element.tag.start, element.end, ""
        elif shown is not None:
            yield element.tag.start, element.end, shown


def _kept(text: str, form: int, element: Element, inner: _Inner) -> str | None:
    """Return what stands for a form that is kept, `None`: itself."""
    if element.name == "script":
        inside = text[element.tag.end : element.inner_end]
        if form == _MATHML:
            return _PREFIX.sub(r"\1", inside)
        wrapped = _CDATA.match(inside)
        tex = (wrapped[1] if wrapped else inside).strip()
        return f"<code>{html.escape(tex, quote=False)}</code>" if tex else ""
    return inner.within(element) if form == _TWIN else None


class _Inner:
    """The MathML of a text, found by where it stands."""

    def __init__(self, text: str, found: list[Element]) -> None:
        self._text = text
        self._maths = [one for one in found if one.name == "math" and one.has_end]
        self._starts = [one.tag.start for one in self._maths]

    def within(self, element: Element) -> str | None:
        """Return the first MathML inside of an element."""
        place = bisect_left(self._starts, element.tag.end)
        if place == len(self._starts) or self._starts[place] >= element.inner_end:
            return None
        one = self._maths[place]
        return self._text[one.tag.start : one.end]
