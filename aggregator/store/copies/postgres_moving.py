"""A database on PostgreSQL as what a store moves from, or to."""

# sqlite: the whole module

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
from typing_extensions import override

from aggregator.model.errors import StoreError
from aggregator.store.copies.moved_tables import moved_tables
from aggregator.store.copies.moving import Destination, Digest, Kept, Origin
from aggregator.store.engines.postgres_engine import PostgresEngine
from aggregator.store.engines.roles import Role
from aggregator.store.engines.schema_version import MOVING_TABLE, SCHEMA_VERSION
from aggregator.store.schemas import postgres_schema

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from aggregator.store.copies.moved_tables import MovedTable
    from aggregator.store.engines.postgres_connection import PostgresConnection

#: What the server is sent at once.
_TOGETHER_BYTES = 1 << 18

#: What COPY calls the types of columns in its binary form.
_TYPES = {"INTEGER": "int8", "TEXT": "text", "BLOB": "bytea", "REAL": "float8"}

#: What rows are brought quicker without: the statements that make it, and that remove it.
#: References are removed before the indexes that they go by, and made after them.
_PUT_OFF = """
    SELECT 1, pg_get_indexdef(i.indexrelid), format('DROP INDEX %s', i.indexrelid::regclass)
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT 1 FROM pg_constraint
                        WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 2, format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                     conrelid::regclass, conname, pg_get_constraintdef(oid)),
           format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
      FROM pg_constraint
     WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 3, pg_get_triggerdef(t.oid), format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
     ORDER BY 1, 2"""


class _Postgres(Kept):
    """The database at `url`, which no other process polls."""

    def __init__(self, url: str) -> None:
        self._engine = PostgresEngine(url, role=Role.ALONE)
        self._db: PostgresConnection = self._engine.connect()

    @property
    @override
    def place(self) -> str:
        return self._engine.place

    @override
    @contextmanager
    def telling(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._engine.told(error) from error

    @override
    def digest(self, table: MovedTable) -> Digest:
        columns = ", ".join(
            f"encode(float8send({name}), 'hex')" if kind == "REAL" else name
            for name, kind in table.columns
        )
        digest, count = hashlib.sha256(), 0
        with self._db.copy(
            f"COPY (SELECT {columns} FROM {table.name} ORDER BY {table.order}) TO STDOUT"  # noqa: S608 -- of the schema
        ) as lines:
            for some in lines:
                digest.update(some)
                count += bytes(some).count(b"\n")  # one that is text is spelt otherwise
        return Digest(count, digest.hexdigest())

    @override
    def close(self) -> None:
        self._db.close()

    def _row(self, statement: str, values: tuple[object, ...] = ()) -> tuple[Any, ...]:
        """Return the one row of a statement."""
        return next(iter(self._db.execute(statement, values)))


class PostgresOrigin(_Postgres, Origin):
    """Keeps the promises of `Origin` for the database at `url`; rows are tuples of values."""

    def __init__(self, url: str) -> None:
        """Hold it. Raises `NoStoreError`, `BusyError`, `StoreError`."""
        super().__init__(url)
        try:
            self._engine.open_reader().close()  # whether there is one, and which
            with self.telling():
                self._refuse_newer()
                self._engine.begin_reading(cast("sqlite3.Connection", self._db))
        except BaseException:
            self.close()
            raise

    def _refuse_newer(self) -> None:
        """Raise `StoreOutgrownError` for a schema of which we do not know all columns."""
        version = postgres_schema.version_of(self._db, self.place)
        if version > SCHEMA_VERSION:
            raise postgres_schema.outgrown(self.place, version)

    @override
    def rows(
        self, table: MovedTable, after: tuple[object, ...] | None
    ) -> Iterator[tuple[Any, ...]]:
        where = "" if after is None else f"WHERE {table.after}"
        with self._db.copy(
            f"COPY (SELECT {table.names} FROM {table.name} {where} ORDER BY {table.order})"  # noqa: S608 -- of the schema
            " TO STDOUT (FORMAT binary)",
            after or (),
        ) as copy:
            copy.set_types([_TYPES[kind] for _, kind in table.columns])
            yield from copy.rows()


class PostgresDestination(_Postgres, Destination):
    """Keeps the promises of `Destination` for the database at `url`; rows are lines."""

    @override
    def stamp(self) -> str | None:
        is_half, count = self._row(
            """SELECT to_regclass(?) IS NOT NULL,
                      (SELECT count(*) FROM pg_catalog.pg_tables
                        WHERE schemaname = current_schema())""",
            (MOVING_TABLE,),
        )
        if is_half:
            stamp, version = self._row(
                f"SELECT stamp, version FROM {MOVING_TABLE}, aggregator_schema"  # noqa: S608 -- a constant
            )
            if version == SCHEMA_VERSION:
                return str(stamp)
        if count:
            raise StoreError(
                f"{self.place}: there are tables already; make an empty database, and name it"
            )
        return None

    @override
    def begin(self, stamp: str) -> None:
        if self.stamp() is None:
            postgres_schema.alone(self._db, lambda: self._make_half(stamp))
            return
        names = ", ".join(table.name for table in moved_tables())
        self._db.begin("BEGIN")
        self._db.execute(f"TRUNCATE {names}")
        self._db.execute(f"UPDATE {MOVING_TABLE} SET stamp = ?", (stamp,))  # noqa: S608 -- a constant
        self._db.execute("COMMIT")

    def _make_half(self, stamp: str) -> None:
        """Make tables without rows; what rows are brought quicker without is put off."""
        postgres_schema.create(self._db, SCHEMA_VERSION)
        made = self._db.execute(_PUT_OFF).fetchall()
        for _, _, removed in sorted(made, key=lambda one: -one[0]):
            self._db.execute(removed)
        for table in moved_tables():
            self._db.execute(f"DELETE FROM {table.name}")  # noqa: S608 -- of the schema
        self._db.execute(f"CREATE TABLE {MOVING_TABLE} (stamp text, put_off text)")
        self._db.execute(
            f"INSERT INTO {MOVING_TABLE} VALUES (?, ?)",  # noqa: S608 -- a constant
            (stamp, json.dumps([statement for _, statement, _ in made])),
        )

    @override
    def count(self, table: MovedTable) -> int:
        return int(self._row(f"SELECT count(*) FROM {table.name}")[0])  # noqa: S608 -- of the schema

    @override
    def last_key(self, table: MovedTable) -> tuple[object, ...] | None:
        row = self._db.execute(table.last()).fetchone()
        return None if row is None else tuple(row)

    @override
    def put(self, table: MovedTable, rows: Iterable[bytes]) -> int:
        count, waiting = 0, bytearray()
        self._db.begin("BEGIN")
        if not table.key:
            self._db.execute(f"DELETE FROM {table.name}")  # noqa: S608 -- of the schema
        with self._db.copy(f"COPY {table.name} ({table.names}) FROM STDIN") as copy:
            for line in rows:
                count += 1
                waiting += line
                if len(waiting) >= _TOGETHER_BYTES:
                    copy.write(bytes(waiting))
                    waiting.clear()
            copy.write(bytes(waiting))
        self._db.execute("COMMIT")
        return count

    @override
    def finish(self) -> None:
        (put_off,) = self._row(f"SELECT put_off FROM {MOVING_TABLE}")  # noqa: S608 -- a constant
        self._db.begin("BEGIN")
        for statement in json.loads(put_off):
            self._db.execute(statement)
        for table in moved_tables():
            if table.key == ("id",):
                self._db.execute(
                    f"""SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),
                                      coalesce(max(id), 0) + 1, false) FROM {table.name}"""  # noqa: S608 -- of the schema
                )
        self._db.execute(f"DROP TABLE {MOVING_TABLE}")
        self._db.execute("COMMIT")
        for table in moved_tables():  # how plans are made before the server has looked by itself
            self._db.execute(f"ANALYZE {table.name}")

    @override
    def spoil(self) -> None:
        self._db.execute(f"UPDATE {MOVING_TABLE} SET stamp = ''")  # noqa: S608 -- a constant
