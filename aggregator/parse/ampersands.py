"""Ampersands that begin no reference: written plainly by publishers, an error in XML.

One of them makes a document ill-formed, and what reads such a document guesses: `&lang=en` in a
link becomes a bracket, `AT&T` gets a semicolon. HTML's rule is the better one: what is no reference
is text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

_PREDEFINED = frozenset({"lt", "gt", "amp", "quot", "apos"})  # XML 1.0 section 4.6
# What begins is taken to its end, or to the end of the text: linear, whatever is there.
_AMPERSAND = re.compile(
    r"<!\[CDATA\[(?:[^\]]|\](?!\]>))*+(?:\]\]>|\Z)"
    r"|<!--(?:[^-]|-(?!->))*+(?:-->|\Z)"
    r"|<\?(?:[^?]|\?(?!>))*+(?:\?>|\Z)"
    r"|&(?:#(?P<hex>[xX])?(?P<digits>[0-9a-fA-F]{1,10});|(?P<name>[A-Za-z_][\w.-]{0,79});)?"
)


def escaped(text: str, names: Container[str]) -> tuple[str, int]:
    """Return `text` with those ampersands escaped that XML would refuse, and how many these are.

    Those of references to XML's own entities and to `names`, and of characters by their number,
    stay; so does all in CDATA sections, comments and processing instructions.
    """
    count = 0

    def _fit(match: re.Match[str]) -> str:
        nonlocal count
        whole, digits, name = match[0], match["digits"], match["name"]
        if whole[0] == "<" or (name and (name in _PREDEFINED or name in names)):
            return whole
        if digits and match["hex"]:
            return f"&#x{digits};"  # XML knows no "X"
        if digits and digits.isdecimal():
            return whole
        count += 1
        return f"&amp;{whole[1:]}"

    return _AMPERSAND.sub(_fit, text), count
