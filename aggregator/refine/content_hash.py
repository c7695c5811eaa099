"""Whether an entry changed: a hash of all of it that a reader sees, and of nothing else."""

from __future__ import annotations

import re
from hashlib import sha256

from aggregator.web.addresses import host_and_path
from aggregator.web.text import ascii_of
from aggregator.web.urls import canonical_url
from aggregator.web.visible_text import clean_parts

_ADDRESS = re.compile(r' (href|src)="([^"]*)"')
#: Counts that grow while nothing is edited: "12 comments", "阅读 1,024". Possessive: what a number
#: begins never ends as something else, and most numbers count nothing.
_NUMBER = r"\d[\d.,]{0,12}+\s?+[kKmM万]?+"
_COUNT_BEFORE = re.compile(
    rf"{_NUMBER}\s?+(?=(?:comment|repl(?:y|ie)|view|like|share|point|vote)s?\b"
    r"|条?评论|次?(?:阅读|浏览|点击)|人?点赞)",
    re.IGNORECASE,
)
_COUNT_AFTER = re.compile(rf"(评论|阅读|浏览|点击|点赞)\s?[:：(（]?\s?{_NUMBER}")
#: One of these, so near to a figure or its comma, is in whatever these two find.
_COUNTED = re.compile("评论|阅读|浏览|点击|点赞")
_CHARS_BEFORE, _CHARS_AFTER = 5, 4
_OF_NUMBERS = re.compile(r"[\d.,]")
_COUNTED_IN_ENGLISH = (b"comment", b"repl", b"view", b"like", b"share", b"point", b"vote")


def content_hash(
    *,
    title: str,
    text: str,
    content_html: str,
    summary: str,
    author: str | None,
    enclosure_urls: tuple[str, ...],
) -> bytes:
    """Return a hash that changes when a reader would see something else.

    `text` is that of `content_html`; texts are single lines.

    In it: the title, the author, the summary, the text and the structure of the content, where its
    links lead and which images it shows, the enclosures. Not in it: the entry's link (a site that
    moves, or signs its links anew, edits nothing), dates and categories, blanks, counters of
    comments and views, tracker parameters, the spelling of a URL, the query of an image or an
    enclosure (cache busters and signatures).
    """
    seen = "\0".join(
        (
            _said(title),
            author or "",
            _said(summary),
            _said(text),
            _shape(content_html),
            *(_file(address) for address in enclosure_urls),
        )
    )
    return sha256(seen.encode()).digest()


def _said(text: str) -> str:
    if not text or not _may_count(text):
        return text
    return _COUNT_AFTER.sub(r"\1#", _COUNT_BEFORE.sub("#", text))


def _may_count(text: str) -> bool:
    """Tell whether a text may hold a counter: whether it names what counters count."""
    for word in _COUNTED.finditer(text):
        start, end = max(word.start() - _CHARS_BEFORE, 0), word.end() + _CHARS_AFTER
        if _OF_NUMBERS.search(text, start, end):
            return True
    seen = ascii_of(text)
    return seen is None or any(word in seen for word in _COUNTED_IN_ENGLISH)


def _shape(content_html: str) -> str:
    parts = clean_parts(content_html)
    shape = []
    for slash, name, rest in zip(parts[1::4], parts[2::4], parts[3::4], strict=True):
        shape.append(slash + name)
        if rest:
            shape += [
                canonical_url(value.replace("&amp;", "&")) if key == "href" else _file(value)
                for key, value in _ADDRESS.findall(rest)
            ]
    return " ".join(shape)


def _file(url: str) -> str:
    host, path = host_and_path(url)
    return f"{host}{path}" if host else url
