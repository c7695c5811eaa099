"""The search index: a file of its own beside the database, made of it and never needed by it.

It may be deleted at any time. It holds tokens of texts, not the texts: what is found is read from
the database, which says whether it is still so.
"""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.store.engines.connection import connect, make_private
from aggregator.store.engines.sqlite_errors import primary_code, store_error
from aggregator.store.search.search_place import path_of
from aggregator.web import search_words

if TYPE_CHECKING:
    from pathlib import Path

#: Another number is another layout, or other tokens: the file is made anew.
VERSION = 100 * 1 + search_words.SCHEME

_SCHEMA = (
    # Which text is the newest of an entry, and of which of its versions; a text that is in a table
    # of words and not here is out of date. Numbers are never given twice. What is out of date goes
    # with its table, since SQLite before 3.43 takes nothing out of one without its text.
    """CREATE TABLE indexed (
        text_id INTEGER PRIMARY KEY,
        entry_id INTEGER NOT NULL UNIQUE,
        content_hash BLOB NOT NULL,
        changed_at INTEGER NOT NULL
    ) STRICT""",
    # Up to which change of each feed's archive the entries have been looked at.
    """CREATE TABLE feed_cursors (
        feed_id INTEGER PRIMARY KEY,
        change_key INTEGER NOT NULL
    ) STRICT""",
    # Entries whose table of words was dropped, since most of it was out of date.
    "CREATE TABLE again (entry_id INTEGER PRIMARY KEY) STRICT",
    """CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        operations_id TEXT NOT NULL,
        next_text_id INTEGER NOT NULL DEFAULT 1,
        change_key INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
)


def open_for_indexing(database: Path, operations_id: str) -> sqlite3.Connection:
    """Open the index of the database with this id for writing; make it where needed.

    One that is damaged, of another version or of another database is made anew. Raises
    `StoreError`.
    """
    path = path_of(database)
    try:
        connection = _opened(path, operations_id)
        if connection is None:
            remove(database)
            connection = _opened(path, operations_id)
    except (sqlite3.Error, OSError) as error:
        if "fts5" in str(error):
            raise StoreError(
                "search does not work: this Python's SQLite has no FTS5; install another Python"
            ) from error
        raise store_error(path, error) from error
    if connection is None:
        raise StoreError(f"{path}: the search index cannot be made; look at its folder's rights")
    return connection


def _opened(path: Path, operations_id: str) -> sqlite3.Connection | None:
    make_private(path)
    connection = connect(path, "rw")
    try:
        if _version(connection) == 0:
            _create(connection, operations_id)
        if _is_of(connection, operations_id):
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA journal_size_limit = 16777216")
            return connection
    except sqlite3.Error as error:
        if not _is_damage(error):
            connection.close()
            raise
    connection.close()
    return None


def _create(connection: sqlite3.Connection, operations_id: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    create_table(connection, 0)
    connection.execute("INSERT INTO state (id, operations_id) VALUES (1, ?)", (operations_id,))
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def open_for_searching(database: Path, operations_id: str) -> sqlite3.Connection | None:
    """Open the index of the database with this id for reading, `None` where there is no such."""
    path = path_of(database)
    if not path.exists():
        return None
    try:
        connection = connect(path, "ro")
        try:
            if _is_of(connection, operations_id):
                return connection
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if _is_damage(error):  # it is made anew when something is to be added
            return None
        raise store_error(path, error) from error
    connection.close()
    return None


def _is_of(connection: sqlite3.Connection, operations_id: str) -> bool:
    if _version(connection) != VERSION:
        return False
    row = connection.execute("SELECT operations_id FROM state").fetchone()
    return row is not None and bool(row[0] == operations_id)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _is_damage(error: sqlite3.Error) -> bool:
    return primary_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def remove(database: Path) -> None:
    """Remove the index, where there is one."""
    path = path_of(database)
    for ending in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()


def create_table(connection: sqlite3.Connection, number: int) -> None:
    """Make a table of words; it holds no texts, and spaces alone part our tokens."""
    connection.execute(
        f"""CREATE VIRTUAL TABLE IF NOT EXISTS words_{number}
            USING fts5 (title, text, content = '', tokenize = 'ascii')"""
    )


def tables(connection: sqlite3.Connection) -> list[int]:
    """Return the numbers of the tables of words, oldest first."""
    rows = connection.execute(
        """SELECT CAST(substr(name, 7) AS INTEGER) AS number FROM sqlite_schema
            WHERE name GLOB 'words_[0-9]*' AND sql GLOB 'CREATE VIRTUAL*' ORDER BY number"""
    )
    return [number for (number,) in rows.fetchall()]
