"""Filling the search index: what feeds show, in slices, beside polls and never in their way.

Which entries are new or were edited is told by the archives of feeds, whose change keys only grow.
A slice reads the database and writes the index, so that the database's writer waits for nothing.
"""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from aggregator.store import search_file
from aggregator.store.entry_texts import visible_in
from aggregator.store.packed_texts import COLUMNS, texts_in
from aggregator.store.search_place import path_of
from aggregator.store.slices import ROWS, Slice
from aggregator.store.sqlite_errors import store_error
from aggregator.store.value_lists import rows_of
from aggregator.stories.searched_texts import MOST_HTML, indexed_text
from aggregator.web.search_words import tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Entries that are looked at together: some 10 ms of texts.
_TOGETHER = 10

_PENDING = """
    SELECT a.feed_id, a.entry_id, a.change_key FROM main.feed_cursors c
      JOIN stored.feeds f ON f.id = c.feed_id
      JOIN stored.archive a ON a.feed_id = c.feed_id AND a.change_key > c.change_key
     WHERE f.removed_at IS NULL AND c.feed_id >= ?
     ORDER BY c.feed_id, a.change_key LIMIT ?
"""


def fill(database: Path, *, most_bytes: int, slices: int) -> bool:
    """Index some of what is new; tell whether there is more. Raises `StoreError`."""
    connection = search_file.open_for_indexing(database)
    try:
        (largest,) = connection.execute("SELECT largest_change_key FROM stored.counters").fetchone()
        row = connection.execute(
            "SELECT change_key, EXISTS (SELECT 1 FROM main.again) AS again FROM main.state"
        ).fetchone()
        if row["change_key"] == largest and not row["again"]:
            return False
        _know_feeds(connection)
        is_done = _fill(connection, slices)
        if is_done:
            connection.execute("UPDATE main.state SET change_key = ?", (largest,))
        _keep_within(connection, most_bytes)
    except sqlite3.Error as error:
        raise store_error(path_of(database), error) from error
    finally:
        connection.close()
    return not is_done


def _know_feeds(connection: sqlite3.Connection) -> None:
    connection.execute(
        """INSERT OR IGNORE INTO main.feed_cursors (feed_id, change_key)
           SELECT id, 0 FROM stored.feeds WHERE removed_at IS NULL"""
    )


def _fill(connection: sqlite3.Connection, slices: int) -> bool:
    """Index what is pending, so many transactions at most; tell whether it is all done."""
    feed_id = 0
    for _ in range(slices):
        ends = Slice()
        connection.execute("BEGIN IMMEDIATE")
        went_on = _index_some(connection, feed_id)
        while went_on is not None and not ends.is_over:
            went_on = _index_some(connection, went_on)
        connection.execute("COMMIT")
        if went_on is None:
            return True
        feed_id = went_on
    return False


def _index_some(connection: sqlite3.Connection, feed_id: int) -> int | None:
    """Index a few entries; return the feed to go on with, `None` where nothing is left."""
    again = connection.execute("SELECT entry_id FROM main.again LIMIT ?", (_TOGETHER,)).fetchall()
    if again:
        entry_ids = [row["entry_id"] for row in again]
        connection.executemany(
            "DELETE FROM main.again WHERE entry_id = ?", [(one,) for one in entry_ids]
        )
        _index(connection, entry_ids)
        return feed_id
    rows = connection.execute(_PENDING, (feed_id, _TOGETHER)).fetchall()
    if not rows:
        return None
    _index(connection, list(dict.fromkeys(row["entry_id"] for row in rows)))
    connection.executemany(
        "UPDATE main.feed_cursors SET change_key = ? WHERE feed_id = ?",
        [(row["change_key"], row["feed_id"]) for row in rows],
    )
    return int(rows[-1]["feed_id"])


def _index(connection: sqlite3.Connection, entry_ids: Sequence[int]) -> None:
    """Add the texts of some entries to the newest table of words, unless they are there as are."""
    rows = rows_of(
        connection,
        f"""SELECT e.id, e.title, e.content_hash, e.changed_at, x.text_id, {COLUMNS}
              FROM stored.entries e JOIN stored.texts t ON t.entry_id = e.id
              LEFT JOIN main.indexed x ON x.entry_id = e.id
                   AND x.content_hash = e.content_hash AND x.changed_at = e.changed_at
             WHERE e.id IN ({{marks}})""",  # noqa: S608 -- built of constants
        entry_ids,
    )
    for row in [row for row in rows if row["text_id"] is None]:
        (text_id,) = connection.execute(
            "UPDATE main.state SET next_text_id = next_text_id + 1 RETURNING next_text_id - 1"
        ).fetchone()
        number, place = divmod(text_id, search_file.TEXTS)
        if not place:
            search_file.create_table(connection, number)
        texts = texts_in(connection, row)
        text = indexed_text(visible_in(texts, MOST_HTML), texts["summary"])
        connection.execute(
            f"INSERT INTO main.words_{number} (rowid, title, text) VALUES (?, ?, ?)",  # noqa: S608 -- a number of ours
            (text_id, tokens_of(row["title"]), tokens_of(text)),
        )
        connection.execute(
            """INSERT OR REPLACE INTO main.indexed (text_id, entry_id, content_hash, changed_at)
               VALUES (?, ?, ?, ?)""",
            (text_id, row["id"], row["content_hash"], row["changed_at"]),
        )


def sweep(database: Path) -> None:
    """Forget what is no more in the database; drop tables of which most is out of date.

    What is kept of those is indexed again. Raises `StoreError`.
    """
    if not path_of(database).exists():
        return
    connection = search_file.open_for_indexing(database)
    try:
        after: int | None = 0
        while after is not None:
            after = _sweep_some(connection, after)
        for number in search_file.tables(connection)[:-1]:
            (kept,) = connection.execute(
                "SELECT count(*) FROM main.indexed WHERE text_id BETWEEN ? AND ?", _texts_in(number)
            ).fetchone()
            if kept * 2 < search_file.TEXTS:
                _drop(connection, number, is_kept=True)
    except sqlite3.Error as error:
        raise store_error(path_of(database), error) from error
    finally:
        connection.close()


def _sweep_some(connection: sqlite3.Connection, after: int) -> int | None:
    rows = connection.execute(
        """SELECT x.text_id, e.id AS kept FROM (
              SELECT * FROM main.indexed WHERE text_id > ? ORDER BY text_id LIMIT ?) x
             LEFT JOIN stored.entries e ON e.id = x.entry_id""",
        (after, ROWS),
    ).fetchall()
    gone = [(row["text_id"],) for row in rows if row["kept"] is None]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("DELETE FROM main.indexed WHERE text_id = ?", gone)
    connection.execute("COMMIT")
    return int(rows[-1]["text_id"]) if len(rows) == ROWS else None


def _keep_within(connection: sqlite3.Connection, most_bytes: int) -> None:
    """Drop the oldest tables of words while the index takes more than it may."""
    for number in search_file.tables(connection)[:-1]:
        (pages,) = connection.execute("PRAGMA main.page_count").fetchone()
        (free,) = connection.execute("PRAGMA main.freelist_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA main.page_size").fetchone()
        if (pages - free) * page_bytes <= most_bytes:
            return
        _drop(connection, number, is_kept=False)


def _drop(connection: sqlite3.Connection, number: int, *, is_kept: bool) -> None:
    """Drop a table of words; where they are kept, what is in it is indexed again."""
    connection.execute("BEGIN IMMEDIATE")
    if is_kept:
        connection.execute(
            """INSERT OR IGNORE INTO main.again (entry_id)
               SELECT entry_id FROM main.indexed WHERE text_id BETWEEN ? AND ?""",
            _texts_in(number),
        )
    connection.execute("DELETE FROM main.indexed WHERE text_id BETWEEN ? AND ?", _texts_in(number))
    connection.execute(f"DROP TABLE main.words_{number}")
    connection.execute("COMMIT")


def _texts_in(number: int) -> tuple[int, int]:
    first = number * search_file.TEXTS
    return first, first + search_file.TEXTS - 1
