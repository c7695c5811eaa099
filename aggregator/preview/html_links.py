"""Feeds in the HTML of a page: `<link rel="alternate" type="application/rss+xml" href="…">`."""

from __future__ import annotations

import re
from contextlib import suppress
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from aggregator.preview.feed_links import absolute, feed_link
from aggregator.runtime.values import dataclass
from aggregator.web.charsets import WIDE, charset_of, codec_of, marked_codec
from aggregator.web.decoding import read

if TYPE_CHECKING:
    from aggregator.model import FeedLink

#: Links are in the head of a page; style sheets before them are seldom larger.
MAX_PAGE_BYTES = 1024 * 1024
#: A page that names more feeds than this is a catalogue, and nobody reads on in a list.
MAX_LINKS = 30

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
#: Where an encoding is declared within the page
#: (https://html.spec.whatwg.org/multipage/semantics.html#charset).
_DECLARED_WITHIN_BYTES = 1024


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
    if (marked := marked_codec(body)) is not None:
        return read(body, marked).removeprefix("\ufeff")
    head = body[:_DECLARED_WITHIN_BYTES].decode("ascii", "replace")
    within = _CHARSET.search(head)
    label = charset_of(page.content_type) or (within[1] if within else "utf-8")
    codec = codec_of(label)
    # A label that can be read in plain bytes names none that is wider.
    return read(body, "utf-8" if codec is None or codec in WIDE else codec)
