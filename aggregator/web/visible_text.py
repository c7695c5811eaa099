"""HTML as text: which elements part words, which hide what they hold, and the text that is left."""

from __future__ import annotations

import html
import re
from functools import lru_cache

#: Elements that part words: what comes before one and what comes after are two words. Within
#: words are all others ("<b>H</b>ello"), pictures too, as in a browser's innerText. Texts of
#: entries are known by their words: another list here is other identity keys.
BLOCKS = frozenset(
    {
        "aside", "blockquote", "caption", "dd", "details", "div", "dl", "dt", "figcaption",
        "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section",
        "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "br",
        "address", "article", "footer", "header", "main", "nav",
    }
)  # fmt: skip
#: Elements of which nothing is read: what they hold is code, or for other programs.
HIDDEN = frozenset({"script", "style", "template", "svg", "noembed", "noframes", "title"})

#: On sanitised HTML, where every value is quoted and holds no "<" or ">".
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)([^<>]*)>")


def visible_text(clean_html: str, up_to: int | None = None) -> str:
    """Return the text of sanitised HTML, a space where a block or a line ends.

    With `up_to`, that of the first so many characters of the HTML: no tag and no reference that
    would be cut is read. Text that holds no "<" and no "&" is its own.
    """
    if up_to is not None:
        clean_html = _beginning(clean_html, up_to)
    if "<" not in clean_html:
        return html.unescape(clean_html)
    parts = clean_parts(clean_html)
    pieces = [
        f" {text}" if name in BLOCKS else text
        for name, text in zip(parts[2::4], parts[4::4], strict=True)
    ]
    return html.unescape(parts[0] + "".join(pieces))


@lru_cache(maxsize=2)
def clean_parts(clean_html: str) -> tuple[str, ...]:
    """Return sanitised HTML in parts: a text, then of each tag its slash, name, rest and a text.

    The last texts are kept, since several look through one text in turn.
    """
    return tuple(_TAG.split(clean_html))


def _beginning(clean_html: str, chars: int) -> str:
    cut = clean_html[:chars]
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    if len(clean_html) > chars and cut.rfind("&") > cut.rfind(";"):
        cut = cut[: cut.rfind("&")]
    return cut
