"""Feed documents as publishers write them, and what our own reader makes of one.

web.route("/feed.xml", body=rss(item(2), item(1)))
assert read(rss(item(1))).head.title == "Site"
"""

from __future__ import annotations

from datetime import UTC, datetime

from aggregator import parse
from aggregator.model import Body, Document
from tests import FIXTURES

#: When an entry appeared if nothing else is said: a Monday.
AT = datetime(2026, 11, 23, 8, tzinfo=UTC)

#: When a document is read if nothing else is said.
SEEN = datetime(2026, 11, 23, tzinfo=UTC)

#: Where a document is found if nothing else is said.
URL = "https://site.example/feed.xml"


def item(
    number: int | str,
    at: datetime | str | None = AT,
    *,
    title: str | None = None,
    text: str | None = None,
    guid: bool = True,
) -> str:
    """Return an `<item>` with all that an entry should have; `at` and `guid` can be left out."""
    date = f"{at:%a, %d %b %Y %H:%M:%S} GMT" if isinstance(at, datetime) else at
    parts = [
        f"<title>{f'Entry {number}' if title is None else title}</title>",
        f"<link>https://site.example/{number}</link>",
        f'<guid isPermaLink="false">tag:site.example,2026:{number}</guid>' if guid else "",
        f"<pubDate>{date}</pubDate>" if date else "",
        f"<description>{f'Text {number}' if text is None else text}</description>",
    ]
    return f"<item>{''.join(parts)}</item>"


def rss_text(*content: str, title: str = "Site", namespaces: str = "") -> str:
    """Return an RSS document without declaration, with this content in its `<channel>`."""
    return (
        f'<rss version="2.0"{namespaces}><channel><title>{title}</title>'
        f"<link>https://site.example/</link><description>d</description>{''.join(content)}"
        "</channel></rss>"
    )


def rss(*content: str, title: str = "Site", namespaces: str = "") -> bytes:
    """Return the bytes of an RSS document with this content in its `<channel>`."""
    text = rss_text(*content, title=title, namespaces=namespaces)
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def undated(count: int = 1, title: str = "站点") -> bytes:
    """Return an RSS document with the entries “0”, “1”, …, which have neither dates nor ids."""
    items = (
        item(number, None, title=str(number), text=f"正文 {number}", guid=False)
        for number in range(count)
    )
    return rss(*items, title=title)


def atom_text(*content: str, title: str = "Site", attributes: str = "") -> str:
    """Return an Atom document with this content in its `<feed>`."""
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"{attributes}><title>{title}</title>'
        f"{''.join(content)}</feed>"
    )


def read_fixture(name: str, url: str = URL, *, zone: str = "UTC") -> Document:
    """Read a file of tests/fixtures."""
    return read((FIXTURES / name).read_bytes(), url, zone=zone)


def read(
    body: bytes | str,
    url: str = URL,
    *,
    zone: str = "UTC",
    seen_at: datetime = SEEN,
    encoding: str | None = None,
    most: int | None = None,
) -> Document:
    """Read a document; `encoding` and `most` (entries) are what an operator says of it."""
    raw = body.encode() if isinstance(body, str) else body
    return parse.read(Body(raw, None, url, zone, seen_at, encoding, most))
