"""The search index as a file: it may go at any time, keeps its bound, and nobody waits for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aggregator.store.search import file_ranking, finds, search_file, searching
from aggregator.store.search.search_place import path_of
from aggregator.store.sqlite import SqliteStore, open_reader, open_store
from aggregator.web.search_words import read_query
from tests.making import HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model.found import Found

PLENTY = 1 << 30
ALL = feed(limit=5000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aggregator.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = open_store(path)
    store.apply((source(backfill=5000),), (ALL,), now=START)
    yield store
    store.close()


@pytest.fixture
def few_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finds, "TEXTS", 16)


def brought(store: SqliteStore, numbers: range, text: str = "text", hours: int = 0) -> None:
    entries = (entry(number, title=f"Number {number}", text=text) for number in numbers)
    absorb(store, document(*entries), START + hours * HOUR)


def indexed(store: SqliteStore, most_bytes: int = PLENTY) -> int:
    calls = 1
    while store.index_words(most_bytes=most_bytes):
        calls += 1
    return calls


def search(store: SqliteStore, asked: str, most: int = 50) -> Found:
    return store.search((ALL,), read_query(asked), most=most)


def texts_in_tables(path: Path) -> dict[int, int]:
    """Return how many texts of entries each table of words has that are not out of date."""
    with closing(sqlite3.connect(path_of(path))) as db:
        db.row_factory = sqlite3.Row
        return {
            number: db.execute(
                f"SELECT count(*) FROM indexed WHERE text_id / {finds.TEXTS} = {number}"  # noqa: S608 -- of the test
            ).fetchone()[0]
            for number in search_file.tables(db)
        }


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 99, None])
def test_the_file_may_go_or_be_spoilt_at_any_time(
    store: SqliteStore, path: Path, damage: bytes | None
) -> None:
    brought(store, range(3))
    indexed(store)
    index = path_of(path)
    assert index.stat().st_mode & 0o777 == 0o600
    for ending in ("-wal", "-shm"):
        index.with_name(index.name + ending).unlink(missing_ok=True)
    if damage is None:
        index.unlink()
    else:
        index.write_bytes(damage)
    assert not search(store, "number").hits
    indexed(store)
    assert len(search(store, "number").hits) == 3


def test_an_index_of_another_database_is_made_anew(store: SqliteStore, path: Path) -> None:
    brought(store, range(3))
    indexed(store)
    store.close()
    path.unlink()
    other = open_store(path)
    other.apply((source(),), (ALL,), now=START)
    assert not search(other, "number").is_indexed
    brought(other, range(1))
    indexed(other)
    assert len(search(other, "number").hits) == 1
    other.close()


def test_a_reader_searches_and_writes_nothing(store: SqliteStore, path: Path) -> None:
    brought(store, range(3))
    indexed(store)
    with closing(open_reader(path)) as reader:
        assert len(search(reader, "number").hits) == 3


def test_indexing_takes_no_statement_of_the_writer(store: SqliteStore) -> None:
    brought(store, range(30))
    seen: list[str] = []
    store._write(lambda db: db.set_trace_callback(seen.append))
    seen.clear()
    indexed(store)
    assert not seen


@pytest.mark.usefixtures("few_together")
def test_what_is_out_of_date_goes_with_its_table(store: SqliteStore, path: Path) -> None:
    brought(store, range(40))
    indexed(store)
    assert texts_in_tables(path) == {0: 15, 1: 16, 2: 9}
    brought(store, range(20), text="another text", hours=1)
    indexed(store)
    assert sum(texts_in_tables(path).values()) == 40
    store.prune(START + 2 * HOUR, retention=1000 * HOUR, keep_raw=HOUR)
    indexed(store)
    left = texts_in_tables(path)
    assert all(count >= 8 for count in left.values()), "what was mostly stale is gone"
    assert sum(left.values()) == 40
    assert len(search(store, "number").hits) == 40
    assert len(search(store, "another").hits) == 20


@pytest.mark.usefixtures("few_together")
def test_the_index_keeps_within_its_bound_and_forgets_what_came_first(
    store: SqliteStore, path: Path
) -> None:
    words = " ".join(f"word{number}" for number in range(2000))
    for batch in range(4):
        brought(store, range(batch * 16, batch * 16 + 16), text=words, hours=batch)
        indexed(store)
    bound = store.search_bytes() // 2
    brought(store, range(90, 91), hours=5)
    indexed(store, bound)
    tables = texts_in_tables(path)
    assert min(tables) > 0
    titles = {hit.story.title for hit in search(store, "number").hits}
    assert "Number 90" in titles
    assert "Number 0" not in titles


@pytest.mark.usefixtures("few_together")
def test_a_search_that_takes_too_long_has_the_newest(store: SqliteStore, path: Path) -> None:
    brought(store, range(40))
    indexed(store)
    clock = iter(range(100))
    (ours,) = store._writing().run(
        lambda db: db.execute("SELECT operations_id FROM counters").fetchone()
    )
    index = search_file.open_for_searching(path, ours)
    assert index is not None
    with closing(index):
        ranked, is_whole = file_ranking.ranked(
            index, read_query("number"), clock=lambda: next(clock) * finds.SECONDS
        )
    assert not is_whole
    assert len(ranked) == 9, "those of the newest table"


def test_work_is_done_in_slices(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.store.search.search_keeper.SLICES", 1)
    monkeypatch.setattr("aggregator.store.rows.slices.SECONDS", 0.0)
    brought(store, range(35))
    assert indexed(store) >= 4
    assert len(search(store, "number").hits) == 35


@pytest.mark.usefixtures("few_together")
@pytest.mark.parametrize("at_once", [1, 7, 40])
def test_pages_of_a_search_are_the_whole_of_it(store: SqliteStore, at_once: int) -> None:
    for start in range(0, 40, 10):
        brought(store, range(start, start + 10), text="text " * (start + 1), hours=start)
        indexed(store)
    whole = [hit.story.id for hit in search(store, "text").hits]
    assert len(whole) == 40
    assert search(store, "text").next is None
    told: list[str] = []
    after = None
    while True:
        page = store.search((ALL,), read_query("text"), most=at_once, after=after)
        told += [hit.story.id for hit in page.hits]
        after = page.next
        if after is None:
            break
    assert told == whole


def test_a_page_goes_on_after_what_was_read(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "READ", 5)
    brought(store, range(12))
    indexed(store)
    first = search(store, "number")
    assert (len(first.hits), first.is_whole) == (5, False)
    second = store.search((ALL,), read_query("number"), most=50, after=first.next)
    last = store.search((ALL,), read_query("number"), most=50, after=second.next)
    pages = [hit.story.id for page in (first, second, last) for hit in page.hits]
    assert len(set(pages)) == 12
    assert (last.is_whole, last.next) == (True, None)
    gone = store.search((ALL,), read_query("number"), most=50, after=1)
    assert (gone.hits, gone.next) == ((), None)
