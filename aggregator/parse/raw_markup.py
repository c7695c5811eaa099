"""Markup that stands unescaped in a text: the text's own, whatever its elements are called.

feedparser looks at the names alone: a `<summary>` of HTML's inside of a description ends that
description, a `<body>` begins another text, and a `<width>` is a number that it cannot read. Here
what stands between the start and the end of a text is written down again, and only what is outside
comes before feedparser's handlers; where one of these fails all the same, its element is lost, not
the document.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from aggregator.web.urls import resolved

#: Attributes of XHTML that hold one address.
_REFERRING = frozenset({"href", "src", "cite", "poster", "data"})
#: In XML a line break has an end tag; in HTML "</br>" is one of its own (13.2.6.4.7), while the end
#: tags of the other void elements are nothing.
_BREAK = "br"
#: Vocabularies that HTML's parser knows without a prefix.
_OF_HTML = frozenset(
    {
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/2000/svg",
    }
)
#: In these an element of the name "title" is not read.
_HIDING = ("head", "svg", "xhtml:head", "svg:svg")
_XHTML = "application/xhtml+xml"
#: What a handler of feedparser's raises for a value or a place that it does not expect.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
#: In tag soup the end of one of these ends a text that nobody ended.
_AROUND_TEXTS = frozenset({"item", "entry", "channel", "feed", "rss", "rdf:rdf"})
_ESCAPED_TAG = re.compile(r"(?:<|&lt;)/?[a-zA-Z][^\s<>&]{0,30}(?:\s|/|>|&gt;)")
_MAX_LOOKED_AT = 2000


class RawMarkup:
    """feedparser's mixin, told apart from the texts that it reads; to stand before it."""

    #: Whether each element's end tag is there, as XML demands.
    is_well_formed: bool

    # feedparser's own.
    incontent: int
    contentparams: Any
    elementstack: list[Any]
    basestack: list[str]
    langstack: list[Any]
    namespacemap: dict[str | None, str]
    namespaces_in_use: dict[str, str]
    baseuri: str
    depth: int

    def prepare_markup(self) -> None:
        """Begin outside of all texts."""
        self.failed = 0
        self._text = ""  # the element that the open text is in, as it is written
        self._text_depth = 0
        #: Of the elements that are open inside of it: the name, the base, what ends it.
        self._inside: list[tuple[str, str, str]] = []
        self._open: Counter[str] = Counter()  # how many of each name these are

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """Begin an element: feedparser's name for a start tag of any kind."""
        if self._text and not self.is_well_formed and tag in {"item", "entry"}:
            self._end_text()
        if self._text:
            self._begin_inside(tag, attrs)
            return
        depth, bases = self.depth, len(self.basestack)
        was_outside = not self.incontent
        try:
            super().unknown_starttag(tag, attrs)  # type: ignore[misc] # the mixin's
        except _FAULTS:
            self._level(depth + 1, bases + 1)
        if was_outside and self.incontent:
            self._text, self._text_depth = tag, self.depth
            self._inside, self._open = [], Counter()

    def unknown_endtag(self, tag: str) -> None:
        """End an element."""
        if not self._text:
            self._end_outside(tag)
        elif self.is_well_formed:
            if self._inside:
                self._end_inside()
            else:
                self._end_text()
        elif tag in _AROUND_TEXTS:
            self._end_text()
            self._end_outside(tag)
        elif self._open[tag]:
            while self._inside[-1][0] != tag:
                self._open[self._inside.pop()[0]] -= 1
            self._end_inside()
        elif tag == self._text:
            self._end_text()
        elif tag == _BREAK and not self._is_after_break():
            self._write("<br/>")  # as in HTML: an end tag alone is one, too

    def _end_outside(self, tag: str) -> None:
        depth, bases = self.depth, len(self.basestack)
        open_elements = len(self.elementstack)
        try:
            super().unknown_endtag(tag)  # type: ignore[misc] # the mixin's
        except _FAULTS:
            self.incontent = 0
            self.contentparams.clear()
            # Its text is taken off before a handler looks at it; whoever does not, leaves it.
            if len(self.elementstack) == open_elements and self.elementstack:
                self.elementstack.pop()
            self._level(depth - 1, bases - 1)

    def _level(self, depth: int, bases: int) -> None:
        """Put feedparser's account of depth, base and language right after a failure."""
        self.failed += 1
        self.depth = depth
        self.basestack += [self.baseuri] * (bases - len(self.basestack))
        self.langstack += self.langstack[-1:] * (bases - len(self.langstack))
        del self.basestack[max(bases, 0) :], self.langstack[max(bases, 0) :]
        if self.basestack:
            self.baseuri = self.basestack[-1]

    def _end_text(self) -> None:
        self.depth = self._text_depth
        tag, self._text = self._text, ""
        self._end_outside(tag)

    def _is_after_break(self) -> bool:
        pieces = self.elementstack[-1][2]
        return bool(pieces) and isinstance(pieces[-1], str) and pieces[-1].startswith("<br")

    # --- inside of a text -----------------------------------------------------------------------

    def _begin_inside(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        attrs = [self._normalize_attributes(one) for one in attrs]  # type: ignore[attr-defined]
        text_base = str(self.contentparams.get("base") or self.baseuri)
        base = self._inside[-1][1] if self._inside else text_base
        if reference := dict(attrs).get("xml:base"):
            base = resolved(base, reference.strip())
        name = self._html_name(tag)
        is_shown = not self._is_heading(name) and self._decide_type(name)
        if is_shown:
            if base != text_base:
                attrs = [
                    (key, resolved(base, value.strip()) if key in _REFERRING else value)
                    for key, value in attrs
                ]
            close = "/>" if name == _BREAK else ">"
            self._write(f"<{name}{self.strattrs(attrs)}{close}")  # type: ignore[attr-defined]
        if self.is_well_formed or name != _BREAK:
            self.depth += 1
            self._open[tag] += 1
            self._inside.append((tag, base, f"</{name}>" if is_shown and name != _BREAK else ""))

    def _is_heading(self, name: str) -> bool:
        """Tell whether an element only looks like the title of a page, which browsers hide.

        Where neither a page's head nor a drawing is around it, somebody wrote it to be read.
        """
        return name == "title" and not any(self._open[around] for around in _HIDING)

    def _end_inside(self) -> None:
        self.depth -= 1
        tag, _, ending = self._inside.pop()
        self._open[tag] -= 1
        if ending:
            self._write(ending)

    def _decide_type(self, name: str) -> bool:
        """Tell whether an element that begins in the text is written down; it may show what it is.

        Text that is called escaped or plain and holds elements is XHTML from the first of them on:
        what came before is escaped as what follows will be. But where escaped markup came before,
        the text is what it is called, and the element has got there by mistake.
        """
        kind = str(self.contentparams.get("type", ""))
        if kind.endswith("xml"):
            return kind == _XHTML
        pieces = self.elementstack[-1][2] if self.elementstack else []
        if name == "div" and not any(piece.strip() for piece in pieces):
            return False  # the frame of escaped text; TypePad wrote it so in 2007
        before = "".join(piece for piece in pieces if isinstance(piece, str))[:_MAX_LOOKED_AT]
        if kind == "text/html" and _ESCAPED_TAG.search(before):
            return True
        if kind == "text/plain" and self.is_well_formed:
            pieces[:] = [_escaped(piece) for piece in pieces]
        self.contentparams["type"] = _XHTML
        return True

    def _html_name(self, tag: str) -> str:
        """Return an element's name without a prefix, unless HTML's parser does not know what it is.

        Media RSS inside of a text stays known as such: it tells pictures.
        """
        prefix, _, name = tag.rpartition(":")
        if not prefix:
            return tag
        known = self.namespacemap.get(prefix, prefix)
        if known == "xhtml" or self.namespaces_in_use.get(prefix, "") in _OF_HTML:
            return name
        return f"{known}:{name}"

    def _write(self, markup: str) -> None:
        self.handle_data(markup, escape=0)  # type: ignore[attr-defined] # the mixin's


def _escaped(piece: object) -> object:
    if not isinstance(piece, str):
        return piece
    return piece.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
