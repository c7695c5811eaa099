"""Everything a database holds, written as JSON lines (`stored_lines`)."""

# sqlite: the whole module

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import aggregator
from aggregator.store.copies.stored_lines import Head, end_line, head_line, row_line
from aggregator.store.engines.connection import open_reader
from aggregator.store.engines.sqlite_errors import store_error
from aggregator.store.texts.packed_texts import FIELDS, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

#: Lines are handed on together, as many as have about so many bytes.
_TOGETHER_BYTES = 1 << 16


def export(path: Path, now: datetime) -> Iterator[bytes]:
    """Yield what the database holds, as of one moment, some lines at a time.

    It is read row by row. The daemon may go on writing; until the last line is read its journal
    cannot be folded back into the database, and grows with what is written.

    Raises:
        NoStoreError: There is none yet.
        StoreError: It cannot be used.
    """
    try:
        with closing(open_reader(path)) as db:
            db.execute("BEGIN")
            yield from _together(lines(db, now))
    except sqlite3.Error as error:
        raise store_error(path, error) from error


def lines(db: sqlite3.Connection, now: datetime) -> Iterator[bytes]:
    """Yield each line of a database that nobody writes meanwhile, of whichever schema it is."""
    digest = hashlib.sha256()
    (schema,) = db.execute("PRAGMA user_version").fetchone()
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    line = head_line(Head(schema, aggregator.__version__, at))
    digest.update(line)
    yield line
    counts = dict.fromkeys(told_tables(db), 0)
    for table in counts:
        for line in _rows(db, table):
            digest.update(line)
            counts[table] += 1
            yield line
    yield end_line(counts, digest.hexdigest())


def tables(db: sqlite3.Connection) -> tuple[str, ...]:
    """Return the tables of a schema that hold what is stored, by name."""
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    # SQLite's statistics and the list of migrations are made anew.
    return tuple(name for (name,) in found if not name.startswith(("sqlite_", "_sqlite_")))


def told_tables(db: sqlite3.Connection) -> tuple[str, ...]:
    """Return the tables of which lines are: all but what packs texts, which is made anew."""
    return tuple(name for name in tables(db) if name != "dictionaries")


def told_columns(db: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return the declared type of each column that a line of a table has."""
    if table == "texts":
        return {"entry_id": "INTEGER", **dict.fromkeys(FIELDS, "TEXT")}
    return columns_of(db, table)


def _rows(db: sqlite3.Connection, table: str) -> Iterator[bytes]:
    columns = tuple(told_columns(db, table))
    if table == "texts":
        for row in db.execute("SELECT * FROM texts"):
            yield row_line(table, columns, (row["entry_id"], *texts_in(db, row).all().values()))
        return
    rows = db.cursor()
    rows.row_factory = None
    for row in rows.execute(f"SELECT {', '.join(columns)} FROM {table}"):  # noqa: S608 -- of the schema
        yield row_line(table, columns, row)


def columns_of(db: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return the declared type of each column of a table."""
    rows = db.execute("SELECT name, type FROM pragma_table_info(?) ORDER BY cid", (table,))
    return {str(row["name"]): str(row["type"]) for row in rows}


def _together(each: Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for line in each:
        waiting += line
        if len(waiting) >= _TOGETHER_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
