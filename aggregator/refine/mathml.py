"""MathML that may be published: elements and attributes that lay out a formula and nothing else.

https://www.w3.org/TR/mathml-core/ and, since pages are written for older programs, the
presentation of MathML 3 (https://www.w3.org/TR/MathML3/chapter3.html). None of them holds HTML
(annotation-xml, mglyph), does something (maction) or refers to anything (href, src, xref, id).
"""

from __future__ import annotations

import re

_SIZED = {"width", "height", "depth"}
_SCRIPTS = {"subscriptshift", "superscriptshift"}
_CELLS = {"columnalign", "rowalign"}

#: Each element with what it may have beside what all may have.
_OF_ELEMENTS: dict[str, set[str]] = {
    "math": {"display", "alttext"},
    "mi": set(),
    "mn": set(),
    "mo": {
        "form", "fence", "separator", "stretchy", "symmetric", "lspace", "rspace", "minsize",
        "maxsize", "largeop", "movablelimits", "accent",
    },
    "ms": {"lquote", "rquote"},
    "mtext": set(),
    "mspace": {*_SIZED, "linebreak"},
    "mrow": set(),
    "mfrac": {"linethickness", "bevelled", "numalign", "denomalign"},
    "msqrt": set(),
    "mroot": set(),
    "mstyle": {"scriptminsize", "scriptsizemultiplier"},
    "merror": set(),
    "mpadded": {*_SIZED, "lspace", "voffset"},
    "mphantom": set(),
    "mfenced": {"open", "close", "separators"},
    "menclose": {"notation"},
    "msub": _SCRIPTS,
    "msup": _SCRIPTS,
    "msubsup": _SCRIPTS,
    "munder": {"accentunder", "align"},
    "mover": {"accent", "align"},
    "munderover": {"accent", "accentunder", "align"},
    "mmultiscripts": _SCRIPTS,
    "mprescripts": set(),
    "none": set(),
    "mtable": {
        *_CELLS, "columnspacing", "rowspacing", "columnlines", "rowlines", "columnwidth", "width",
        "frame", "framespacing", "equalrows", "equalcolumns", "align", "side", "minlabelspacing",
    },
    "mtr": _CELLS,
    "mlabeledtr": _CELLS,
    "mtd": {*_CELLS, "columnspan", "rowspan"},
    "semantics": set(),
}  # fmt: skip
_OF_ALL = {
    "dir", "displaystyle", "scriptlevel", "mathvariant", "mathsize", "mathcolor",
    "mathbackground",
}  # fmt: skip

MATHML = frozenset(_OF_ELEMENTS)
MATHML_ATTRIBUTES = {name: own | _OF_ALL for name, own in _OF_ELEMENTS.items()}

#: Attributes whose value is a reader's or a sign; all others are words, numbers and lengths.
_SPOKEN = frozenset({"alttext", "lquote", "rquote", "open", "close", "separators", "title"})
_LAYOUT = re.compile(r"[\w\s.,#%+\-]{0,200}", re.ASCII)


def fit_value(name: str, value: str) -> str | None:
    """Return an attribute's value if it is one of its kind, else `None`."""
    return value if name in _SPOKEN or _LAYOUT.fullmatch(value) else None
