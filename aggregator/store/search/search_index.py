"""Filling the search index: what feeds show, in slices, beside polls and never in their way.

Which entries are new or were edited is told by the archives of feeds, whose change keys only grow.
A slice reads the database and writes the index, so that the database's writer waits for nothing.
"""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from aggregator.store.engines.sqlite_errors import store_error
from aggregator.store.rows.slices import ROWS, Slice
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.search import search_file
from aggregator.store.search.search_place import path_of
from aggregator.store.texts.entry_texts import visible_in
from aggregator.store.texts.packed_texts import COLUMNS, texts_in
from aggregator.stories.searched_texts import MOST_HTML, indexed_text
from aggregator.web.search_words import tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aggregator.store.search.index_hold import IndexHold

#: Entries that are looked at together: some 10 ms of texts.
_TOGETHER = 10


def fill(
    database: Path,
    stored: sqlite3.Connection,
    *,
    most_bytes: int,
    slices: int,
    hold: IndexHold | None = None,
) -> bool:
    """Index some of what is new in a database; tell whether there is more. Raises `StoreError`."""
    ours, largest = stored.execute(
        "SELECT operations_id, largest_change_key FROM counters"
    ).fetchone()
    index = search_file.open_for_indexing(database, ours, hold)
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
    waiting = [feed_id for (feed_id,) in feeds]
    for _ in range(slices):
        ends = Slice()
        index.execute("BEGIN IMMEDIATE")
        went_on = _index_some(index, stored, waiting)
        while went_on and not ends.is_over:
            went_on = _index_some(index, stored, waiting)
        index.execute("COMMIT")
        if not went_on:
            return True
    return False


def _index_some(index: sqlite3.Connection, stored: sqlite3.Connection, waiting: list[int]) -> bool:
    """Index a few entries of the feeds that wait; tell whether there was anything to do.

    A feed of which nothing is left waits no more.
    """
    again = index.execute("SELECT entry_id FROM again LIMIT ?", (_TOGETHER,)).fetchall()
    if again:
        entry_ids = [row["entry_id"] for row in again]
        index.executemany("DELETE FROM again WHERE entry_id = ?", [(one,) for one in entry_ids])
        _index(index, stored, entry_ids)
        return True
    while waiting:
        found = index.execute(
            "SELECT change_key FROM feed_cursors WHERE feed_id = ?", (waiting[0],)
        ).fetchone()
        rows = stored.execute(
            """SELECT entry_id, change_key FROM archive WHERE feed_id = ? AND change_key > ?
                ORDER BY change_key LIMIT ?""",
            (waiting[0], 0 if found is None else found["change_key"], _TOGETHER),
        ).fetchall()
        if rows:
            _index(index, stored, list(dict.fromkeys(row["entry_id"] for row in rows)))
            index.execute(
                "INSERT OR REPLACE INTO feed_cursors (feed_id, change_key) VALUES (?, ?)",
                (waiting[0], rows[-1]["change_key"]),
            )
            return True
        del waiting[0]
    return False


def _index(index: sqlite3.Connection, stored: sqlite3.Connection, entry_ids: Sequence[int]) -> None:
    """Add the texts of some entries to the newest table of words, unless they are there as are."""
    rows = rows_of(
        stored,
        f"""SELECT e.id, e.title, e.content_hash, e.changed_at, {COLUMNS}
              FROM entries e JOIN texts t ON t.entry_id = e.id
             WHERE e.id IN ({{marks}})""",  # noqa: S608 -- built of constants
        entry_ids,
    )
    known = {
        tuple(row)
        for row in rows_of(
            index,
            "SELECT entry_id, content_hash, changed_at FROM indexed WHERE entry_id IN ({marks})",
            entry_ids,
        )
    }
    for row in rows:
        if (row["id"], row["content_hash"], row["changed_at"]) in known:
            continue
        (text_id,) = index.execute(
            "UPDATE state SET next_text_id = next_text_id + 1 RETURNING next_text_id - 1"
        ).fetchone()
        number, place = divmod(text_id, search_file.TEXTS)
        if not place:
            search_file.create_table(index, number)
        texts = texts_in(stored, row)
        text = indexed_text(visible_in(texts, MOST_HTML), texts["summary"])
        index.execute(
            f"INSERT INTO words_{number} (rowid, title, text) VALUES (?, ?, ?)",  # noqa: S608 -- a number of ours
            (text_id, tokens_of(row["title"]), tokens_of(text)),
        )
        index.execute(
            """INSERT OR REPLACE INTO indexed (text_id, entry_id, content_hash, changed_at)
               VALUES (?, ?, ?, ?)""",
            (text_id, row["id"], row["content_hash"], row["changed_at"]),
        )


def sweep(database: Path, stored: sqlite3.Connection, hold: IndexHold | None = None) -> None:
    """Forget what is no more in the database; drop tables of which most is out of date.

    What is kept of those is indexed again. Raises `StoreError`.
    """
    if not path_of(database).exists():
        return
    (ours,) = stored.execute("SELECT operations_id FROM counters").fetchone()
    index = search_file.open_for_indexing(database, ours, hold)
    try:
        after: int | None = 0
        while after is not None:
            after = _sweep_some(index, stored, after)
        for number in search_file.tables(index)[:-1]:
            (kept,) = index.execute(
                "SELECT count(*) FROM indexed WHERE text_id BETWEEN ? AND ?", _texts_in(number)
            ).fetchone()
            if kept * 2 < search_file.TEXTS:
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
    first = number * search_file.TEXTS
    return first, first + search_file.TEXTS - 1
