"""Filling the search index: what feeds show, in slices, beside polls and never in their way.

A slice reads the database and writes the index, so that the database's writer waits for nothing.
"""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.store.engines.sqlite_errors import store_error
from aggregator.store.rows.slices import ROWS, Slice
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.search import finds, search_file
from aggregator.store.search.pending import (
    TOGETHER,
    Index,
    Version,
    Worded,
    index_entries,
    index_some,
)
from aggregator.store.search.search_place import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def fill(database: Path, stored: sqlite3.Connection, *, most_bytes: int, slices: int) -> bool:
    """Index some of what is new in a database; tell whether there is more. Raises `StoreError`."""
    ours, largest = stored.execute(
        "SELECT operations_id, largest_change_key FROM counters"
    ).fetchone()
    index = search_file.open_for_indexing(database, ours)
    try:
        row = index.execute(
            "SELECT change_key, EXISTS (SELECT 1 FROM again) AS again FROM state"
        ).fetchone()
        if row["change_key"] == largest and not row["again"]:
            return False
        is_done = _fill(index, stored, slices)
        if is_done:
            index.execute("UPDATE state SET change_key = ?", (largest,))
        _keep_within(index, most_bytes)
    except sqlite3.Error as error:
        raise store_error(path_of(database), error) from error
    finally:
        index.close()
    return not is_done


def _fill(index: sqlite3.Connection, stored: sqlite3.Connection, slices: int) -> bool:
    """Index what is pending, so many transactions at most; tell whether it is all done."""
    feeds = stored.execute("SELECT id FROM feeds WHERE removed_at IS NULL ORDER BY id").fetchall()
    waiting, words = [feed_id for (feed_id,) in feeds], _Words(index)
    for _ in range(slices):
        ends = Slice()
        index.execute("BEGIN IMMEDIATE")
        went_on = _index_some(words, stored, waiting)
        while went_on and not ends.is_over:
            went_on = _index_some(words, stored, waiting)
        index.execute("COMMIT")
        if not went_on:
            return True
    return False


def _index_some(index: _Words, stored: sqlite3.Connection, waiting: list[int]) -> bool:
    """Index a few entries, those that are to be indexed again first; tell whether any was."""
    entry_ids = index.again()
    if entry_ids:
        index_entries(index, stored, entry_ids)
        return True
    return index_some(index, stored, waiting)


class _Words(Index):
    """The tables of words of a file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._file = connection

    def again(self) -> list[int]:
        """Return, and forget, a few entries that are to be indexed again."""
        rows = self._file.execute("SELECT entry_id FROM again LIMIT ?", (TOGETHER,)).fetchall()
        entry_ids = [row["entry_id"] for row in rows]
        self._file.executemany(
            "DELETE FROM again WHERE entry_id = ?", [(one,) for one in entry_ids]
        )
        return entry_ids

    @override
    def change_key(self, feed_id: int) -> int:
        found = self._file.execute(
            "SELECT change_key FROM feed_cursors WHERE feed_id = ?", (feed_id,)
        ).fetchone()
        return 0 if found is None else int(found["change_key"])

    @override
    def looked_at(self, feed_id: int, change_key: int) -> None:
        self._file.execute(
            "INSERT OR REPLACE INTO feed_cursors (feed_id, change_key) VALUES (?, ?)",
            (feed_id, change_key),
        )

    @override
    def versions(self, entry_ids: Sequence[int]) -> set[Version]:
        rows = rows_of(
            self._file,
            "SELECT entry_id, content_hash, changed_at FROM indexed WHERE entry_id IN ({marks})",
            entry_ids,
        )
        return {(row[0], row[1], row[2]) for row in rows}

    @override
    def add(self, entries: Sequence[Worded]) -> None:
        for one in entries:
            (text_id,) = self._file.execute(
                "UPDATE state SET next_text_id = next_text_id + 1 RETURNING next_text_id - 1"
            ).fetchone()
            number, place = divmod(text_id, finds.TEXTS)
            if not place:
                search_file.create_table(self._file, number)
            self._file.execute(
                f"INSERT INTO words_{number} (rowid, title, text) VALUES (?, ?, ?)",  # noqa: S608 -- a number of ours
                (text_id, one.title, one.text),
            )
            self._file.execute(
                """INSERT OR REPLACE INTO indexed (text_id, entry_id, content_hash, changed_at)
                   VALUES (?, ?, ?, ?)""",
                (text_id, *one.version),
            )


def sweep(database: Path, stored: sqlite3.Connection) -> None:
    """Forget what is no more in the database; drop tables of which most is out of date.

    What is kept of those is indexed again. Raises `StoreError`.
    """
    if not path_of(database).exists():
        return
    (ours,) = stored.execute("SELECT operations_id FROM counters").fetchone()
    index = search_file.open_for_indexing(database, ours)
    try:
        after: int | None = 0
        while after is not None:
            after = _sweep_some(index, stored, after)
        for number in search_file.tables(index)[:-1]:
            (kept,) = index.execute(
                "SELECT count(*) FROM indexed WHERE text_id BETWEEN ? AND ?", _texts_in(number)
            ).fetchone()
            if kept * 2 < finds.TEXTS:
                _drop(index, number, is_kept=True)
    except sqlite3.Error as error:
        raise store_error(path_of(database), error) from error
    finally:
        index.close()


def _sweep_some(index: sqlite3.Connection, stored: sqlite3.Connection, after: int) -> int | None:
    rows = index.execute(
        "SELECT text_id, entry_id FROM indexed WHERE text_id > ? ORDER BY text_id LIMIT ?",
        (after, ROWS),
    ).fetchall()
    found = rows_of(
        stored,
        "SELECT id FROM entries WHERE id IN ({marks})",
        [row["entry_id"] for row in rows],
    )
    kept = {entry_id for (entry_id,) in found}
    gone = [(row["text_id"],) for row in rows if row["entry_id"] not in kept]
    index.execute("BEGIN IMMEDIATE")
    index.executemany("DELETE FROM indexed WHERE text_id = ?", gone)
    index.execute("COMMIT")
    return int(rows[-1]["text_id"]) if len(rows) == ROWS else None


def _keep_within(connection: sqlite3.Connection, most_bytes: int) -> None:
    """Drop the oldest tables of words while the index takes more than it may."""
    for number in search_file.tables(connection)[:-1]:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        if (pages - free) * page_bytes <= most_bytes:
            return
        _drop(connection, number, is_kept=False)


def _drop(connection: sqlite3.Connection, number: int, *, is_kept: bool) -> None:
    """Drop a table of words; where they are kept, what is in it is indexed again."""
    connection.execute("BEGIN IMMEDIATE")
    if is_kept:
        connection.execute(
            """INSERT OR IGNORE INTO again (entry_id)
               SELECT entry_id FROM indexed WHERE text_id BETWEEN ? AND ?""",
            _texts_in(number),
        )
    connection.execute("DELETE FROM indexed WHERE text_id BETWEEN ? AND ?", _texts_in(number))
    connection.execute(f"DROP TABLE words_{number}")
    connection.execute("COMMIT")


def _texts_in(number: int) -> tuple[int, int]:
    first = number * finds.TEXTS
    return first, first + finds.TEXTS - 1
