"""Whether the same work costs the same beside little and beside much that is stored.

CPU of the whole process for each piece of work, the store's own thread included, and the steps of
SQLite's virtual machine, which are the same in every run.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from aggregator.model import NotModified
from aggregator.store.sqlite import SqliteStore, open_store
from benchmarks.speed import transactions
from benchmarks.speed.figures import Figure
from tests.costs import feeds_of, measured, of_source, sources_of
from tests.making import DAY, HOUR, START, absorb, finish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Entries of each source.
ENTRIES = 200
#: Beside how many sources the steps are counted: as tests/test_sqlite_cost.py does.
FEW, MANY = 50, 400
_UNCHANGED = NotModified("https://one.example/feed.xml")
#: Frames of the write-ahead log: its own header, and one before each page.
_LOG_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True, slots=True)
class Size:
    """How much is stored."""

    sources: int

    @property
    def entries(self) -> int:
        """All entries together."""
        return self.sources * ENTRIES


def cpu(home: Path, sizes: tuple[Size, ...], tell: Callable[[str], None]) -> list[Figure]:
    """Return the CPU ms of each piece of work beside so much."""
    figures = []
    for size in sizes:
        path = home / f"growth-{size.sources}.db"
        began = time.process_time()
        store = open_store(path)
        try:
            _fill(store, size)
            tell(f"{size.entries} entries stored in {time.process_time() - began:.0f} s of CPU")
            for name, values in _work(store, size).items():
                figures.append(Figure(f"growth/{name}/{size.entries}", "ms", values))
            if size == sizes[-1]:
                figures += transactions.longest(store, size.sources, size.entries)
        finally:
            store.close()
        figures.append(
            Figure(f"growth/database/{size.entries}", "MB", (path.stat().st_size / 1e6,))
        )
    return figures


def steps(home: Path) -> list[Figure]:
    """Return the steps of each piece of work beside few sources and beside many."""
    figures = []
    for count in (FEW, MANY):
        folder = home / f"steps-{count}"
        folder.mkdir()
        for name, found in measured(count, folder).items():
            figures.append(Figure(f"steps/{name}/{count} sources", "steps", (found,)))
    return figures


def pages(home: Path, count: int = 50) -> list[Figure]:
    """Return how many pages of the database one poll writes that has no news, and comes alone."""
    path = home / "pages.db"
    store = open_store(path)
    try:
        store.apply(sources_of(count), feeds_of(sources_of(count)), now=START)
        for number in range(count):
            absorb(store, of_source(f"s{number}", range(20)), START + HOUR, name=f"s{number}")
        with closing(sqlite3.connect(path)) as other:
            page = other.execute("PRAGMA page_size").fetchone()[0]
        written = []
        for number in range(10):
            with closing(sqlite3.connect(path)) as other:
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finish(store, _UNCHANGED, START + (2 + number) * HOUR, name=f"s{number}")
            size = path.with_name(path.name + "-wal").stat().st_size
            written.append((size - _LOG_HEADER) / (page + _FRAME_HEADER))
    finally:
        store.close()
    return [Figure("write/pages of one idle poll", "pages", (median(written),))]


def _fill(store: SqliteStore, size: Size) -> None:
    sources = sources_of(size.sources)
    store.apply(sources, feeds_of(sources), now=START)
    for place, one in enumerate(sources):
        at = START + timedelta(seconds=place)
        absorb(store, of_source(one.name, range(ENTRIES)), at, name=one.name)


def _work(store: SqliteStore, size: Size) -> dict[str, tuple[float, ...]]:
    later = START + 2 * HOUR
    feeds = feeds_of(sources_of(size.sources))
    newest, tagged = (
        next(one for one in feeds if one.name == name) for name in ("newest", "tags/t0")
    )

    def claim() -> None:
        states = store.claim_due(later + DAY, limit=10, busy=frozenset(), claimer="bench")
        store.release(tuple(one.lease for one in states if one.lease is not None))

    def poll(name: str) -> None:
        finish(store, _UNCHANGED, later, name=name)

    def poll_news(name: str) -> None:
        absorb(store, fresh[name], later, name=name)

    def status(name: str) -> None:
        store.status((name,))

    names = [f"s{number}" for number in range(10)]
    fresh = {name: of_source(name, range(ENTRIES - 19, ENTRIES + 1)) for name in names}
    return {
        "poll without news": _each(poll, names),
        "poll with one new entry": _each(poll_news, names),
        "selection of the newest": tuple(_ms(lambda: store.select(newest)) for _ in range(5)),
        "selection of a tag": tuple(_ms(lambda: store.select(tagged)) for _ in range(5)),
        "claim of ten": tuple(_ms(claim) for _ in range(5)),
        "status row": _each(status, names),
        "advance, nothing to drop": tuple(
            _ms(lambda: store.advance(later + HOUR)) for _ in range(3)
        ),
    }


def _each(work: Callable[[str], object], names: list[str]) -> tuple[float, ...]:
    return tuple(_ms(partial(work, name)) for name in names)


def _ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000
