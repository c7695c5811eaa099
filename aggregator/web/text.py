"""Plain text: without what XML may not hold, on one line, fit for a terminal, as paragraphs."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import partial

from aggregator.web.links import linked

#: What XML 1.0 section 2.2 forbids or discourages: controls, lone surrogates, noncharacters. One of
#: them makes a whole published document unreadable.
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_NONCHARACTERS = "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff"
_FORBIDDEN = re.compile(f"[{_CONTROLS}{_NONCHARACTERS}]")
#: The same, and marks that turn the reading direction of whatever follows a title.
_FORBIDDEN_IN_LINE = re.compile(f"[{_CONTROLS}{_NONCHARACTERS}\u202a-\u202e\u2066-\u2069]")
#: Of those, what counts as a blank.
_FORBIDDEN_BLANKS = "\x0b\x0c\x1c\x1d\x1e\x1f"


def scrub(text: str) -> str:
    """Return `text` without characters that no published document may hold. Idempotent."""
    if text.isprintable():
        return text  # what is printable holds nothing of what is forbidden
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Return `text` scrubbed, without direction overrides, each run of blanks one space."""
    if not any(character in text for character in _FORBIDDEN_BLANKS):
        line = " ".join(text.split())
        if line.isprintable():
            return line
    return " ".join(_FORBIDDEN_IN_LINE.sub("", text).split())


def ascii_of(text: str) -> bytes | None:
    """Return the ASCII characters of `text`, in lower case, for a look at which words it may hold.

    A word in ASCII that a pattern finds in the text, ignoring case, is in them; one that is in them
    may not be in the text. `None`: letters of the text are other ASCII letters to such patterns.
    """
    if not text.isascii() and (
        "\u0130" in text or "\u0131" in text or "\u017f" in text or "\u212a" in text
    ):
        return None  # i, i, s and k
    return text.encode("ascii", "ignore").lower()


def folded(text: str) -> str:
    """Return the letters and digits of `text` in one spelling, itself where it has none.

    What programs make otherwise of one title (quotation marks, blanks, case, full width) is equal.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return "".join(filter(str.isalnum, plain.casefold())) or text


def printable(text: str, keep: str = "") -> str:
    """Return `text` with a space for each character that a terminal or a log would obey or hide.

    Those of `keep` stay, such as line breaks.
    """
    return "".join(char if char.isprintable() or char in keep else " " for char in text)


def printable_line(text: str) -> str:
    """Return `printable` text on one line, each run of blanks one space."""
    return " ".join(printable(text).split())


def paragraphs(text: str, *, with_links: bool = False) -> str:
    """Return plain text as HTML: escaped, blank lines as paragraphs, line breaks kept.

    With `with_links` its http and https addresses are links.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    blocks = re.split(r"\n[ \t]*(?:\n[ \t]*)+", text)
    as_html = linked if with_links else partial(html.escape, quote=False)
    lines = (as_html(block.strip()).replace("\n", "<br>") for block in blocks)
    return "".join(f"<p>{line}</p>" for line in lines if line)
