"""What publishers answer: documents in RSS, Atom and JSON Feed, whole or cut off."""

from __future__ import annotations

import json
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from benchmarks.laws.articles import Telling

MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


def render(kind: str, title: str, home: str, listed: Sequence[Telling], markup: str) -> bytes:
    """Return a document that lists some articles; `markup` is the element around their texts."""
    if kind == "json":
        return _json(title, home, listed, markup)
    if kind == "atom":
        return (
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
            f'<title>{title}</title><id>tag:feed.example,2020:{title}</id><link href="{home}"/>'
            f"<updated>2026-01-01T00:00:00Z</updated>"
            f"{''.join(_atom(one, markup) for one in listed)}</feed>"
        ).encode()
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>{home}</link><description>d</description>"
        f"{''.join(_rss(one, markup) for one in listed)}</channel></rss>"
    ).encode()


def cut(body: bytes, item: int) -> bytes:
    """Return an XML document up to the middle of its item `item`, counted from 0."""
    opening = b"<item>" if b"<item>" in body else b"<entry>"
    at = -1
    for _ in range(item + 1):
        at = body.index(opening, at + 1)
    return body[: body.index(b"&lt;", at) + 12]


def _html(one: Telling, markup: str) -> str:
    return f"<{markup}>{one.signs.text}</{markup}>"


def _json(title: str, home: str, listed: Sequence[Telling], markup: str) -> bytes:
    items = []
    for one in listed:
        signs = one.signs
        item: dict[str, object] = {
            "id": signs.guid,
            "title": signs.title,
            "content_html": _html(one, markup),
            "tags": [one.mark],
        }
        if signs.link:
            item["url"] = signs.link
        if signs.date:
            item["date_published"] = _rfc3339(signs.date)
        items.append(item)
    version = "https://jsonfeed.org/version/1.1"
    feed = {"version": version, "title": title, "home_page_url": home, "items": items}
    return json.dumps(feed, ensure_ascii=False).encode()


def _rss(one: Telling, markup: str) -> str:
    signs = one.signs
    return (
        f"<item><title>{escape(signs.title)}</title>"
        + (f"<link>{escape(signs.link)}</link>" if signs.link else "")
        + (f'<guid isPermaLink="false">{escape(signs.guid)}</guid>' if signs.guid else "")
        + (f"<pubDate>{format_datetime(signs.date, usegmt=True)}</pubDate>" if signs.date else "")
        + f"<category>{one.mark}</category>"
        + f"<description>{escape(_html(one, markup))}</description></item>"
    )


def _atom(one: Telling, markup: str) -> str:
    signs = one.signs
    return (
        f"<entry><title>{escape(signs.title)}</title><id>{escape(signs.guid or '')}</id>"
        + (f'<link href="{escape(signs.link)}"/>' if signs.link else "")
        + (f"<published>{_rfc3339(signs.date)}</published>" if signs.date else "")
        + f'<category term="{one.mark}"/>'
        + f'<content type="html">{escape(_html(one, markup))}</content></entry>'
    )


def _rfc3339(date: datetime) -> str:
    return date.isoformat(timespec="seconds").replace("+00:00", "Z")
