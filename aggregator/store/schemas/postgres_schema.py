"""The tables of a database on PostgreSQL: those that the migrations make, in its words."""

# sqlite: the whole module

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, cast

from psycopg.errors import LockNotAvailable

from aggregator.model.errors import StoreError, StoreOutgrownError
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.postgres_words import FUNCTIONS, spoken_table
from aggregator.store.engines.schema_version import (
    APPLICATION_ID,
    MIGRATIONS_TABLE,
    MOVING_TABLE,
    SCHEMA_VERSION,
    WORKS_DOWN_TO,
    half_moved,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlite_utils import Database

    from aggregator.store.engines.postgres_connection import PostgresConnection
    from aggregator.store.schemas import migrations
else:  # for the few starts that make tables
    migrations = LateModule("aggregator.store.schemas.migrations")

_MAKES_TABLES = re.compile(r"\s*(?:CREATE|ALTER) ")

#: Locks of a database that are ours: who writes just now, who is at work there, who makes tables,
#: who leads, whose turn it is of those who write beside each other, who writes the search index (6
#: is the fleet's).
WRITES, WORKS, MIGRATES, LEADS, TURNS, INDEXES = 1, 2, 3, 4, 5, 7

#: Nobody's statements wait for longer behind a statement that changes a table.
_LOCK_TIMEOUT = "5s"

_VERSION = "CREATE TABLE aggregator_schema (version bigint NOT NULL, works_down_to bigint)"

#: The version, and the oldest one whose programs may go on: of tables that were made before there
#: was such a number, the version itself.
VERSIONS = """SELECT version,
    coalesce((to_jsonb(aggregator_schema) ->> 'works_down_to')::bigint, version) AS works_down_to
    FROM aggregator_schema"""

#: What triggers do, by their names: a trigger calls a function here.
_TRIGGERS = {
    "polls_counted": (
        """CREATE FUNCTION polls_counted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO source_days VALUES (NEW.source_id, NEW.polled_at / 86400000000, 1,
              (NEW.outcome = 'not-modified')::int, (NEW.outcome = 'failed')::int, NEW.new)
          ON CONFLICT (source_id, day) DO UPDATE SET polls = source_days.polls + 1,
              unmodified = source_days.unmodified + excluded.unmodified,
              failures = source_days.failures + excluded.failures,
              new = source_days.new + excluded.new;
          RETURN NULL;
        END $$""",
        """CREATE TRIGGER polls_counted AFTER INSERT ON polls FOR EACH ROW
        WHEN (NEW.outcome IN ('parsed', 'same-body', 'not-modified', 'failed'))
        EXECUTE FUNCTION polls_counted()""",
    ),
    "source_days_forgotten": (
        """CREATE FUNCTION source_days_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          DELETE FROM source_days WHERE source_id = NEW.source_id AND day <= NEW.day - 15;
          RETURN NULL;
        END $$""",
        """CREATE TRIGGER source_days_forgotten AFTER INSERT ON source_days FOR EACH ROW
        EXECUTE FUNCTION source_days_forgotten()""",
    ),
}


def lock_key(number: int) -> str:
    """Return the numbers of one of our locks, as an expression: each schema has its own ones."""
    return f"{APPLICATION_ID}, (hashtext(current_schema()) & -8) + {number}"


def is_lock(number: int) -> str:
    """Return the condition that a row `l` of pg_locks is about one of our locks, had or awaited."""
    return f"""l.locktype = 'advisory'
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint, l.objid::bigint)
        = (SELECT c, o & 4294967295 FROM (SELECT {lock_key(number)}) AS ours (c, o))"""  # noqa: S608 -- built of constants


#: Who keeps our tables open, or writes, in the transaction that has lasted longest.
_HOLDER = f"""SELECT a.application_name, a.pid,
           to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS since
      FROM pg_stat_activity a
     WHERE a.pid != pg_backend_pid() AND a.xact_start IS NOT NULL AND EXISTS (
           SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.granted
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (l.relation IN (SELECT oid FROM pg_class
                                   WHERE relnamespace = current_schema()::regnamespace)
                   OR {is_lock(WRITES)}))
     ORDER BY a.xact_start LIMIT 1"""  # noqa: S608 -- built of constants


class TablesHeldError(LockNotAvailable):
    """Others had tables open, or wrote, for longer than a change of tables waits.

    `holder` is who has for longest: name, process of the server, since when; `None` once gone.
    """

    def __init__(self, holder: Sequence[object] | None) -> None:
        super().__init__()
        self.holder = holder


def version_of(connection: PostgresConnection, place: str) -> int:
    """Return the schema version, 0 where there are no tables yet.

    A newer one is one beside which this program works, too. Raises `StoreOutgrownError` for
    another, and `StoreError` where the tables are another program's.
    """
    (is_ours, is_half, tables) = connection.execute(
        """SELECT to_regclass('aggregator_schema') IS NOT NULL, to_regclass(?) IS NOT NULL,
                  (SELECT count(*) FROM pg_catalog.pg_tables
                    WHERE schemaname = current_schema())""",
        (MOVING_TABLE,),
    ).fetchone() or (0, 0, 0)
    if is_half:
        raise half_moved(place)
    if not is_ours:
        if tables:
            raise StoreError(
                f"{place}: this database belongs to another program; make one of its own, and name "
                "it in [store] url"
            )
        return 0
    (version, works_down_to) = connection.execute(VERSIONS).fetchone() or (0, 0)
    if works_down_to > SCHEMA_VERSION:
        raise outgrown(place, version)
    return int(version)


def outgrown(place: str, version: int) -> StoreOutgrownError:
    """Return that a schema is newer than what this program can work with."""
    return StoreOutgrownError(
        f"{place}: written by a newer version (schema {version}, this one reads "
        f"{SCHEMA_VERSION}); install that version, or restore a backup from before it"
    )


def bring_to_today(connection: PostgresConnection, place: str) -> None:
    """Make today's tables where they are not. Raises `StoreError`, `psycopg.Error`.

    Newer ones stay as they are.
    """
    if version_of(connection, place) >= SCHEMA_VERSION:
        return

    def bring() -> None:
        found = version_of(connection, place)  # somebody else may have made them meanwhile
        if found == 0:
            create(connection, SCHEMA_VERSION)
        elif found < SCHEMA_VERSION:
            _upgrade(connection, found)

    alone(connection, bring)


def alone(connection: PostgresConnection, change: Callable[[], None]) -> None:
    """Change tables in one transaction, beside which nobody does, or writes.

    Whoever writes next sees what they are then. Raises `psycopg.Error`, `TablesHeldError` among
    them, with nothing changed.
    """
    try:
        connection.begin(
            f"BEGIN; SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'; "
            f"SELECT pg_advisory_xact_lock({lock_key(MIGRATES)}); "
            f"SELECT pg_advisory_xact_lock({lock_key(WRITES)})"
        )
        change()
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, LockNotAvailable):
            raise TablesHeldError(connection.execute(_HOLDER).fetchone()) from error
        raise


def create(connection: PostgresConnection, version: int) -> None:
    """Make the tables as the migrations up to a version leave them, with their first rows."""
    connection.execute(_VERSION)
    connection.execute(
        "INSERT INTO aggregator_schema (version, works_down_to) VALUES (?, ?)",
        (version, min(version, WORKS_DOWN_TO)),
    )
    with closing(migrations.empty(version)) as model:
        made = model.execute(
            """SELECT type, name, sql FROM sqlite_schema
                WHERE sql IS NOT NULL AND tbl_name != ? ORDER BY rowid""",
            (MIGRATIONS_TABLE,),
        ).fetchall()
        connection.run(
            *FUNCTIONS,
            *(
                statement
                for kind, name, sql in made
                for statement in (_TRIGGERS[name] if kind == "trigger" else (spoken_table(sql),))
            ),
        )
        for kind, name, _ in made:
            if kind == "table":
                _copy(model, connection, name)


def _copy(model: sqlite3.Connection, connection: PostgresConnection, table: str) -> None:
    rows = model.execute(f"SELECT * FROM {table}")  # noqa: S608 -- a table of ours
    names = [column[0] for column in rows.description]
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 -- a table of ours
        rows.fetchall(),
    )


def _upgrade(connection: PostgresConnection, version: int) -> None:
    """Make the migrations after a version, which are the same for both engines."""
    speaking = cast("Database", _Tables(connection))
    for later in migrations.later(version):
        later(speaking)
    connection.execute(
        "ALTER TABLE aggregator_schema ADD COLUMN IF NOT EXISTS works_down_to bigint"
    )
    connection.execute(
        "UPDATE aggregator_schema SET version = ?, works_down_to = ?",
        (SCHEMA_VERSION, WORKS_DOWN_TO),
    )


class _Tables:
    """What migrations use of a `sqlite_utils.Database`, and of its connection."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self.executemany = connection.executemany

    @property
    def conn(self) -> _Tables:
        return self

    def execute(
        self, statement: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> object:
        if statement.startswith("PRAGMA user_version"):
            return None  # `aggregator_schema` says it
        if _MAKES_TABLES.match(statement):
            statement = spoken_table(statement)
        return self._connection.execute(statement, values)
