"""No transaction is long, whatever is done: it is bounded by the rows that it writes."""

from __future__ import annotations

from datetime import timedelta
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest

from aggregator.model.instants import micros
from aggregator.store.rows.slices import ROWS
from aggregator.store.sqlite import SqliteStore, open_store
from aggregator.store.upkeep.retention import BATCH, KeptSince, prune_in_slices
from tests.costs import feeds_of, fill, sources_of
from tests.making import DAY, HOUR, START, absorb, document, entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Sources of 60 entries each.
COUNT = 40

#: What a pruned entry takes with it: keys, marks, its places in feeds and archives.
ROWS_OF_AN_ENTRY = 25


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = open_store(tmp_path_factory.mktemp("slices") / "aggregator.db")
    fill(store, sources_of(COUNT))
    yield store
    store.close()


def largest(store: SqliteStore, work: Callable[[], object]) -> tuple[int, int]:
    """Return how many rows the largest transaction of some work writes, and all of them."""
    assert store._writer is not None
    totals = [store._writer.run(lambda db: db.total_changes)]
    refresh = store._writer._committed

    def committed(db: sqlite3.Connection) -> None:
        totals.append(db.total_changes)
        refresh(db)

    store._writer._committed = committed
    work()
    store._writer._committed = refresh
    steps = [after - before for before, after in pairwise(totals)]
    return max(steps, default=0), sum(steps)


def test_sources_that_are_overdue_are_spread_in_slices(filled: SqliteStore) -> None:
    most, all_ = largest(filled, lambda: filled.spread(START + 9 * DAY, lambda: 0.5))
    assert all_ == COUNT
    assert most <= ROWS


def test_windows_move_and_entries_are_forgotten_in_slices(filled: SqliteStore) -> None:
    narrow = feeds_of(sources_of(COUNT), window=HOUR)
    filled.apply(sources_of(COUNT), narrow, now=START + 40 * DAY)
    absorb(filled, document(entry("late")), START + 40 * DAY, name="s1")

    def prune() -> None:
        filled.prune(START + 200 * DAY, retention=90 * DAY, keep_raw=DAY)

    most, all_ = largest(filled, prune)
    assert all_ > 10 * most
    assert most <= BATCH * ROWS_OF_AN_ENTRY


def test_a_feeds_window_moves_in_slices(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    fill(store, sources_of(COUNT))
    everything = next(one for one in feeds_of(sources_of(COUNT)) if one.name == "all")
    store.apply(sources_of(COUNT), (everything,), now=START)
    version = store.feed_version("all")
    moved: list[tuple[str, ...]] = []

    most, all_ = largest(store, lambda: moved.append(store.advance(START + 60 * DAY)))
    assert moved == [("all",)]
    assert len(store.select(everything).stories) == everything.min_entries
    assert store.feed_version("all") != version
    assert store.advance(START + 60 * DAY) == ()
    store.close()
    assert all_ > 4 * most
    assert most <= ROWS + 5


def test_forgetting_ends_a_slice_in_time(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    fill(store, sources_of(COUNT // 4))
    store.apply(sources_of(COUNT // 4), (), now=START + 40 * DAY)
    seconds = count(0, 1)
    assert store._writer is not None

    def forget() -> None:
        before = micros(START + 100 * DAY)
        now = micros(START + 200 * DAY)
        gone = prune_in_slices(
            store._write, now=now, kept=KeptSince(before), clock=lambda: next(seconds)
        )
        assert gone == COUNT // 4 * 60

    most, all_ = largest(store, forget)
    store.close()
    assert all_ > COUNT // 4 * 60
    assert most <= ROWS_OF_AN_ENTRY


def test_raw_fields_are_dropped_in_slices(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    fill(store, sources_of(COUNT // 4))

    def drop() -> None:
        store.prune(START + 2 * DAY, retention=90 * DAY, keep_raw=timedelta(hours=1))

    most, all_ = largest(store, drop)
    store.close()
    assert all_ >= COUNT // 4 * 60
    # A trigger counts what each of them takes, of its source and of all.
    assert most <= 3 * BATCH
