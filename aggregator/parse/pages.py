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
# RSSHub answers its own failures with a well-formed page, of which there have been two:
# https://github.com/DIYgod/RSSHub/blob/master/lib/views/error.tsx, before 2024 lib/views/error.art
_RSSHUB = re.compile(r"Welcome to RSSHub|Error in RSSHub|docs\.rsshub\.app")
_RSSHUB_MESSAGE = re.compile(
    r"""Error Message:\s{0,100}<br\s?/?>\s{0,100}<code[^>]{0,400}>([^<]{1,400})"""
    r"""|<pre class="message">([^<]{1,400})"""
)
#: What RSSHub's messages mean for its operator (lib/errors/types, lib/middleware/parameter.ts).
_RSSHUB_REMEDIES = (
    ("route is empty", "the page behind the route has nothing, or has changed"),
    ("RequestInProgressError", "RSSHub is still working on it; it is asked again later"),
    ("Access denied", "check access_key_file in [rsshub]"),
    ("ConfigNotFoundError", "this route needs settings in RSSHub itself"),
)
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
    said = rsshub_error(head)
    if said is not None:
        return rsshub_problem(ProblemKind.NOT_A_FEED, "RSSHub answered with its error page", said)
    title = _TITLE.search(head)
    named = f' titled "{_shown(title[1])}"' if title else ""
    feed = _named_feed(head, source_url)
    remedy = f"the page names a feed: {feed}" if feed else "check the URL in a browser"
    return Problem(ProblemKind.NOT_A_FEED, f"an HTML page{named}, not a feed", remedy)


def rsshub_error(page: str) -> str | None:
    """Return what an error page of RSSHub says ("" where it says nothing), else `None`."""
    head = page[:_HEAD_CHARS]
    if not _RSSHUB.search(head):
        return None
    message = _RSSHUB_MESSAGE.search(head)
    return _shown(message[1] or message[2]).rstrip(": ") if message else ""


def rsshub_problem(kind: ProblemKind, answer: str, said: str) -> Problem:
    """Return the problem with `answer` that tells what `rsshub_error` found."""
    known = (remedy for sign, remedy in _RSSHUB_REMEDIES if sign in said)
    remedy = next(known, "check the route and its parameters")
    return Problem(kind, f"{answer}: {said}" if said else answer, remedy)


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
