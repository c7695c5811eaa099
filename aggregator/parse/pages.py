"""What a body is that is no feed: said by name, so that the operator knows what to do."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin

from aggregator.model import Problem, ProblemKind

#: Titles and feed links stand in the head of a page; this much is searched for them.
_HEAD_CHARS = 64 * 1024
_SHOWN_CHARS = 80

_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_OPML = re.compile(r"<opml[\s>]", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,400})", re.IGNORECASE)
_RSSHUB = re.compile(r"Welcome to RSSHub|docs\.rsshub\.app")
_RSSHUB_MESSAGE = re.compile(r"Error Message:\s*<br\s*/?>\s*<code[^>]{0,400}>([^<]{1,400})")
_LINK = re.compile(r"<link\s[^>]{1,1000}>", re.IGNORECASE)
_FEED_TYPE = re.compile(
    r"""type\s*=\s*["']?application/(?:rss\+xml|atom\+xml|feed\+json)""", re.IGNORECASE
)
_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>]{1,1000})""", re.IGNORECASE)


def not_a_feed(text: str, source_url: str) -> Problem:
    """Return the problem that names what `text` is instead of a feed."""
    head = text[:_HEAD_CHARS]
    if not head.strip():
        return Problem(ProblemKind.NOT_A_FEED, "the body is empty")
    if _OPML.search(head):
        detail = "an OPML list of feeds, not a feed"
        return Problem(ProblemKind.NOT_A_FEED, detail, "add the feeds that it lists as sources")
    if not _HTML.search(head):
        return Problem(ProblemKind.NOT_A_FEED, f"neither RSS, Atom nor JSON Feed: {_shown(head)!r}")
    # RSSHub answers its own failures with a well-formed page: https://docs.rsshub.app
    if _RSSHUB.search(head):
        message = _RSSHUB_MESSAGE.search(head)
        said = f": {_shown(message[1]).rstrip(': ')}" if message else ""
        return Problem(
            ProblemKind.NOT_A_FEED,
            f"RSSHub answered with its error page{said}",
            "check the route and its parameters",
        )
    title = _TITLE.search(head)
    named = f' titled "{_shown(title[1])}"' if title else ""
    feed = _named_feed(head, source_url)
    remedy = f"the page names a feed: {feed}" if feed else "check the URL in a browser"
    return Problem(ProblemKind.NOT_A_FEED, f"an HTML page{named}, not a feed", remedy)


def _named_feed(head: str, source_url: str) -> str | None:
    for link in _LINK.findall(head):
        href = _HREF.search(link)
        if href and _FEED_TYPE.search(link):
            try:
                return urljoin(source_url, html.unescape(href[1]))
            except ValueError:
                return None
    return None


def _shown(text: str) -> str:
    line = " ".join(html.unescape(text).split())
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…"
