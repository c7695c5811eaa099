"""The other entries of a story: named at the end of its text, each with the way to it.

Everything that names them is a text of somebody else's: it is escaped here, and nothing else of it
is published.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from aggregator.publish.other_sources import page_of
from aggregator.publish.scripts import is_traditional
from aggregator.publish.xml_safety import clean, clean_link, clean_url, reads_as_markup
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import excerpt
from aggregator.web.language_tags import language_tag
from aggregator.web.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import AlsoTold
    from aggregator.publish.items import Item

#: So many are named, of the rest their number: a reader wants one or two of them.
MOST_NAMED = 20
#: A title is a line; what is longer is no title.
TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ItemTelling:
    """Another entry of an item's story: `title` and `source` are lines, the title maybe empty.

    `url` is absolute: the entry's own, else its source's page.
    """

    title: str
    source: str
    url: str | None
    published_at: datetime
    language: str | None

    @property
    def label(self) -> str:
        """What its link says."""
        return self.title or self.source


def telling(told: AlsoTold, at: datetime) -> ItemTelling:
    """Prepare one entry; `at` is its date in whole seconds."""
    origin = told.origin
    return ItemTelling(
        title=excerpt(one_line(clean(told.title)), TITLE_CHARACTERS),
        source=one_line(clean(origin.title)) or clean(origin.name),
        url=clean_link(told.url) or clean_url(origin.site_url) or clean_url(origin.url),
        published_at=at,
        language=language_tag(origin.language),
    )


def told_in_html(
    tellings: Sequence[ItemTelling], more: int, words: Mapping[str, str], language: str | None
) -> str:
    """Return a heading and a list that name entries, and say how many there are besides.

    `words` are the heading in one or two languages, as `words_in` gives it; `language` is that of
    the text before. What is in another one says so.
    """

    def said(texts: Mapping[str, str]) -> str:
        return " · ".join(_marked(text, tag, language) for tag, text in texts.items())

    items = [f"<li>{_listed(one, words, language)}</li>" for one in tellings]
    if more:
        items.append(f"<li>{said({tag: _MORE[tag].format(more) for tag in words})}</li>")
    return f"<p>{said(words)}</p><ul>{''.join(items)}</ul>"


def related(item: Item) -> Iterator[tuple[str, str]]:
    """Yield address and title of what tells the same, each address once.

    Nobody can say of a link's title whether it is HTML: one that looks like it is the source's.
    """
    found: dict[str, str] = {}
    for source in item.also:
        found.setdefault(page_of(source) or "", source.title)
    for one in item.also_told:
        title = one.source if reads_as_markup(one.label) else one.label
        found.setdefault(one.url or "", title)
    return (pair for pair in found.items() if pair[0])


def _listed(one: ItemTelling, words: Mapping[str, str], language: str | None) -> str:
    label = escape(one.label, quote=False)
    tag = _lang(one.language, language)
    if one.url is None:
        shown = f"<span{tag}>{label}</span>" if tag else label
    else:
        shown = f'<a href="{escape(one.url)}"{tag}>{label}</a>'
    if not one.title:
        return shown
    source = escape(one.source, quote=False)
    return f"{shown}（{source}）" if "en" not in words else f"{shown} ({source})"


def _marked(text: str, tag: str, language: str | None) -> str:
    attribute = _lang(tag, language)
    return f"<span{attribute}>{text}</span>" if attribute else text


def _lang(tag: str | None, around: str | None) -> str:
    """Return the attribute that a text needs among others in `around`."""
    if tag is None or around is None or _primary(tag) == _primary(around):
        return ""
    return f' lang="{escape(tag)}"'


def _primary(tag: str) -> str:
    return tag.lower().partition("-")[0]


_SIMPLIFIED, _TRADITIONAL, _ENGLISH = "zh-Hans", "zh-Hant", "en"
_HEADING = {
    _SIMPLIFIED: "另有报道",
    _TRADITIONAL: "另有報導",
    _ENGLISH: "Also reported by",
}
_MORE = {_SIMPLIFIED: "另有 {} 篇", _TRADITIONAL: "另有 {} 篇", _ENGLISH: "and {} more"}


def words_in(feed_language: str | None, script: str | None) -> dict[str, str]:
    """Return what stands above the list, by the language that it is in: a feed's, or both."""
    tag = language_tag(feed_language) or ""
    in_traditional = is_traditional(tag) if script is None else script == "hant"
    chinese = _TRADITIONAL if in_traditional else _SIMPLIFIED
    if not tag:
        return {one: _HEADING[one] for one in (chinese, _ENGLISH)}
    chosen = chinese if _primary(tag) == "zh" else _ENGLISH
    return {chosen: _HEADING[chosen]}
