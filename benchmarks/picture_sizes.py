"""Which pictures are one in several sizes, and which nobody sees, for both judges of the report."""

from __future__ import annotations

import re

#: Parameters that only ask for another size or form.
_PARAMETER = re.compile(
    r"(?<=[?&])(?:w|h|s|width|height|size|resize|fit|quality|q|format|auto|dpr|ssl|strip|crop"
    r"|x-\w+-process|r)=[^&]*&?"
)
#: Names of sizes as WordPress and Blogger have them, and folders called by a width (and a height),
#: which no year or month is.
_IN_PATH = re.compile(
    r"-(?:\d+x\d+|scaled)(?=\.\w+$)|/(?!(?:19|20)\d\d/)\d{3,4}/\d{3,4}(?=/)"
    r"|/(?!(?:(?:19|20)\d\d|0\d|1[0-2])/)\d{2,4}(?=/[^/]+$)"
    r"|/[sS]\d{2,4}(?:-c)?(?=/)"
)
#: Names of sizes of services that have their own: Flickr's one letter, Dailymotion's words.
_OF_SERVICES = (
    re.compile(r"(?<=flickr\.com/)(\d+/\d+_[0-9a-f]+)_[a-z](?=\.\w+$)"),
    re.compile(r"(?<=dmcdn\.net/static/video/)([\d/]+:jpeg_preview)_[a-z]+(?=\.jpg)"),
)
#: Where faces of people come from.
FACE = re.compile(r"//([\w-]+\.)?gravatar\.com/avatar/|//avatars\d?\.githubusercontent\.com/")


#: What makes an element one that nobody sees.
_HIDDEN = re.compile(r"(?:^|;)\s*display\s*:\s*none\s*(?:;|!|$)", re.IGNORECASE)


def is_hidden(style: str) -> bool:
    """Tell whether an element of this style is not displayed."""
    return _HIDDEN.search(style) is not None


def without_size(address: str) -> str:
    """Return an address without the parameters that only ask for another size or form."""
    return _PARAMETER.sub("", address).rstrip("?&")


def is_other_size(one: str, other: str) -> bool:
    """Tell whether two addresses differ in nothing but what says a size."""
    return _bare(one) == _bare(other)


def _bare(address: str) -> str:
    path, mark, query = without_size(address).partition("?")
    for service in _OF_SERVICES:
        path = service.sub(r"\1", path)
    return _IN_PATH.sub("", path) + mark + query
