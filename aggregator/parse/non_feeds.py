"""What a body is that is no feed: said by name, so that the operator knows what to do."""

from __future__ import annotations

import html
import re

from aggregator.model import Problem, ProblemKind
from aggregator.web.excerpts import shortened
from aggregator.web.text import printable_line
from aggregator.web.urls import absolute_url

#: Titles and feed links are in the head of a page; this much is searched for them.
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
#: What a page has that only a browser passes, and whose it is. Not what these owners put into the
#: ordinary pages of their customers too: a script of Cloudflare's challenge platform, for one.
_CHALLENGES = tuple(
    (re.compile(sign, re.IGNORECASE), owner)
    for sign, owner in (
        (r"<title>\s{0,9}Just a moment\.\.\.|window\._cf_chl_opt\s?=", "Cloudflare"),
        (r"/cdn-cgi/challenge-platform/[\w./-]{0,80}orchestrate/", "Cloudflare"),
        (r"<title>\s{0,9}Making sure you(?:'|&#39;|&#x27;)re not a bot", "Anubis"),
        (r"<script id=\"anubis_|=\"/\.within\.website/x/cmd/anubis/", "Anubis"),
        (r"<title>DDoS-Guard</title>", "DDoS-Guard"),
        (r"sucuri_cloudproxy_js\s?=", "Sucuri"),
        (r"<meta name=\"aliyun_waf_", "Aliyun"),
        (r"geo\.captcha-delivery\.com", "DataDome"),
    )
)
#: These tell a challenge from an ordinary page only where there is nothing else: no title.
_UNTITLED_CHALLENGES = (
    (re.compile(r"/_Incapsula_Resource\?"), "Imperva"),
    (re.compile(r"acw_sc__v[23]"), "Aliyun"),
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
    owner = challenge_owner(head)
    if owner is not None:
        return challenge_problem("an HTML page", owner)
    title = _TITLE.search(head)
    named = f' titled "{_shown(title[1])}"' if title else ""
    feed = _named_feed(head, source_url)
    remedy = f"the page names a feed: {feed}" if feed else "check the URL in a browser"
    detail = f"an HTML page{named}, not a feed"
    return Problem(ProblemKind.NOT_A_FEED, detail, remedy, is_page=True)


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


def challenge_owner(page: str) -> str | None:
    """Return whose challenge for browsers an HTML page is; `None`: it is another page."""
    head = page[:_HEAD_CHARS]
    signs = _CHALLENGES if _TITLE.search(head) else _CHALLENGES + _UNTITLED_CHALLENGES
    return next((owner for sign, owner in signs if sign.search(head)), None)


def challenge_problem(answer: str, owner: str) -> Problem:
    """Return the problem with `answer`, a page in which `challenge_owner` found a challenge."""
    return Problem(
        ProblemKind.CHALLENGE,
        f"{answer} of {owner} that only a browser passes",
        "ask the publisher to let feed readers in, or use another url or fetch_via for this source",
    )


def _named_feed(head: str, source_url: str) -> str | None:
    for link in _LINK.findall(head):
        href = _HREF.search(link)
        if href and _FEED_TYPE.search(link):
            return absolute_url(html.unescape(href[1]), source_url)
    return None


def _shown(text: str) -> str:
    return shortened(printable_line(html.unescape(text)), _SHOWN_CHARS)
