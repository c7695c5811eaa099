"""CSS selectors of elements that are no part of an article.

Selectors are those of https://www.w3.org/TR/selectors-4/ as lexbor knows them; what depends on a
reader's doing (`:hover`) finds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.mistakes import Mistake, MistakeKind

try:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError
except ImportError:  # no wheel of it is made for 32-bit ARM: a selector is refused
    LexborHTMLParser = None  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

#: A selector of more is copied from a browser's inspector and breaks with the site's next change.
MAX_SELECTOR_CHARS = 200


def mistake_in_selector(selector: str) -> Mistake | None:
    """Return why a CSS selector cannot be used; `None`: it can."""
    if not selector.strip():
        return Mistake(MistakeKind.EMPTY)
    if len(selector) > MAX_SELECTOR_CHARS:
        return Mistake(MistakeKind.TOO_MANY_CHARACTERS, data={"most": MAX_SELECTOR_CHARS})
    if not selector.isprintable():
        return Mistake(MistakeKind.CONTROL_CHARACTERS)
    if LexborHTMLParser is None:
        return Mistake(MistakeKind.NO_LIBRARY, data={"library": "selectolax"})
    try:
        LexborHTMLParser("<p></p>", is_fragment=True).css(selector)
    except SelectolaxError:
        return Mistake(MistakeKind.NOT_A_SELECTOR)
    return None


def remove(html_text: str, selectors: tuple[str, ...]) -> str:
    """Return HTML, read as the inside of a `div`, without the elements that the selectors find.

    The selectors are sound. Size and nesting of the text are for the caller to bound, and what
    comes of it is as untrusted as what went in. Where nothing is found, `html_text` is returned.
    """
    if LexborHTMLParser is None:
        return html_text
    tree = LexborHTMLParser(html_text, is_fragment=True)
    found = [node for selector in selectors for node in tree.css(selector)]
    if not found:
        return html_text
    ids = {node.mem_id for node in found}
    # An element goes with all that it holds: what is inside is gone with it, and touched no more.
    outermost = {node.mem_id: node for node in found if not _is_inside(node, ids)}
    for node in outermost.values():
        node.decompose()
    return tree.html or ""


def _is_inside(node: LexborNode, ids: set[int]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.mem_id in ids:
            return True
        parent = parent.parent
    return False
