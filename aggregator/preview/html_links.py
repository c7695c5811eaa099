"""Feeds in the HTML of a page: `<link rel="alternate" type="application/rss+xml" href="…">`."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from aggregator.preview.feed_links import absolute, feed_link

if TYPE_CHECKING:
    from aggregator.model import FeedLink

#: Links stand in the head of a page; style sheets that stand before them are seldom larger.
MAX_PAGE_BYTES = 1024 * 1024
#: A page that names more feeds than this is a catalogue, and nobody reads on in a list.
MAX_LINKS = 30

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
#: Where an encoding is declared within the page
#: (https://html.spec.whatwg.org/multipage/semantics.html#charset).
_DECLARED_WITHIN_BYTES = 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """A response that is no feed; `url` is the one that answered."""

    body: bytes
    content_type: str | None
    url: str
    link_headers: tuple[str, ...] = ()


def page_links(page: Page) -> tuple[FeedLink, ...]:
    """Return the feeds that the HTML of a page names, in its order, each once.

    Reads no further than one more than `MAX_LINKS`.
    """
    reader = _LinkReader(page.url)
    with suppress(AssertionError):  # html.parser's answer to a few malformed declarations
        reader.feed(_text(page))
    return tuple(reader.found.values())


class _LinkReader(HTMLParser):
    """Collects alternate links; a `<base href>` moves what comes after it."""

    def __init__(self, page_url: str) -> None:
        super().__init__()
        self.found: dict[str, FeedLink] = {}
        self._base_url = page_url
        self._based = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: dict[str, str | None] = {}
        for name, value in attrs:
            values.setdefault(name, value)
        if tag == "base" and not self._based and values.get("href"):
            self._based = True
            self._base_url = absolute(values["href"] or "", self._base_url) or self._base_url
        if tag not in ("link", "a", "area") or len(self.found) > MAX_LINKS:
            return
        link = feed_link(
            href=values.get("href"),
            rel=values.get("rel"),
            media_type=values.get("type"),
            title=values.get("title"),
            base_url=self._base_url,
        )
        if link is not None:
            self.found.setdefault(link.url, link)


def _text(page: Page) -> str:
    body = page.body[:MAX_PAGE_BYTES]
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    head = body[:_DECLARED_WITHIN_BYTES].decode("ascii", "replace")
    declared = _CHARSET.search(page.content_type or "") or _CHARSET.search(head)
    encoding = declared[1].lower() if declared else "utf-8"
    if encoding in ("gb2312", "gbk"):  # means its superset (https://encoding.spec.whatwg.org)
        encoding = "gb18030"
    try:
        return body.decode(encoding, "replace")
    except (LookupError, ValueError):  # not an encoding, or one of Python's own that is none
        return body.decode("utf-8", "replace")
