"""A publisher that numbers every entry, and the account of where the numbers are afterwards.

What a document has listed stays listed until a request carries the validator of a document that
held it: whatever happens to the daemon in between, no number has a right to be missing.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types

from aggregator.stories.tombstones import mark_of
from tests.feed_documents import item, rss
from tests.web import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.web import Request

#: So many entries are in a document; the first has fewer, as readers get few old ones (`backfill`).
LISTED = 60
FIRST = 5
#: Each answer brings so many more.
STEP = 2

_TITLE = re.compile(r"([a-z0-9-]+) no (\d+)")


@dataclass
class Book:
    """One source's publisher: a route of a `Publisher` that numbers what it lists."""

    name: str
    newest: int = FIRST
    acknowledged: int = 0
    requests: int = 0
    closed: bool = False
    #: Of so many answers one brings something new.
    every: int = 1
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    dates: dict[int, datetime] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        """List the newest entries, with more than the last time."""
        self.requests += 1
        validator = (request.header("If-None-Match") or b"").strip(b'"')
        if validator.isdigit():
            self.acknowledged = max(self.acknowledged, int(validator))
        # Before the first document is stored there is nothing new: readers get few old entries.
        if self.acknowledged and not self.closed and self.requests % self.every == 0:
            room = self.acknowledged + LISTED - self.newest
            self.newest += max(0, min(STEP, room))
        now = self.clock()
        numbers = range(self.newest, max(0, self.newest - LISTED), -1)
        items = (self._item(number, now) for number in numbers)
        return Reply(body=rss(*items, title=self.name), etag=b'"%d"' % self.newest)

    def _item(self, number: int, now: datetime) -> str:
        at = self.dates.setdefault(number, now)
        return item(f"{self.name}-{number}", at, title=f"{self.name} no {number}")


@dataclass(frozen=True, slots=True)
class Account:
    """How often each number was found: `lost` nowhere, `doubled` more than once.

    `pruned` are those that retention has taken.
    """

    published: int
    pruned: frozenset[str]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]


def stored(path: Path, books: list[Book]) -> Account:
    """Account for every number in the database: as an entry, or as what retention has taken."""
    with closing(sqlite3.connect(path)) as db:
        count = Counter(title for (title,) in db.execute("SELECT title FROM entries"))
        gone = {mark for (mark,) in db.execute("SELECT mark FROM tombstones")}
    pruned = {
        f"{book.name} no {number}"
        for book in books
        for number in range(1, book.newest + 1)
        if mark_of(f"guid:tag:site.example,2026:{book.name}-{number}") in gone
    }
    for title in pruned:
        count[title] += 1
    return _account(count, books, frozenset(pruned))


def shown(fetch: Callable[[str], bytes], feed: str, books: list[Book]) -> Account:
    """Account for every number in a feed and its archives, which any feed reader can follow."""
    document = feedparser.parse(fetch(f"/feeds/{feed}.atom"))
    count = Counter(set(_titles(document)))
    repeated = [title for title, times in Counter(_titles(document)).items() if times > 1]
    archived: Counter[str] = Counter()
    ids: dict[str, set[str]] = {}
    while True:
        for entry in document.entries:
            ids.setdefault(entry.title, set()).add(entry.id)
        older = next((link.href for link in document.feed.links if link.rel == "prev-archive"), "")
        if not older:
            break
        document = feedparser.parse(fetch("/" + older.split("/", 3)[3]))
        archived.update(_titles(document))
    count |= archived  # what is in the feed may be in its archive too (RFC 5005 section 4)
    for title in repeated:
        count[title] += 1
    for title, known in ids.items():
        count[title] += len(known) - 1
    return _account(count, books, frozenset())


def is_sound(path: Path) -> bool:
    """Tell whether SQLite finds nothing wrong with a database."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return found and db.execute("PRAGMA foreign_key_check").fetchone() is None


def _titles(document: feedparser.FeedParserDict) -> list[str]:
    return [entry.title for entry in document.entries if _TITLE.fullmatch(entry.title)]


def _account(count: Counter[str], books: list[Book], pruned: frozenset[str]) -> Account:
    wanted = [f"{book.name} no {n}" for book in books for n in range(1, book.newest + 1)]
    return Account(
        len(wanted),
        pruned,
        tuple(title for title in wanted if not count[title]),
        tuple(title for title in wanted if count[title] > 1),
    )
