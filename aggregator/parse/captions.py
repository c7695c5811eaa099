"""What Media RSS says in words of a picture or a film: its description, else its title."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from aggregator.parse.document_limits import bounded
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text

#: By the element's name (media_description, media_title): a text, and whether it says it is HTML.
Captions = Mapping[str, tuple[str, bool]]

#: Markup of a caption that does not say that it is HTML.
_MARKUP = re.compile(r"</?(?:p|a|b|i|em|strong|br|div|span)\b[^<>]*>", re.IGNORECASE)
_NO_LETTERS = re.compile(r"[\W_]+")


def caption(told: Captions, url: str, spoken: tuple[str, ...]) -> str | None:
    """Return what is said of the file at `url` as plain text on one line, `None` for nothing.

    The name of its file says nothing, nor does what one of the texts in `spoken` holds already.
    """
    for name in ("media_description", "media_title"):
        text, is_html = told.get(name, ("", False))
        plain = visible_text(text) if is_html or _MARKUP.search(text) else text
        found = one_line(plain)
        if found and not _is_file_name(found, url) and not any(found in one for one in spoken):
            return bounded(found)
    return None


def _is_file_name(text: str, url: str) -> bool:
    name = unquote(url.partition("?")[0].rpartition("/")[2])
    stem = name.rpartition(".")[0] or name
    said = _NO_LETTERS.sub("", text).lower()
    return said in {_NO_LETTERS.sub("", one).lower() for one in (name, stem)}
