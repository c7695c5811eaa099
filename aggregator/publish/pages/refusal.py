"""The page of what is not shown: what the matter is, and the way to what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.look import Language

if TYPE_CHECKING:
    from aggregator.publish.pages.look import Look

#: What heads the page, by the status that it is answered with.
HEADS = {
    403: "This is not open to you",
    404: "There is no such page",
    405: "This address is only read",
    409: "That could not be done",
    410: "This feed has ended",
    429: "That was too often",
    503: "This has to wait",
}
_ELSE = "Something is broken"


def refusal_page(status: int, english: str, chinese: str, look: Look) -> bytes:
    """Return the page in UTF-8; the text is one of the two."""
    is_chinese = look.language is Language.CHINESE
    fields = {
        "head": look.say(HEADS.get(status, _ELSE)),
        "text": chinese if is_chinese else english,
    }
    return html_page("pages/refusal", fields, look)
