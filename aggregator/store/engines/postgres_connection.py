"""A connection to PostgreSQL that speaks as one to SQLite does: statements, rows, transactions."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.types.bool import BoolBinaryLoader, BoolLoader
from psycopg.types.numeric import Int8Dumper, NumericBinaryLoader, NumericLoader
from typing_extensions import override

from aggregator.store.engines import postgres_poolers
from aggregator.store.engines.postgres_words import spoken
from aggregator.store.engines.schema_version import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from decimal import Decimal

    from psycopg.abc import Buffer

#: Statements that a connection keeps prepared: more than there are.
PREPARED_STATEMENTS = 512

#: How long a connection may take to be made, and to notice that the other end is gone.
CONNECT_SECONDS = 10
SILENT_MS = 30_000

#: After a minute the server looks whether we are still there: a lock whose holder is gone with its
#: machine would be held for hours. Which process of the server is ours is told before.
KEPT_ALIVE = (
    b"SELECT pg_backend_pid(); "
    b"SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)


class Row(tuple[Any, ...]):
    """A row whose values have names, too, as `sqlite3.Row`."""

    __slots__ = ()
    names: ClassVar[tuple[str, ...]]
    places: ClassVar[dict[str, int]]

    @override
    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.places[key] if isinstance(key, str) else key)

    def keys(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return self.names


@lru_cache(1024)
def _rows(names: tuple[str, ...]) -> type[Row]:
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    return type("Row", (Row,), {"__slots__": (), "names": names, "places": places})


def _row_maker(cursor: psycopg.Cursor[Any]) -> Any:
    described = cursor.description
    if described is None:
        return tuple
    return _rows(tuple(column.name for column in described))


class _BoolDumper(Dumper):
    """What is true or false is 1 or 0 in a column, as SQLite has it."""

    oid = Int8Dumper.oid

    @override
    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _BoolLoader(BoolLoader):
    @override
    def load(self, data: Buffer) -> bool:
        return int(super().load(data))  # type: ignore[return-value]


class _BoolBinaryLoader(BoolBinaryLoader):
    @override
    def load(self, data: Buffer) -> bool:
        return int(super().load(data))  # type: ignore[return-value]


def _number(found: Decimal) -> Any:
    return int(found) if found == found.to_integral_value() else float(found)


class _NumericLoader(NumericLoader):
    """Sums of whole numbers are of another type than these, for room."""

    @override
    def load(self, data: Buffer) -> Decimal:
        return _number(super().load(data))  # type: ignore[no-any-return]


class _NumericBinaryLoader(NumericBinaryLoader):
    @override
    def load(self, data: Buffer) -> Decimal:
        return _number(super().load(data))  # type: ignore[no-any-return]


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(bool, _BoolDumper)
    for loader in (_BoolLoader, _BoolBinaryLoader):
        adapters.register_loader("bool", loader)
    for numeric in (_NumericLoader, _NumericBinaryLoader):
        adapters.register_loader("numeric", numeric)
    return adapters


class PostgresConnection:
    """What the store uses of `sqlite3.Connection`, of a database at `url`.

    Where it was lost between transactions it is made again; `connected` is called each time. The
    server lists it with its `purpose`, our pid and the machine.
    """

    def __init__(
        self,
        url: str,
        *,
        reads_only: bool = False,
        purpose: str = "store",
        connected: Callable[[psycopg.Connection[Any]], None] | None = None,
    ) -> None:
        """Connect. Raises `psycopg.Error`."""
        self._url = url
        self._reads_only = reads_only
        self._name = f"aggregator {purpose} {os.getpid()} {socket.gethostname()}"
        self._then = connected
        self._connection = self._connected()
        self._has_begun = False
        self._sending = ExitStack()
        self._pipeline: psycopg.Pipeline | None = None
        self.has_turn = False  # of this transaction, to write what nobody else may meanwhile
        self.planned_for = SCHEMA_VERSION  # the schema's version as the last transaction found it

    def _reached(self) -> psycopg.Connection[Any]:
        return psycopg.Connection[Any].connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=SILENT_MS,
            application_name=self._name,
            context=_CONTEXT,
            row_factory=_row_maker,
        )

    def _connected(self) -> psycopg.Connection[Any]:
        connection = self._reached()
        connection.prepared_max = PREPARED_STATEMENTS
        (session,) = connection.execute(KEPT_ALIVE, prepare=False).fetchone() or (0,)
        try:
            postgres_poolers.check(connection, session, self._reached)
        except psycopg.Error:
            connection.close()
            raise
        if self._reads_only:
            connection.execute("SET default_transaction_read_only = on")
        if self._then is not None:
            self._then(connection)
        return connection

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun that has not ended, by itself or by us."""
        return self._has_begun and not self._connection.closed

    def begin(self, statements: str, *, pipelined: bool = False) -> psycopg.Cursor[Any]:
        """Begin a transaction; return what the last of the statements does.

        In a `pipelined` one a statement is sent, and answered when somebody asks for its rows, or
        when a savepoint or the transaction ends, which raise its error: a statement whose answer is
        not needed is not waited for. Raises `psycopg.Error`.
        """
        said = statements.encode()
        try:
            begun = self._lasting(lambda: self._connection.execute(said, prepare=False))
        except psycopg.Error:
            if not self._connection.closed:
                self._connection.rollback()
            raise
        self._has_begun = True
        while begun.nextset():
            pass
        if pipelined:
            self._pipeline = self._sending.enter_context(self._connection.pipeline())
        return begun

    def plan_anew(self) -> None:
        """Let go of what is prepared, and of a transaction: the next statement connects anew.

        What is prepared knows the columns that its tables had, and fails once they have others.
        """
        self._connection.close()
        self._leave()

    def execute(
        self, statement: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> psycopg.Cursor[Any]:
        """Run a statement in SQLite's words. Raises `psycopg.Error`."""
        said = spoken(statement).encode()
        if not self._has_begun:
            return self._lasting(lambda: self._cursor().execute(said, values))
        if statement in ("COMMIT", "ROLLBACK"):
            return self._end(statement)
        if not statement.startswith(("RELEASE ", "ROLLBACK TO ")):
            return self._cursor().execute(said, values)
        if statement.startswith("ROLLBACK"):
            self.has_turn = False  # what was locked since is free again
            with suppress(psycopg.Error):  # which is being undone
                self._answered()
        done = self._cursor().execute(said)
        self._answered()
        return done

    def _end(self, statement: str) -> psycopg.Cursor[Any]:
        """End a transaction, which none of its statements may have failed for."""
        try:
            if statement == "ROLLBACK":
                with suppress(psycopg.Error):
                    self._answered()
            done = self._cursor().execute(statement.encode())
            self._sending.close()
        except psycopg.Error:
            self._leave()
            if not self._connection.closed:
                self._connection.rollback()  # the statement itself may have been passed over
            raise
        finally:
            self._leave()
        return done

    def _answered(self) -> None:
        """Wait for the answers to all that was sent. Raises `psycopg.Error`, the first one's."""
        if self._pipeline is not None:
            self._pipeline.sync()

    def executemany(
        self, statement: str, values: Iterable[Sequence[object] | Mapping[str, object]]
    ) -> psycopg.Cursor[Any]:
        """Run a statement for each of some values, sent together. Raises `psycopg.Error`."""
        cursor = self._cursor()
        cursor.executemany(spoken(statement).encode(), values)
        return cursor

    def run(self, *statements: str) -> None:
        """Run statements in PostgreSQL's own words, sent together. Raises `psycopg.Error`."""
        self._connection.execute(";\n".join(statements).encode(), prepare=False)

    def copy(
        self, statement: str, values: Sequence[object] = ()
    ) -> AbstractContextManager[psycopg.Copy]:
        """Lend what a COPY, in PostgreSQL's own words, reads or writes. Raises `psycopg.Error`."""
        said = statement.replace("?", "%s").encode()
        return self._connection.cursor().copy(said, values or None)

    def cursor(self) -> _Statements:
        """Return what runs statements, whose rows need no names."""
        return _Statements(self)

    def interrupt(self) -> None:
        """End what is being run, which raises an error there."""
        self._connection.cancel_safe()

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def _lasting(self, statement: Callable[[], psycopg.Cursor[Any]]) -> psycopg.Cursor[Any]:
        """Run what no transaction is lost with, once more where the connection was."""
        if not self._connection.closed:
            try:
                return statement()
            except psycopg.errors.FeatureNotSupported:
                self.plan_anew()
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
        self._leave()
        self._connection = self._connected()
        return statement()

    def _leave(self) -> None:
        """Be in no transaction, of a connection that is lost or let go."""
        with suppress(psycopg.Error):
            self._sending.close()
        self._pipeline = None
        self._has_begun = False

    def _cursor(self) -> psycopg.Cursor[Any]:
        cursor = _Cursor(self._connection)
        cursor.format = psycopg.pq.Format.BINARY
        cursor.answered = self._answered
        return cursor


class _Cursor(psycopg.Cursor[Any]):
    """A cursor that waits for its answer where that is asked for, in a pipeline, too."""

    answered: Callable[[], None]

    @property
    @override
    def rowcount(self) -> int:
        if super().rowcount < 0:
            self.answered()
        return super().rowcount


class _Statements:
    """What the store uses of `sqlite3.Cursor`; rows are tuples, whatever makes them."""

    row_factory: object = None

    def __init__(self, connection: PostgresConnection) -> None:
        self.execute = connection.execute


class _Context:
    """Gives connections our types."""

    adapters = _adapters()
    connection = None


_CONTEXT = _Context()
