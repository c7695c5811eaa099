"""PostgreSQL as the engine that keeps the store's rows."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, NoReturn, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from typing_extensions import override

from aggregator.model.errors import (
    BusyError,
    NoStoreError,
    StoreDamagedError,
    StoreError,
    StoreUnavailableError,
)
from aggregator.store.engines.engine import Engine
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.engines.postgres_poolers import SharedSessionError
from aggregator.store.engines.roles import Role
from aggregator.store.engines.schema_version import SCHEMA_VERSION
from aggregator.store.schemas import postgres_schema
from aggregator.store.schemas.postgres_schema import (
    TURNS,
    VERSIONS,
    WORKS,
    WRITES,
    TablesHeldError,
    is_lock,
    lock_key,
)
from aggregator.store.texts.text_dictionaries import check_codecs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.store.engines.readers import Readers

#: A server has a hundred connections, for everybody.
MOST_READERS = 6

#: How long a process that is to poll waits for another one's end: of one that was killed the server
#: learns in a moment, and whoever is refused is to know it at once.
PATIENCE = "1s"

#: How long the end of a lost session may take, in ms.
ENDED_MS = 5_000

#: Who holds the lock of those who are at work, by the names of their connections.
_HOLDERS = f"""SELECT a.application_name, a.pid
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.granted AND {is_lock(WORKS)}
    ORDER BY a.backend_start LIMIT 1"""  # noqa: S608 -- built of constants

#: A process that is in the midst of a write, and says nothing for so long, is taken for frozen.
FROZEN = "20s"

#: Ends the sessions of those that hold others up: the server waits for what they will say next.
_END_FROZEN = f"""SELECT a.application_name, pg_terminate_backend(a.pid)
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.granted AND a.pid != pg_backend_pid() AND {is_lock(WRITES)}
      AND a.wait_event = 'ClientRead'
      AND greatest(a.query_start, a.state_change) < clock_timestamp() - ?::interval"""  # noqa: S608 -- built of constants

#: Errors that pass though they are of the kinds that do not.
_PASSING = (errors.ReadOnlySqlTransaction,)
#: And those that are not of our statements though they look so.
_RIGHTS = (errors.InsufficientPrivilege,)


class _OutgrownError(psycopg.Error):
    """The tables have become those of a schema beside which this program does not work."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version


class PostgresEngine(Engine):
    """Keeps the promises of `aggregator.store.engines.engine.Engine` for the database at `url`.

    A transaction that writes alone waits for all others, whosever they are; those that write beside
    each other hold that lock together, and a further one in their turn. A process with a `role`
    holds a lock for as long as it is connected: alone, or together with others whose roles share
    the work.
    """

    errors = (psycopg.Error, sqlite3.DatabaseError)
    most_readers = MOST_READERS

    def __init__(self, url: str, *, role: Role | None = None) -> None:
        self._url = url
        self._role = role
        self._backend: int | None = None
        self._place = place_of(url)

    @property
    @override
    def place(self) -> str:
        return self._place

    @override
    def open_writer(self) -> sqlite3.Connection:
        connection = self.connect()
        found = _as_ours(connection)
        try:
            postgres_schema.bring_to_today(connection, self._place)
            check_codecs(found, self._place)
        except psycopg.Error as error:
            connection.close()
            raise self.told(error) from error
        except BaseException:
            connection.close()
            raise
        return found

    def connect(self) -> PostgresConnection:
        """Connect for writing, whatever the database holds.

        Raises `BusyError`, `StoreError`.
        """
        try:
            if self._role is None:
                return PostgresConnection(self._url)
            return PostgresConnection(self._url, purpose=self._role.value, connected=self._take)
        except psycopg.Error as error:
            raise self.told(error) from error

    def _take(self, connection: psycopg.Connection[Any]) -> None:
        """Take the lock of those who are at work. Raises `BusyError`.

        Our own session of before is ended, of whose loss the server has not heard yet.
        """
        role = cast("Role", self._role)
        lock = "pg_advisory_lock_shared" if role.shares else "pg_advisory_lock"
        take = f"SELECT {lock}({lock_key(WORKS)}), pg_backend_pid()".encode()
        connection.execute(f"SET lock_timeout = '{PATIENCE}'")
        try:
            taken = connection.execute(take).fetchone()
        except errors.LockNotAvailable:
            holders = connection.execute(_HOLDERS).fetchall()
            if self._backend not in {backend for _, backend in holders}:
                connection.close()
                self._refuse([name for name, _ in holders])
            ended = (self._backend, ENDED_MS)
            connection.execute("SELECT pg_terminate_backend(%s::int, %s)", ended)
            taken = connection.execute(take).fetchone()
        connection.execute("SET lock_timeout = 0")
        self._backend = None if taken is None else taken[1]

    def _refuse(self, holders: Sequence[str]) -> NoReturn:
        """Raise `BusyError` naming who uses the database, by the names of connections."""
        for name in holders:
            role, pid, host = (name.split(" ", 3) + [""] * 4)[1:4]
            if role in {one.value for one in Role}:
                raise BusyError(
                    f"{self._place} is in use by `aggregator {role}` (process {pid} on {host}); "
                    "stop that first, since `aggregator run` works alone"
                )
        raise BusyError(
            f"{self._place} is in use by another process; stop that one first "
            "(pg_stat_activity tells where it runs)"
        )

    @override
    def open_reader(self) -> sqlite3.Connection:
        return self._opened(reads_only=True)

    def open_beside(self) -> sqlite3.Connection:
        """Open it for writing what is no part of the store, beside whoever writes that.

        Raises as `open_reader` does.
        """
        return self._opened(reads_only=False)

    def _opened(self, *, reads_only: bool) -> sqlite3.Connection:
        try:
            connection = PostgresConnection(self._url, reads_only=reads_only)
        except psycopg.Error as error:
            raise self.told(error) from error
        try:
            version = postgres_schema.version_of(connection, self._place)
            if version >= SCHEMA_VERSION:
                found = _as_ours(connection)
                check_codecs(found, self._place)
                return found
        except psycopg.Error as error:
            connection.close()
            raise self.told(error) from error
        except BaseException:
            connection.close()
            raise
        connection.close()
        if version == 0:
            raise NoStoreError(
                f"{self._place}: no tables yet; `aggregator run` or `aggregator poll` creates them"
            )
        raise StoreError(
            f"{self._place}: written by an earlier version (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); `aggregator run` or `aggregator poll` upgrades it"
        )

    @override
    def begin_writing(self, connection: sqlite3.Connection, *, beside: bool = False) -> None:
        lock = "pg_advisory_xact_lock_shared" if beside else "pg_advisory_xact_lock"
        # Each statement sees what was committed before it, however long the lock was waited for.
        begin = (
            f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '{FROZEN}'; "
            f"SELECT {lock}({lock_key(WRITES)}); SET LOCAL lock_timeout = 0"
        )
        while True:
            try:
                self._begin(connection, begin, pipelined=True)
            except errors.LockNotAvailable:  # somebody writes much, or was stopped in the midst
                connection.execute(_END_FROZEN, (FROZEN,))
            else:
                break
        _as_theirs(connection).has_turn = not beside

    @override
    def take_turn(self, connection: sqlite3.Connection) -> None:
        ours = _as_theirs(connection)
        if not ours.has_turn:
            ours.execute(f"SELECT pg_advisory_xact_lock({lock_key(TURNS)})")
            ours.has_turn = True

    @override
    def begin_reading(self, connection: sqlite3.Connection) -> None:
        self._begin(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def begin_beside(self, connection: sqlite3.Connection) -> None:
        """Begin a transaction that others write beside, and whose end waits for no disk.

        It waits at most 5 s for a lock.
        """
        begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off"
        self._begin(connection, f"{begin}; SET LOCAL lock_timeout = '5s'")

    def _begin(
        self, connection: sqlite3.Connection, statements: str, *, pipelined: bool = False
    ) -> None:
        """Begin a transaction on tables that are ours still: others upgrade them while we work."""
        ours, statements = _as_theirs(connection), f"{statements}; {VERSIONS}"
        begun = ours.begin(statements, pipelined=pipelined)
        (version, works_down_to) = begun.fetchone() or (0, 0)
        if version != ours.planned_for:
            ours.plan_anew()
            begun = ours.begin(statements, pipelined=pipelined)
            (version, works_down_to) = begun.fetchone() or (0, 0)
            ours.planned_for = version
        if works_down_to > SCHEMA_VERSION:
            ours.execute("ROLLBACK")
            raise _OutgrownError(version)

    @override
    def is_in_transaction(self, connection: sqlite3.Connection) -> bool:
        return _as_theirs(connection).in_transaction

    @override
    def finish(self, connection: sqlite3.Connection) -> None:
        connection.close()

    @override
    def undoes_all(self, error: Exception) -> bool:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)

    def is_out_of_time(self, error: Exception) -> bool:
        """Tell whether an error is the end of what took longer than it might."""
        return isinstance(error, errors.QueryCanceled)

    @override
    def is_mistake(self, error: Exception) -> bool:
        return isinstance(
            error,
            psycopg.IntegrityError
            | psycopg.ProgrammingError
            | psycopg.DataError
            | psycopg.NotSupportedError,
        ) and not isinstance(error, _RIGHTS)

    @override
    def told(self, error: Exception) -> StoreError:
        if isinstance(error, _OutgrownError):
            return postgres_schema.outgrown(self._place, error.version)
        if isinstance(error, TablesHeldError):
            return self._held(error)
        if isinstance(error, SharedSessionError):
            return StoreError(
                f"{self._place}: a pooler on the way shares out sessions by transactions; let it "
                "pool by session (pgbouncer: pool_mode = session)"
            )
        what = " ".join(str(error).split())
        if isinstance(error, sqlite3.DatabaseError | errors.DataCorrupted | errors.IndexCorrupted):
            return StoreDamagedError(f"{self._place}: damaged ({what}); restore a backup")
        if isinstance(error, _RIGHTS):
            return StoreError(
                f"{self._place}: {what}; let its user own the schema, or GRANT it the rights"
            )
        if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, *_PASSING)):
            return StoreUnavailableError(
                f"{self._place}: cannot be used now ({what}); look at the server: does it run, may "
                "it be reached and written, is there room?"
            )
        return StoreError(f"{self._place}: the database cannot be used: {what}")

    def _held(self, error: TablesHeldError) -> StoreError:
        """Return that tables could not be changed: whoever can wait tries again."""
        if error.holder is None:
            return StoreUnavailableError(
                f"{self._place}: its tables cannot be changed now: others have them open; nothing "
                "has changed, try again"
            )
        name, process, since = error.holder
        name = name or "?"
        return StoreUnavailableError(
            f"{self._place}: its tables cannot be changed now: process {process} of the server "
            f"({name}) has them open since {since} UTC; nothing has changed, end that or wait for "
            "it"
        )

    @override
    def size_bytes(self, connection: sqlite3.Connection) -> int:
        (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(size)

    @override
    def sizes_bytes(self, connection: sqlite3.Connection) -> dict[str, int]:
        return {"database": self.size_bytes(connection)}

    @override
    def set_aside(
        self, connection: sqlite3.Connection, tables: Sequence[str], *, copied: Sequence[str]
    ) -> tuple[str, str]:
        (kept,) = connection.execute("SELECT quote_ident(current_schema())").fetchone()
        connection.execute("SET default_transaction_read_only = off")
        for table in tables:
            connection.execute(f"CREATE TEMP TABLE {table} (LIKE {kept}.{table} INCLUDING ALL)")
        for table in copied:
            connection.execute(f"INSERT INTO pg_temp.{table} SELECT * FROM {kept}.{table}")  # noqa: S608 -- a table of ours
            connection.execute(
                f"""SELECT setval(pg_get_serial_sequence('pg_temp.{table}', 'id'),
                         (SELECT coalesce(max(id), 0) + 1 FROM pg_temp.{table}))"""  # noqa: S608 -- a table of ours
            )
        return "pg_temp", kept

    @override
    def find_damage(self, readers: Readers) -> StoreDamagedError | None:
        return None  # the server looks after its own pages: data_checksums, amcheck


def place_of(url: str) -> str:
    """Return where a database is, without what opens it."""
    found = conninfo_to_dict(url)
    host = found.get("host") or "localhost"
    port = f":{found['port']}" if found.get("port") else ""
    return f"postgresql://{host}{port}/{found.get('dbname') or found.get('user') or ''}"


def _as_ours(connection: PostgresConnection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection)


def _as_theirs(connection: sqlite3.Connection) -> PostgresConnection:
    return cast("PostgresConnection", connection)
