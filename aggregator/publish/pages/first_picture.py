"""The picture of a text that can stand for it in a river."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from aggregator.web.faces import is_face

#: Of a text this much is looked at.
_LOOKED_AT = 65_536
_PICTURE = re.compile(r"<img\s([^>]*)>")
_ATTRIBUTE = re.compile(r'(src|width|height|class)="([^"]*)"')
#: Narrower or lower ones are ornaments: smileys, icons, counters.
_LEAST_PIXELS: Final = 64
#: How programs mark the smileys within their texts.
_SMILEY = re.compile(r"\b(?:emoji|smiley|wp-smiley|emoticon|avatar|icon)\b", re.IGNORECASE)


def first_picture(content_html: str) -> str | None:
    """Return the address of the first picture of a cleaned text that is no ornament, nor a face.

    Attributes are looked for as cleaning writes them, in double quotes.
    """
    for found in _PICTURE.finditer(content_html, 0, _LOOKED_AT):
        said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found[1])}
        sizes = [said[name] for name in ("width", "height") if said.get(name, "").isdecimal()]
        is_small = any(int(size[:9]) < _LEAST_PIXELS for size in sizes)
        url = said.get("src", "")
        if url and not is_small and not is_face(url) and not _SMILEY.search(said.get("class", "")):
            return url
    return None
