"""Whether a text is another one's bytes, read in a wrong encoding: how versions before read some.

Such a text shows it: by U+FFFD, by control characters, by letters of windows-1252 as the bytes of
UTF-8 make them ("cafÃ©"), by escapes of ISO-2022-JP. What was ASCII in it was right.
"""

from __future__ import annotations

import re

#: What windows-1252 makes of the bytes 0x80 to 0xBF.
_BYTES_OF_UTF8 = (
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u203a\u20ac\u2122]"
)
_ESCAPED = re.compile(r"\$[@B].{0,500}?\([BJ]", re.DOTALL)
_DAMAGED = re.compile(rf"[\ufffd\u0080-\u009f]|[\u00c2-\u00f4]{_BYTES_OF_UTF8}|{_ESCAPED.pattern}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def is_misread(before: str, after: str) -> bool:
    """Tell whether `before` shows damage, and is else `after`, as far as both are ASCII."""
    if before == after:
        return True
    if not _DAMAGED.search(before):
        return False
    return _BEYOND_ASCII.sub("", _ESCAPED.sub("", before)) == _BEYOND_ASCII.sub("", after)
