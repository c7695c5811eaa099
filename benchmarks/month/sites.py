"""The publishers of the month: sites whose articles follow the trace, on loopback.

Every article carries a mark ("№key-12") in its text, by which a reader of the benchmark knows it
again whatever becomes of its id, title, address and date. Sites differ in format, ids, dates,
validators and length of document; some of that changes in the course of the month.
"""

from __future__ import annotations

import hashlib
import json
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any

from tests.web import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATH = "/feed.xml"

KINDS = ("rss", "atom", "json")
GUIDS = ("permalink", "number", "tag", "none")
DATINGS = ("dated", "dated", "dated", "late", "undated", "dated", "ahead", "day")
VALIDATORS = ("both", "etag", "date", "weak", "none")

#: Every so many articles of a site with late articles one appears this long after its date.
LATE_EVERY, LATE = 7, timedelta(hours=30)
#: Every so many articles of a ruled site hold the word that its rule is about.
WORD, WORD_EVERY = "advertorial", 3

#: Sites that tell of the same event write of it within so long, some of them, in their own words.
EVENT_S = 2 * 3600
_EVENT_TOLD_BY = 1 / 3
_SYLLABLES = ("ka", "ro", "mi", "tel", "ves", "dun", "por", "sha", "lin", "gor", "ba", "zet")

_WORDS = (
    *("release", "kernel", "market", "battery", "camera", "手机", "发布", "系统", "更新", "芯片"),
    *("network", "orbit", "paper", "museum", "harbour", "budget", "电池", "屏幕", "价格", "北京"),
    *("election", "storm", "river", "bridge", "compiler", "editor", "licence", "harvest", "glass"),
)


@dataclass(frozen=True, slots=True)
class Article:
    """One article: when it is dated and when its site shows it (seconds since the epoch)."""

    number: int
    dated: float
    shown: float


@dataclass
class Site:
    """One publisher. `now` is the true time; what an operator's event changes is a plain field."""

    key: str
    articles: tuple[Article, ...]
    now: Callable[[], datetime]
    kind: str = "rss"
    guids: str = "permalink"
    dating: str = "dated"
    validators: str = "both"
    length: int = 20
    long_texts: bool = True
    scheme: str = "https"
    host: str = ""
    #: How often ids were changed; `random_ids` changes them with every answer.
    era: int = 0
    random_ids: bool = False
    #: Addresses of articles under another structure, with which ids change as well.
    relaunched: bool = False
    #: At a new system: other host, other addresses, other ids, other markup; titles and dates stay.
    moved_in: bool = False
    #: Addresses of articles are `view.php?code=12`, or signed anew in each answer.
    coded: bool = False
    signed: bool = False
    cut: bool = False
    ruled: bool = False
    #: The site whose articles this one passes on, under ids of its own.
    echoes: Site | None = None
    #: Items (RSS) that it lists for ever besides its articles.
    extra: str = ""
    #: The mark of each address that an article was ever given.
    links: dict[str, str] = field(default_factory=dict)
    #: When articles were edited.
    edits: dict[int, list[datetime]] = field(default_factory=dict)
    #: When a mark was first in a document that the daemon has got, by true time.
    got: dict[str, datetime] = field(default_factory=dict)
    #: What each answer listed, or confirmed: time and marks.
    answers: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    #: While this is set, what is answered may be lost: the process that asks will be killed.
    doomed: bool = False
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def __post_init__(self) -> None:
        self.host = self.host or f"{self.key}.example"
        self._appearing = sorted(self.articles, key=lambda one: one.shown)
        self._made_of: tuple[object, ...] = ()
        self._body = b""
        self._moments = [one.shown for one in self._appearing]
        self._events = dict(self._told_events())

    def _told_events(self) -> Iterator[tuple[int, int]]:
        """Yield the articles that tell of an event which others tell of, too: one for each."""
        told = set()
        for one in self.articles:
            event = int(one.dated // EVENT_S)
            dice = random.Random(f"{self.key} tells {event}")  # noqa: S311 # a plan, not a secret
            if event not in told and dice.random() < _EVENT_TOLD_BY:
                told.add(event)
                yield one.number, event

    def move_in(self) -> None:
        """Move to a new system."""
        self.host, self.era, self.moved_in = f"new-{self.key}.example", 1, True

    def mark(self, number: int) -> str:
        """Return what an article is known by."""
        return self.echoes.mark(number) if self.echoes is not None else f"{self.key}-{number}"

    def listed(self) -> list[Article]:
        """Return what the document lists now, newest date first."""
        known = self._appearing[: bisect_right(self._moments, self.now().timestamp())]
        known = sorted(known[-4 * self.length :], key=lambda one: (one.dated, one.number))
        return known[::-1][: self.length]

    def all_shown(self, until: datetime) -> set[str]:
        """Return the marks of all articles that were shown by then."""
        return {self.mark(one.number) for one in self.articles if one.shown <= until.timestamp()}

    def __call__(self, request: Request) -> Reply:
        """Answer a poll."""
        listed = self.listed()
        body = self._rendered(listed)
        if self.cut:
            # In the middle of an item: what stands before it is whole.
            middle = len(listed) // 2
            listed, body = listed[:middle], _cut_in(body, middle)
        digest = hashlib.sha256(body).hexdigest()[:16].encode()
        etag = modified = None
        if self.validators in ("both", "etag"):
            etag = b'"' + digest + b'"'
        if self.validators == "weak":
            etag = b'W/"' + digest + b'"'
        if self.validators in ("both", "date") and listed and not self.edits:
            newest = datetime.fromtimestamp(max(one.shown for one in self._known()), UTC)
            modified = format_datetime(newest, usegmt=True).encode()
        same = etag is not None and request.header("If-None-Match") == etag
        if etag is None and modified is not None and not self.cut:
            same = request.header("If-Modified-Since") == modified
        self._note(listed)
        media_type = {"rss": "application/rss+xml", "atom": "application/atom+xml"}
        return Reply(
            status=304 if same else 200,
            headers={"Content-Type": media_type.get(self.kind, "application/feed+json")},
            body=b"" if same else body,
            etag=etag,
            last_modified=modified,
        )

    def _known(self) -> list[Article]:
        return self._appearing[: bisect_right(self._moments, self.now().timestamp())]

    def _note(self, listed: Sequence[Article]) -> None:
        if self.doomed:
            return
        marks = frozenset(self.mark(one.number) for one in listed)
        at = self.now()
        self.answers.append((at, marks))
        for mark in marks:
            self.got.setdefault(mark, at)

    def _rendered(self, listed: Sequence[Article]) -> bytes:
        """Render, unless the document is the one of before."""
        edits = sum(map(len, self.edits.values()))
        made_of = ([one.number for one in listed], edits, self.era, self.relaunched, self.scheme,
                   self.host, self.moved_in)  # fmt: skip
        if self.random_ids or self.signed or made_of != self._made_of:
            self._made_of, self._body = made_of, self.render(listed)
        return self._body

    # --- documents ------------------------------------------------------------------------------

    def render(self, listed: Sequence[Article]) -> bytes:
        """Return the document that lists these articles."""
        items = [self._item(one) for one in listed]
        home = f"{self.scheme}://{self.host}/"
        if self.kind == "json":
            version = "https://jsonfeed.org/version/1.1"
            feed = {"version": version, "title": f"Site {self.key}", "home_page_url": home}
            return json.dumps(feed | {"items": items}, ensure_ascii=False, indent=1).encode()
        head = f"<title>Site {self.key}</title>"
        if self.kind == "atom":
            return (
                '<?xml version="1.0" encoding="utf-8"?>'
                f'<feed xmlns="http://www.w3.org/2005/Atom">{head}<id>tag:{self.key}.example,2020:'
                f'feed</id><updated>2027-01-01T00:00:00Z</updated><link href="{home}"/>'
                f"{''.join(map(_atom_entry, items))}</feed>"
            ).encode()
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"{head}<link>{home}</link><description>d</description>"
            f"{''.join(map(_rss_item, items))}{self.extra}</channel></rss>"
        ).encode()

    def _item(self, article: Article) -> dict[str, Any]:
        number, owner = article.number, self.echoes or self
        edits = self.edits.get(number, [])
        dice = random.Random(f"{owner.key} {number}")  # noqa: S311 # words, not a secret
        event = owner._events.get(number)  # noqa: SLF001 # of its own kind
        title = (
            f"{' '.join(dice.sample(_WORDS, 4))} {number}"
            if event is None
            else _event_title(event, dice)
        )
        words = " ".join(dice.choices(_WORDS, k=60 if self.long_texts else 6))
        if self.ruled and number % WORD_EVERY == 0:
            title = f"{WORD} {title}"
        if edits:
            title, words = f"{title} (update {len(edits)})", f"{words} Correction {len(edits)}."
        link = self._link(number, title)
        self.links[link] = self.mark(number)
        element = "div" if self.moved_in else "p"
        item: dict[str, Any] = {
            "url": link,
            "title": title,
            "content_html": f"<{element}>{words} №{self.mark(number)}</{element}>",
        }
        guid = self._guid(article, link)
        if guid is not None:
            item["id"] = guid
        elif self.kind != "rss":
            item["id"] = link
        date = datetime.fromtimestamp(article.dated, UTC)
        if self.dating == "ahead":
            date += timedelta(hours=8)  # local time, written as if it were UTC
        elif self.dating == "day":
            date = date.replace(hour=0, minute=0, second=0)
        if self.dating != "undated":
            item["date_published"] = date.isoformat().replace("+00:00", "Z")
            item["pubDate"] = format_datetime(date, usegmt=True)
        if edits and self.kind != "rss":
            item["date_modified"] = edits[-1].isoformat(timespec="seconds").replace("+00:00", "Z")
        return item

    def _link(self, number: int, title: str) -> str:
        owner = self.echoes or self
        link = f"{owner.scheme}://{owner.host}/articles/{number}.html"
        if self.relaunched:
            link = f"{self.scheme}://{self.host}/stories/{number:06}/{'-'.join(title.split()[:3])}"
        elif self.coded:
            link = f"{self.scheme}://{self.host}/view.php?code={number}"
        elif self.moved_in:
            link = f"{self.scheme}://{self.host}/p/{number:x}"
        if self.signed:
            link += (
                f"?timestamp={self.dice.getrandbits(32)}&signature={self.dice.getrandbits(64):x}"
            )
        return link

    def _guid(self, article: Article, link: str) -> str | None:
        number = article.number
        if self.random_ids:
            return f"tag:{self.key}.example,2020:{self.dice.getrandbits(64):x}"
        if self.era:
            return f"https://{self.host}/?p={self.era * 1_000_000 + number}"
        match self.guids:
            case "permalink":
                return link
            case "number":
                return f"{number}"
            case "tag":
                return f"tag:{self.key}.example,2020:{number}"
            case _:
                return None


def _event_title(event: int, dice: random.Random) -> str:
    """Return what one site writes of an event: its names, and some of the words that all choose."""
    of_event = random.Random(f"event {event}")  # noqa: S311 # words, not a secret
    names = ["".join(of_event.sample(_SYLLABLES, 3)).title() for _ in range(2)]
    return " ".join([*names, *dice.sample(of_event.sample(_WORDS, 5), 4)])


def _rss_item(item: dict[str, Any]) -> str:
    guid = item.get("id")
    return (
        f"<item><title>{escape(item['title'])}</title><link>{escape(item['url'])}</link>"
        + (f'<guid isPermaLink="false">{escape(guid)}</guid>' if guid else "")
        + (f"<pubDate>{item['pubDate']}</pubDate>" if "pubDate" in item else "")
        + f"<description>{escape(item['content_html'])}</description></item>"
    )


def _atom_entry(item: dict[str, Any]) -> str:
    published = item.get("date_published")
    updated = item.get("date_modified", published)
    return (
        f"<entry><title>{escape(item['title'])}</title><id>{escape(item['id'])}</id>"
        f'<link href="{escape(item["url"])}"/>'
        + (f"<published>{published}</published>" if published else "")
        + (f"<updated>{updated}</updated>" if updated else "")
        + f'<content type="html">{escape(item["content_html"])}</content></entry>'
    )


def _cut_in(body: bytes, item: int) -> bytes:
    """Return the part of a document that ends in the text of its item `item`, counted from 0."""
    opening = b"<item>" if b"<item>" in body else b"<entry>"
    at = -1
    for _ in range(item + 1):
        at = body.index(opening, at + 1)
    return body[: body.index(b"&lt;p&gt;", at) + 20]
