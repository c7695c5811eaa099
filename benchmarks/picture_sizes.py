"""Which addresses of pictures are one picture in several sizes, for both judges of the report."""

from __future__ import annotations

import re

#: Parameters that only ask for another size or form.
_PARAMETER = re.compile(
    r"(?<=[?&])(?:w|h|s|width|height|size|resize|fit|quality|q|format|auto|dpr|ssl|strip|crop"
    r"|x-\w+-process|r)=[^&]*&?"
)
#: Names of sizes as WordPress and Blogger have them, and folders called by a width (and a height).
_IN_PATH = re.compile(
    r"-(?:\d+x\d+|scaled)(?=\.\w+$)|/\d{2,4}/\d{2,4}(?=/)|/\d{2,4}(?=/[^/]+$)"
    r"|/s\d{2,4}(?:-c)?(?=/)"
)
#: Where faces of people come from.
FACE = re.compile(r"//([\w-]+\.)?gravatar\.com/avatar/|//avatars\d?\.githubusercontent\.com/")


def without_size(address: str) -> str:
    """Return an address without the parameters that only ask for another size or form."""
    return _PARAMETER.sub("", address).rstrip("?&")


def is_other_size(one: str, other: str) -> bool:
    """Tell whether two addresses differ in nothing but what says a size."""
    return _bare(one) == _bare(other)


def _bare(address: str) -> str:
    path, mark, query = without_size(address).partition("?")
    return _IN_PATH.sub("", path) + mark + query
