"""Addresses that stand in plain text, made links: letter by letter what they are."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Letters of other scripts belong to an address only where one has begun with them ("/wiki/中国"):
#: after "https://example.com/a" comes the next word of a text without blanks.
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9/@.])https?://"
    r"(?:[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,20}|[^\W\x00-\x7f][\w.-]{0,252})(?::\d{1,5})?"
    r"(?:[/?#](?:[\x21\x23-\x3b\x3d\x3f-\x7e]|(?<=[^\x00-\x60\x7b-\x7f])[^\W\x00-\x7f]"
    r"|(?<=[/=#%_&+-])[^\W\x00-\x7f]){0,2000})?",
    re.IGNORECASE,
)
#: What ends a sentence or a quotation, and no address.
_AFTER = ".,;:!?'*_~"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def parted(text: str) -> Iterator[tuple[str, bool]]:
    """Yield plain text in pieces: what is around its addresses, and (True) each of them."""
    position = 0
    for found in _ADDRESS.finditer(text):
        address = _without_end(found[0])
        yield text[position : found.start()], False
        yield address, True
        position = found.start() + len(address)
    yield text[position:], False


def linked(text: str) -> str:
    """Return plain text as HTML, escaped, its http and https addresses as links.

    What closes a sentence or a bracket around an address is no part of it. Linear in the text.
    """
    if "://" not in text:
        return html.escape(text, quote=False)
    return "".join(
        f'<a href="{html.escape(part)}">{html.escape(part, quote=False)}</a>'
        if is_address
        else html.escape(part, quote=False)
        for part, is_address in parted(text)
    )


def _without_end(address: str) -> str:
    while address:
        last = address[-1]
        opening = _PAIRS.get(last, "")
        is_closing = opening and address.count(last) > address.count(opening)
        if last not in _AFTER and not is_closing:
            break
        address = address[:-1]
    return address
