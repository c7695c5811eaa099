"""Words that are not to be retold, taken out of a line while it is, and put back. Pure.

In their place stands one character each, of a plane that nothing else uses: no template can part
it, and it shows whether the words begin and end with a Latin letter or figure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.language.spoken import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Callable

#: A line has so many stand-ins of a shape at most; one with more is somebody's list, not ours.
_MOST = 0x3F00
#: The first of each shape: with a Latin letter at neither end, at the beginning, at the end, both.
_NEITHER, _FIRST, _LAST, _BOTH = (chr(0xF0000 + shape * _MOST) for shape in range(4))
_LATIN = "A-Za-z0-9"
_BEGINS = re.compile(f"[{_LATIN}]")
_ENDS = re.compile(f"[{_LATIN}]$")

#: What Latin words, or a stand-in for some, end and begin with: for a pattern's [].
ENDS_LATIN = f"{_LATIN}{_LAST}-{chr(ord(_BOTH) + _MOST)}"
BEGINS_LATIN = f"{_LATIN}{_FIRST}-{chr(ord(_LAST) - 1)}{_BOTH}-{chr(ord(_BOTH) + _MOST)}"

#: A character of the plane itself stands for itself, as somebody's word.
_WORDS = re.compile(f"{BEGIN}([^{BEGIN}{END}]*){END}|([{_NEITHER}-\U000fffff])")
_STAND_IN = re.compile(f"[{_NEITHER}-\U000fffff]")


def around(line: str, retell: Callable[[str], str]) -> str:
    """Return a line retold around what is `verbatim` in it, which stays, its marks as well."""
    words: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        words.append(found[0])
        text = found[1] if found[2] is None else found[2]
        first = (_NEITHER, _FIRST, _LAST, _BOTH)[
            bool(_BEGINS.match(text)) + 2 * bool(_ENDS.search(text))
        ]
        return chr(ord(first) + len(words) - 1)

    held = _WORDS.sub(stand_in, line)
    if not words:
        return retell(line)
    if len(words) > _MOST:
        return line
    return _STAND_IN.sub(lambda found: words[(ord(found[0]) - ord(_NEITHER)) % _MOST], retell(held))
