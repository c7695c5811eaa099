"""Whether the elements of a piece of HTML nest as the standard wants.

Follows https://html.spec.whatwg.org/#parsing-main-inbody until the first parse error; what a reader
makes of the rest is its own affair. Methods that close or open return what is wrong, or `None`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from aggregator.lint.html_tokens import End, Instruction, ParseError, Start, Text
from aggregator.lint.registries import HTML_ELEMENTS, MATHML_ELEMENTS, words

if TYPE_CHECKING:
    from collections.abc import Container

    from aggregator.lint.html_tokens import Token

#: Deeper than any text is written; the walks up the open elements stay short.
MAX_OPEN = 256

_VOID = words(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source"
    " track wbr"
)
_PAGE = words("html head body frame frameset")
_TABLE_PARTS = words("caption col colgroup tbody td tfoot th thead tr")
_TABLE_ALL = _TABLE_PARTS | words("table template")
#: What is directly in one of these is moved out of the table.
_TABLE_FRAME = words("table tbody tfoot thead tr")
_LEFT_IN_TABLE = words("script style template")
_SECTIONS = words("tbody tfoot thead")
_CELLS = words("td th")
_IMPLIED_END = words("dd dt li optgroup option p rb rp rt rtc")
_MAY_STAY_OPEN = _IMPLIED_END | _SECTIONS | _CELLS | words("tr colgroup")
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_CLOSES_P = _HEADINGS | words(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form header hgroup hr li listing main menu nav ol p plaintext pre search"
    " section summary table ul xmp"
)
_FORMATTING = words("a b big code em font i nobr s small strike strong tt u")
#: Elements that are not in themselves.
_NOT_NESTED = words("a button form nobr")
_SCOPE = words(
    "applet caption html table td th marquee object select template mi mo mn ms mtext"
    " annotation-xml foreignobject desc title"
)
#: Elements that an end tag of a lesser one does not reach through.
_SPECIAL = (_CLOSES_P | _VOID | _TABLE_PARTS | _PAGE) | words(
    "applet button iframe marquee noembed noframes noscript object script select style table"
    " template textarea title"
)
_FOREIGN = words("svg math")
_NEVER_FOREIGN = _HEADINGS | words(
    "b big blockquote body br center code dd div dl dt em embed head hr i img li listing menu meta"
    " nobr ol p pre ruby s small span strike strong sub sup table tt u ul var"
)
#: Within foreign elements these hold HTML again.
_INTEGRATION = words("foreignobject desc title mi mo mn ms mtext")
#: What is around each part of a table; `table` where it is not named.
_AROUND = {
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
    "tr": _SECTIONS,
    "col": frozenset({"colgroup"}),
}


class Nesting:
    """The open elements; `take` tokens in order, then `finish`."""

    def __init__(self) -> None:
        self.open: list[str] = []

    def take(self, token: Token) -> str | None:
        """Take the next token; return what is wrong with it."""
        match token:
            case Start():
                return self._start(token)
            case End():
                return self._end(token.name)
            case Text():
                if token.text.strip() and self._current in _TABLE_FRAME:
                    return f"text in <{self._current}>, outside of its cells"
                return None
            case ParseError():
                return token.what
            case Instruction():
                return None
            case _:
                assert_never(token)

    def finish(self) -> str | None:
        """Return what is wrong with the end of the text."""
        left = [name for name in self.open if name not in _MAY_STAY_OPEN]
        return f"<{left[-1][:40]}> is not closed" if left else None

    @property
    def _current(self) -> str:
        return self.open[-1] if self.open else ""

    def _is_foreign(self) -> bool:
        for name in reversed(self.open):
            if name in _FOREIGN:
                return True
            if name in _INTEGRATION:
                return False
        return False

    def _is_formula(self) -> bool:
        """Tell whether a formula is open, and nothing in it that has other elements."""
        for name in reversed(self.open):
            if name in ("svg", "annotation-xml"):
                return False
            if name == "math":
                return True
        return False

    def _start(self, tag: Start) -> str | None:
        name = tag.name
        if len(self.open) >= MAX_OPEN:
            return f"more than {MAX_OPEN} elements in each other"
        if self._is_foreign():
            return self._start_foreign(tag)
        if wrong := _wrong_name(tag):
            return wrong
        if name in _TABLE_PARTS:
            return self._start_table_part(name)
        if self._current in _TABLE_FRAME and name not in _LEFT_IN_TABLE:
            return f"<{name}> in <{self._current}>, outside of its cells"
        if wrong := self._make_room(name):
            return wrong
        if name not in _VOID and not tag.closed:
            self.open.append(name)
        return None

    def _start_foreign(self, tag: Start) -> str | None:
        """Open an element of another language."""
        if tag.name in _NEVER_FOREIGN:
            return f"<{tag.name}> in <{self._current[:40]}>"
        if self._is_formula() and tag.name not in MATHML_ELEMENTS:
            return f"<{tag.name[:40]}> is no element of MathML"
        if not tag.closed:
            self.open.append(tag.name)
        return None

    def _make_room(self, name: str) -> str | None:
        """Close what a start tag closes by itself."""
        if (wrong := self._close_item(name)) is not None:
            return wrong
        if name in _CLOSES_P and self._in_scope("p", stop=("button",)):
            wrong = self._close("p")
        elif name in _NOT_NESTED and self._in_scope(name):
            wrong = f"<{name}> in <{name}>"
        if wrong is not None:
            return wrong
        if name in _HEADINGS and self._current in _HEADINGS:
            return f"<{name}> in <{self._current}>"
        if name in ("option", "optgroup") and self._current == "option":
            self.open.pop()
        if name == "optgroup" and self._current == "optgroup" and "select" in self.open:
            self.open.pop()
        return self._make_room_in_ruby(name)

    def _make_room_in_ruby(self, name: str) -> str | None:
        if name not in ("rb", "rp", "rt", "rtc") or not self._in_scope("ruby"):
            return None
        self._imply_ends(keep="rtc" if name in ("rp", "rt") else "")
        return None if self._current in ("ruby", "rtc") else f"<{name}> in <{self._current}>"

    def _close_item(self, name: str) -> str | None:
        """Close the list item before this one."""
        names = {"li": ("li",), "dd": ("dd", "dt"), "dt": ("dd", "dt")}.get(name)
        if names is None:
            return None
        for one in reversed(self.open):
            if one in names:
                return self._close(one)
            if one in _SPECIAL and one not in ("address", "div", "p"):
                return None
        return None

    def _start_table_part(self, name: str) -> str | None:
        """Close the parts that such a one ends, imply those that are around it."""
        while self._current not in ("table", "template"):
            around = next((one for one in reversed(self.open) if one in _TABLE_ALL), None)
            if around is None:
                return f"<{name}> outside of a table"
            if around in _AROUND.get(name, ()):
                break
            if around == "caption":
                return f"<{name}> in <caption>"
            if around in ("table", "template") or self._close(around) is not None:
                return f"<{name}> in <{self._current[:40]}>"
        if self._current == "table" and name in ("tr", "col"):
            self.open.append("tbody" if name == "tr" else "colgroup")
        if self._current not in ("template", *_AROUND.get(name, ("table",))):
            return f"<{name}> in <{self._current[:40]}>"
        if name != "col":
            self.open.append(name)
        return None

    def _end(self, name: str) -> str | None:
        stray = f"</{name[:40]}> closes nothing"
        if self._is_foreign() or (self._current in _INTEGRATION and name == self._current):
            if self._current != name:
                return stray
            self.open.pop()
            return None
        if name in _VOID:
            return stray
        if name in _TABLE_ALL:
            return self._end_table_part(name) if name in self.open else stray
        if name in _SPECIAL or name in _FORMATTING:
            stop = {"p": ("button",), "li": ("ol", "ul")}.get(name, ())
            return self._close(name) if self._in_scope(name, stop=stop) else stray
        for one in reversed(self.open):
            if one == name:
                return self._close(name)
            if one in _SPECIAL:
                break
        return stray

    def _end_table_part(self, name: str) -> str | None:
        """Close a table or a part of one, and the parts in it."""
        while True:
            around = next(one for one in reversed(self.open) if one in _TABLE_ALL)
            if around in ("table", "template") and around != name:
                return f"</{name}> closes nothing"
            if (wrong := self._close(around)) is not None or around == name:
                return wrong

    def _in_scope(self, name: str, *, stop: Container[str] = ()) -> bool:
        for one in reversed(self.open):
            if one == name:
                return True
            if one in _SCOPE or one in stop:
                return False
        return False

    def _imply_ends(self, *, keep: str) -> None:
        while self._current in _IMPLIED_END and self._current != keep:
            self.open.pop()

    def _close(self, name: str) -> str | None:
        """Close an element that is open; those in it must be such as close themselves."""
        if name not in _FORMATTING:
            self._imply_ends(keep=name)
        if self._current != name:
            return f"<{self._current[:40]}> is not closed within <{name[:40]}>"
        self.open.pop()
        return None


def _wrong_name(tag: Start) -> str | None:
    name = tag.name
    if name not in HTML_ELEMENTS and "-" not in name:
        return f"<{name[:40]}> is no element of HTML"
    if tag.closed and name not in _VOID and name not in _FOREIGN:
        return f"<{name[:40]}/>: only void elements are closed so"
    return f"<{name}> within a text" if name in _PAGE else None
