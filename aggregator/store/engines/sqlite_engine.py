"""SQLite as the engine that keeps the store's rows: one file."""

# sqlite: the whole module

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.store.engines import connection as connections
from aggregator.store.engines.damage import find_damage
from aggregator.store.engines.engine import Engine
from aggregator.store.engines.sqlite_errors import store_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aggregator.model.errors import StoreDamagedError, StoreError
    from aggregator.store.engines.readers import Readers


_ASIDE = re.compile(r"CREATE (TABLE|INDEX|UNIQUE INDEX) ")


def _named_aside(match: re.Match[str]) -> str:
    """Return how what makes a table, or an index, begins for one of a connection alone."""
    return f"CREATE {match[1]} temp."


class SqliteEngine(Engine):
    """Keeps the promises of `aggregator.store.engines.engine.Engine` for the file at `path`."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    most_readers = None

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    @override
    def place(self) -> str:
        return str(self._path)

    @override
    def open_writer(self) -> sqlite3.Connection:
        return connections.open_writer(self._path)

    @override
    def open_reader(self) -> sqlite3.Connection:
        return connections.open_reader(self._path)

    @override
    def begin_writing(self, connection: sqlite3.Connection, *, beside: bool = False) -> None:
        connection.execute("BEGIN IMMEDIATE")  # whatever else it is: a file has one writer

    @override
    def take_turn(self, connection: sqlite3.Connection) -> None:
        pass  # nobody writes beside it

    @override
    def begin_reading(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")

    @override
    def is_in_transaction(self, connection: sqlite3.Connection) -> bool:
        return connection.in_transaction

    @override
    def finish(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            pass  # the journal is replayed at the next start: nothing is lost
        finally:
            connection.close()

    @override
    def undoes_all(self, error: Exception) -> bool:
        # A full disk, an I/O error: SQLite has undone the transaction. Damaged pages are another
        # kind, which other jobs may not need.
        return isinstance(error, sqlite3.OperationalError)

    @override
    def is_mistake(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError)

    @override
    def told(self, error: Exception) -> StoreError:
        assert isinstance(error, sqlite3.Error)  # noqa: S101 -- by `errors`
        return store_error(self._path, error)

    @override
    def size_bytes(self, connection: sqlite3.Connection) -> int:
        # What is in the write-ahead log counts, as after the next checkpoint.
        (size,) = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
        return int(size)

    @override
    def sizes_bytes(self, connection: sqlite3.Connection) -> dict[str, int]:
        return {
            "database": _size(self._path),
            "log": _size(self._path.with_name(f"{self._path.name}-wal")),
        }

    @override
    def set_aside(
        self, connection: sqlite3.Connection, tables: Sequence[str], *, copied: Sequence[str]
    ) -> tuple[str, str]:
        connection.execute("PRAGMA query_only = OFF")
        for table in tables:
            made = connection.execute(
                """SELECT sql FROM main.sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL
                    ORDER BY type DESC""",
                (table,),
            ).fetchall()
            for (sql,) in made:
                connection.execute(_ASIDE.sub(_named_aside, sql, count=1))
        for table in copied:
            connection.execute(f"INSERT INTO temp.{table} SELECT * FROM main.{table}")  # noqa: S608 -- a table of ours
        return "temp", "main"

    @override
    def find_damage(self, readers: Readers) -> StoreDamagedError | None:
        return find_damage(self._path, readers)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
