"""A file of SQLite as what a store moves from, or to."""

# sqlite: the whole module

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model.errors import StoreError
from aggregator.store.copies.exporting import tables
from aggregator.store.copies.moving import Destination, Digest, Kept, Origin
from aggregator.store.engines import connection as connections
from aggregator.store.engines.built_aside import (
    building,
    fault,
    put_in_place,
    refuse_journal,
    use_alone,
)
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.schema_version import (
    APPLICATION_ID,
    HALF,
    MOVING_TABLE,
    SCHEMA_VERSION,
)
from aggregator.store.engines.sqlite_errors import damaged, store_error
from aggregator.store.schemas import migrations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aggregator.store.copies.moved_tables import MovedTable


class _Sqlite(Kept):
    """The file at `path`, which this process holds."""

    _db: sqlite3.Connection

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hold = Hold(path, is_daemon=False)

    @property
    @override
    def place(self) -> str:
        return str(self._path)

    @override
    @contextmanager
    def telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise store_error(self._path, error) from error

    @override
    def digest(self, table: MovedTable) -> Digest:
        digest, count = hashlib.sha256(), 0
        statement = f"SELECT {table.line('bits')} FROM {table.name} ORDER BY {table.order}"  # noqa: S608 -- of the schema
        for (line,) in self._tuples(statement):
            digest.update(line)
            count += 1
        return Digest(count, digest.hexdigest())

    @override
    def close(self) -> None:
        try:
            self._db.close()
        finally:
            self._hold.release()

    def _connected(self, db: sqlite3.Connection) -> sqlite3.Connection:
        # A number has several spellings: it is compared by its bits, and brought by a spelling
        # from which these are read again.
        db.create_function("bits", 1, lambda value: struct.pack(">d", value).hex())
        db.create_function("spelt", 1, repr)
        return db

    def _tuples(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        cursor = self._db.cursor()
        cursor.row_factory = None
        return cursor.execute(statement, values)


class SqliteOrigin(_Sqlite, Origin):
    """Keeps the promises of `Origin` for the database at `path`; rows are lines."""

    def __init__(self, path: Path) -> None:
        """Hold it. Raises `NoStoreError`, `BusyError`, `StoreError`."""
        connections.open_reader(path).close()  # nothing is made where nothing is
        super().__init__(path)
        try:
            with self.telling():
                self._db = self._connected(connections.open_reader(path))
                self._db.execute("BEGIN")
                self._db.execute("SELECT 1 FROM counters").fetchone()
        except BaseException:
            self._hold.release()
            raise

    @override
    def rows(self, table: MovedTable, after: tuple[object, ...] | None) -> Iterator[bytes]:
        where = "" if after is None else f"WHERE {table.after}"
        statement = f"SELECT {table.line('spelt')} FROM {table.name} {where} ORDER BY {table.order}"  # noqa: S608 -- of the schema
        return (line for (line,) in self._tuples(statement, after or ()))


class SqliteDestination(_Sqlite, Destination):
    """Keeps the promises of `Destination` for a file at `path`; rows are tuples of values."""

    def __init__(self, path: Path) -> None:
        """Hold its place. Raises `BusyError`, `StoreError`."""
        super().__init__(path)
        self._db = sqlite3.connect(":memory:")  # there is no file yet, or nobody knows of what

    @override
    def stamp(self) -> str | None:
        if not self._path.exists():
            refuse_journal(self._path)
            return None
        self._open()
        (whose,) = self._db.execute("PRAGMA application_id").fetchone()
        if whose == HALF:
            return str(self._db.execute(f"SELECT stamp FROM {MOVING_TABLE}").fetchone()[0])  # noqa: S608 -- a constant
        if whose or self._db.execute("SELECT 1 FROM sqlite_schema").fetchone() is not None:
            raise StoreError(
                f"{self._path}: there is a database already; name another file, or move that one "
                "away, with the files beside it that have its name"
            )
        return None

    @override
    def begin(self, stamp: str) -> None:
        if self._path.exists():
            use_alone(self._db)  # its journal would be taken for the new one's
        self._db.close()
        with building(self._path, "moving") as aside:
            with closing(connections.connect(aside, "rw")) as db:
                _make_half(db, stamp)
            put_in_place(aside, self._path)
        self._open()

    def _open(self) -> None:
        self._db.close()
        self._db = self._connected(connections.connect(self._path, "rw"))
        self._db.execute("PRAGMA journal_mode = WAL").fetchone()
        # Whoever reads that all is there may remove where it was.
        self._db.execute("PRAGMA synchronous = FULL")

    @override
    def count(self, table: MovedTable) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608 -- of the schema

    @override
    def last_key(self, table: MovedTable) -> tuple[object, ...] | None:
        row: tuple[object, ...] | None = self._tuples(table.last()).fetchone()
        return row

    @override
    def put(self, table: MovedTable, rows: Iterable[tuple[object, ...]]) -> int:
        marks = ", ".join("?" * len(table.columns))
        self._db.execute("BEGIN IMMEDIATE")
        if not table.key:
            self._db.execute(f"DELETE FROM {table.name}")  # noqa: S608 -- of the schema
        count = self._db.executemany(
            f"INSERT INTO {table.name} ({table.names}) VALUES ({marks})",  # noqa: S608 -- of the schema
            rows,
        ).rowcount
        self._db.execute("COMMIT")
        return max(count, 0)  # of no rows at all it is -1

    @override
    def finish(self) -> None:
        (put_off,) = self._db.execute(f"SELECT put_off FROM {MOVING_TABLE}").fetchone()  # noqa: S608 -- a constant
        self._db.execute("BEGIN IMMEDIATE")
        for statement in json.loads(put_off):
            self._db.execute(statement)
        self._db.execute(f"DROP TABLE {MOVING_TABLE}")
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        if (found := fault(self._db)) is not None:
            raise damaged(self._path, found)
        self._db.execute("COMMIT")

    @override
    def spoil(self) -> None:
        self._db.execute(f"UPDATE {MOVING_TABLE} SET stamp = ''")  # noqa: S608 -- a constant


def _make_half(db: sqlite3.Connection, stamp: str) -> None:
    """Make tables without rows; what rows are brought quicker without is put off."""
    migrations.bring_to(db, SCHEMA_VERSION)
    made = db.execute(
        """SELECT type, name, sql FROM sqlite_schema
            WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, rowid"""
    ).fetchall()
    db.execute("BEGIN")
    for kind, name, _ in made:
        db.execute(f"DROP {kind} {name}")
    for table in tables(db):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 -- of the schema
    db.execute(f"CREATE TABLE {MOVING_TABLE} (stamp TEXT NOT NULL, put_off TEXT NOT NULL) STRICT")
    db.execute(
        f"INSERT INTO {MOVING_TABLE} VALUES (?, ?)",  # noqa: S608 -- a constant
        (stamp, json.dumps([sql for _, _, sql in made])),
    )
    db.execute(f"PRAGMA application_id = {HALF}")
    db.execute("COMMIT")
