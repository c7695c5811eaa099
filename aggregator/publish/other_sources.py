"""The other sources of an article that several carry: named at the end of its text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.publish.items import ItemSource


def named_in_html(sources: Sequence[ItemSource], language: str | None) -> str:
    """Return a paragraph that names sources, each with the way to its site; "" for none."""
    if not sources:
        return ""
    names = (_linked(source) for source in sources)
    beginning, between = _words(language)
    return f"<p>{beginning}{between.join(names)}</p>"


def named_in_text(sources: Sequence[ItemSource], language: str | None) -> str:
    """Return the same as a line of plain text."""
    beginning, between = _words(language)
    return beginning + between.join(source.title for source in sources)


def page_of(source: ItemSource) -> str | None:
    """Return where people find a source: its site, else its feed; of a private one maybe none."""
    return source.site_url or source.feed_url


def _linked(source: ItemSource) -> str:
    page, title = page_of(source), escape(source.title, quote=False)
    return title if page is None else f'<a href="{escape(page)}">{title}</a>'


def _words(language: str | None) -> tuple[str, str]:
    is_chinese = (language or "").lower().partition("-")[0] == "zh"
    return ("另见：", "、") if is_chinese else ("Also in: ", ", ")
