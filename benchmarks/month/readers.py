"""Strict readers: what they fetch, what they remember, and what they have to complain of.

A reader remembers every id for ever, keeps its document when it is answered 304, takes archive
documents for immutable (RFC 5005 section 4) and never asks twice for the address of one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    import httpx

_MARK = re.compile(r"№([a-z0-9-]+)")
_ATOM = "{http://www.w3.org/2005/Atom}"
_HISTORY = "{http://purl.org/syndication/history/1.0}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a document as a reader reads it; `mark` is what the benchmark knows it by."""

    id: str
    mark: str
    title: str
    published: str
    updated: str
    text: str = ""
    categories: tuple[str, ...] = ()
    #: Addresses of the entries that are named below it, or of sources.
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A document: its feed's id, its items, the address of the older part of its archive."""

    feed_id: str
    items: tuple[Item, ...]
    older: str | None
    is_archive: bool


@dataclass
class Memory:
    """What all readers together know of ids: the one that stands for an article, for ever."""

    ids: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    feed_ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Reader:
    """One subscriber: it comes at `first` and then every `every`, or at the moments of `visits`.

    `conditions` are what it sends of what it was told: "both", "etag" or "date". `problems` are
    lines about broken laws, by law.
    """

    name: str
    path: str
    every: timedelta | None
    conditions: str = "both"
    coding: str = "gzip"
    archives: bool = False
    phase: float = 0.0
    visits: tuple[datetime, ...] = ()
    arrived: dict[str, datetime] = field(default_factory=dict)
    #: Addresses that were named below entries.
    named: set[str] = field(default_factory=set)
    fetched_at: list[datetime] = field(default_factory=list)
    requests: int = 0
    not_modified: int = 0
    archive_documents: int = 0
    problems: dict[str, list[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)
    _shown: list[str] = field(default_factory=list)
    _gone: dict[str, datetime] = field(default_factory=dict)
    _body: bytes = b""
    _etag: str | None = None
    _modified: str | None = None
    _kept: set[str] = field(default_factory=set)

    @property
    def feed(self) -> str:
        """The feed's name."""
        return self.path.rpartition("/")[2].rpartition(".")[0]

    def complain(self, law: str, line: str) -> None:
        """Remember that a law was broken."""
        self.problems.setdefault(law, []).append(line)

    async def visit(self, client: httpx.AsyncClient, now: datetime, memory: Memory) -> None:
        """Fetch the feed, and follow its archive where this reader does that."""
        headers = {"Accept-Encoding": self.coding}
        if self._etag is not None and self.conditions != "date":
            headers["If-None-Match"] = self._etag
        if self._modified is not None and self.conditions != "etag":
            headers["If-Modified-Since"] = self._modified
        answer = await self._get(client, self.path, headers)
        self.fetched_at.append(now)
        if answer.status_code == 304:
            self.not_modified += 1
            # What no reader does: whether nothing has changed is asked once more.
            again = await client.get(self.path, headers={"Accept-Encoding": self.coding})
            if again.content != self._body and (
                read(again.content, self.path).items != read(self._body, self.path).items
            ):
                self.complain("wrong 304", f"{now:%d %H:%M}: other entries, and told 304")
            return
        if answer.status_code != 200:
            self.complain("not served", f"{now:%d %H:%M}: {answer.status_code} for {self.path}")
            return
        self._etag = answer.headers.get("ETag")
        self._modified = answer.headers.get("Last-Modified")
        if answer.content == self._body and self.conditions != "date":
            self.complain("needless 200", f"{now:%d %H:%M}: the document that it has")
        self._body = answer.content
        document = read(answer.content, self.path)
        if (known := memory.feed_ids.setdefault(self.path, document.feed_id)) != document.feed_id:
            self.complain("id changed", f"the feed's: {known} became {document.feed_id}")
        self._look(document, now, memory)
        if self.archives:
            await self._follow(client, document, now, memory)

    async def _get(
        self, client: httpx.AsyncClient, address: str, headers: dict[str, str]
    ) -> httpx.Response:
        self.requests += 1
        return await client.get(address, headers=headers)

    async def _follow(
        self, client: httpx.AsyncClient, document: Read, now: datetime, memory: Memory
    ) -> None:
        """Follow links to older documents until one that is known already, or the end."""
        older = document.older
        while older is not None and older not in self._kept:
            self._kept.add(older)
            parts = urlsplit(older)
            address = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = await self._get(client, address, {"Accept-Encoding": self.coding})
            if answer.status_code != 200:
                self.complain("not served", f"{now:%d %H:%M}: {answer.status_code} for {older}")
                return
            self.archive_documents += 1
            document = read(answer.content, self.path)
            for item in document.items:
                self._meet(item, now, memory)
            older = document.older

    def _look(self, document: Read, now: datetime, memory: Memory) -> None:
        """Go through the subscription document."""
        ids = [item.id for item in document.items]
        if len(set(ids)) < len(ids):
            self.complain("twice", f"{now:%d %H:%M}: an id stands twice in one document")
        marks = [item.mark for item in document.items]
        if len(set(marks)) < len(marks):
            self.complain("twice", f"{now:%d %H:%M}: an article stands twice in one document")
        here, before = set(ids), set(self._shown)
        for item in document.items:
            self._meet(item, now, memory)
            self.titles[item.mark] = item.title
            if item.id in self._gone:
                left = self._gone.pop(item.id)
                self.complain(
                    "came back", f"{item.mark} left by {left:%d %H:%M}, is back {now:%d %H:%M}"
                )
        for one in before - here:
            self._gone[one] = now
        both = [one for one in ids if one in before]
        then = [one for one in self._shown if one in here]
        if both != then:
            moved = next(new for new, old in zip(both, then, strict=True) if new != old)
            self.complain("order", f"{self._ids[moved]} changed its place {now:%d %H:%M}")
        self._shown = ids

    def _meet(self, item: Item, now: datetime, memory: Memory) -> None:
        """Take an entry in: by its id it is known, or it is shown as new."""
        self.named.update(item.named)
        if (known := memory.ids.setdefault(item.mark, item.id)) != item.id:
            self.complain("id changed", f"{item.mark}: {known} became {item.id}")
        if (known := memory.marks.setdefault(item.id, item.mark)) != item.mark:
            self.complain("id changed", f"{item.id} was {known}, is now {item.mark}")
        if (date := memory.dates.setdefault(item.mark, item.published)) != item.published:
            self.complain("date", f"{item.mark}: {date} became {item.published}")
        if item.id in self._ids:
            return
        self._ids[item.id] = item.mark
        if item.mark in self.arrived:
            self.complain("again", f"{item.mark} is shown again as new ({item.id}) {now:%d %H:%M}")
        else:
            self.arrived[item.mark] = now


def read(body: bytes, path: str) -> Read:
    """Read a document of ours as its format's specification says."""
    match path.rpartition(".")[2]:
        case "json":
            return _read_json(json.loads(body))
        case "rss":
            return _read_rss(etree.fromstring(body))
        case _:
            return _read_atom(etree.fromstring(body))


def _read_json(feed: dict[str, Any]) -> Read:
    items = tuple(
        Item(
            id=item["id"],
            mark=_mark((item.get("content_html"), item.get("content_text")), item.get("title")),
            title=item.get("title", ""),
            published=item["date_published"][:19],
            updated=item["date_modified"],
            text=item.get("content_html", ""),
            categories=tuple(item.get("tags", ())),
            named=tuple(
                one["url"] for one in item.get("_also", {}).get("members", ()) if "url" in one
            ),
        )
        for item in feed["items"]
    )
    return Read(feed["feed_url"], items, feed.get("next_url"), is_archive=False)


def _read_atom(root: etree._Element) -> Read:
    items = []
    for entry in root.iterfind(f"{_ATOM}entry"):
        title = _text(entry, f"{_ATOM}title")
        items.append(
            Item(
                id=_text(entry, f"{_ATOM}id"),
                mark=_mark((_text(entry, f"{_ATOM}content"), _text(entry, f"{_ATOM}summary")),
                           title),
                title=title,
                published=_text(entry, f"{_ATOM}published")[:19],
                updated=_text(entry, f"{_ATOM}updated"),
                text=_text(entry, f"{_ATOM}content"),
                categories=tuple(
                    one.get("term") or "" for one in entry.iterfind(f"{_ATOM}category")
                ),
                named=_related(entry),
            )
        )  # fmt: skip
    is_archive = root.find(f"{_HISTORY}archive") is not None
    return Read(_text(root, f"{_ATOM}id"), tuple(items), _older(root), is_archive)


def _read_rss(root: etree._Element) -> Read:
    channel = root.find("channel")
    assert channel is not None  # noqa: S101 -- by RSS 2.0
    items = []
    for item in channel.iterfind("item"):
        title = _text(item, "title")
        date = parsedate_to_datetime(_text(item, "pubDate"))
        items.append(
            Item(
                id=_text(item, "guid"),
                mark=_mark((_text(item, _CONTENT), _text(item, "description")), title),
                title=title,
                published=f"{date:%Y-%m-%dT%H:%M:%S}",
                updated="",
                text=_text(item, _CONTENT) or _text(item, "description"),
                categories=tuple(one.text or "" for one in item.iterfind("category")),
                named=_related(item),
            )
        )
    is_archive = channel.find(f"{_HISTORY}archive") is not None
    return Read("", tuple(items), _older(channel), is_archive)


def _older(parent: etree._Element) -> str | None:
    for link in parent.iterfind(f"{_ATOM}link"):
        if link.get("rel") == "prev-archive":
            return str(link.get("href"))
    return None


def _related(parent: etree._Element) -> tuple[str, ...]:
    links = parent.iterfind(f"{_ATOM}link[@rel='related']")
    return tuple(link.get("href") or "" for link in links)


def _text(parent: etree._Element, name: str) -> str:
    found = parent.findtext(name)
    return found or ""


def _mark(texts: Iterable[str | None], title: str | None) -> str:
    """Return an entry's mark; entries of the first release's fixture have their title for one."""
    for text in texts:
        if text and (found := _MARK.search(text)):
            return found[1]
    return title or ""
