"""A store that moves from one engine to the other: its rows, as they are, piece by piece.

Each piece is one transaction of where they go to, in the order of keys: its last key says how far
the move has come, whatever cut it off. Until all is there and compared, that database is half a
one, and is opened by nobody.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass
from aggregator.store.copies.moved_tables import moved_tables
from aggregator.store.engines.schema_version import SCHEMA_VERSION
from aggregator.store.opening import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Literal

    from aggregator.store.copies import postgres_moving, sqlite_moving
    from aggregator.store.copies.moved_tables import MovedTable

    #: Learns what is done with a table, and with how many of how many rows it was.
    Tell = Callable[[Literal["reading", "copying"], str, int, int], None]
else:  # of psycopg nothing is loaded before it is needed
    postgres_moving = LateModule("aggregator.store.copies.postgres_moving")
    sqlite_moving = LateModule("aggregator.store.copies.sqlite_moving")  # sqlite: a file

#: Rows of one transaction.
PIECE_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a table has, and the SHA-256 of their lines in the order of its key."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A table in both databases, and how many rows of it were brought just now."""

    table: str
    there: Digest
    here: Digest
    brought: int = 0

    @property
    def is_same(self) -> bool:
        """Whether all rows are the same."""
        return self.there == self.here


class Kept(Protocol):
    """A whole database of either engine that nobody else polls meanwhile, as of one moment."""

    @property
    def place(self) -> str:
        """Where it is, as messages name it."""

    def telling(self) -> AbstractContextManager[None]:
        """Lend a block in which the engine's errors are raised as `StoreError`."""

    def digest(self, table: MovedTable) -> Digest:
        """Read a whole table, row by row."""

    def close(self) -> None:
        """Let others have it."""


class Origin(Kept, Protocol):
    """Where a store moves from."""

    def rows(self, table: MovedTable, after: tuple[object, ...] | None) -> Iterator[Any]:
        """Yield a table's rows after a key, in its order, as the other engine takes them."""


class Destination(Kept, Protocol):
    """Where a store moves to: a database that holds nothing, or half of one."""

    def stamp(self) -> str | None:
        """Return what was being moved here when that was cut off, `None` where nothing is.

        Raises `StoreError` for a database that is whole, or is not ours.
        """

    def begin(self, stamp: str) -> None:
        """Make empty tables that nobody opens, in place of what was moved here before."""

    def count(self, table: MovedTable) -> int:
        """Return how many rows of a table are here."""

    def last_key(self, table: MovedTable) -> tuple[object, ...] | None:
        """Return the key of the last row that is here, `None` for none."""

    def put(self, table: MovedTable, rows: Iterable[Any]) -> int:
        """Take rows in one transaction; return how many there were.

        What a table without a key holds is replaced.
        """

    def finish(self) -> None:
        """Let it be a database: with indexes, references, triggers and the next ids, at once."""

    def spoil(self) -> None:
        """Let the next move begin from nothing."""


def move(place: Path | str, to: Path | str, tell: Tell) -> tuple[Compared, ...]:
    """Move the store at a path, or at a URL, to a URL, or to a path.

    What is there stays as it is. One that was cut off goes on where it was, as long as nothing has
    changed where it comes from. All rows are compared in the end; where any differ, the destination
    stays half a database.

    Raises:
        NoStoreError: There is nothing to move.
        BusyError: Another process holds one of the two.
        StoreError: One cannot be used, or the destination holds a database already.
    """
    with ExitStack() as stack:
        origin = _origin(stack, place)
        destination = _destination(stack, to)
        return _move(origin, destination, tell)


def compare(place: Path | str, other: Path | str, tell: Tell) -> tuple[Compared, ...]:
    """Compare all rows of two stores that nobody polls meanwhile. Raises as `move`."""
    with ExitStack() as stack:
        one, two = _origin(stack, place), _origin(stack, other)
        there, here = _digests(one, tell), _digests(two, tell)
        return tuple(Compared(table.name, there[table], here[table]) for table in there)


def _origin(stack: ExitStack, place: Path | str) -> Origin:
    origin: Origin
    if isinstance(place, Path):
        origin = sqlite_moving.SqliteOrigin(place)
    else:
        try:
            origin = postgres_moving.PostgresOrigin(place)
        except ModuleNotFoundError as error:
            raise missing(error) from error
    stack.callback(origin.close)
    stack.enter_context(origin.telling())
    return origin


def _destination(stack: ExitStack, place: Path | str) -> Destination:
    destination: Destination
    if isinstance(place, Path):
        destination = sqlite_moving.SqliteDestination(place)
    else:
        try:
            destination = postgres_moving.PostgresDestination(place)
        except ModuleNotFoundError as error:
            raise missing(error) from error
    stack.callback(destination.close)
    stack.enter_context(destination.telling())
    return destination


def _move(origin: Origin, destination: Destination, tell: Tell) -> tuple[Compared, ...]:
    begun = destination.stamp()  # whether it may be used, before all is read
    there = _digests(origin, tell)
    stamp = _stamp(there)
    if begun != stamp:
        destination.begin(stamp)
    brought = {
        table: _bring(origin, destination, table, digest.rows, tell)
        for table, digest in there.items()
    }
    here = _digests(destination, tell)
    compared = tuple(
        Compared(table.name, digest, here[table], brought[table]) for table, digest in there.items()
    )
    if all(one.is_same for one in compared):
        destination.finish()
    else:
        destination.spoil()
    return compared


def _digests(kept: Kept, tell: Tell) -> dict[MovedTable, Digest]:
    found = {}
    for table in moved_tables():
        tell("reading", table.name, 0, 0)
        found[table] = kept.digest(table)
    return found


def _stamp(digests: Mapping[MovedTable, Digest]) -> str:
    """Return what stands for all rows, in tables of today's schema."""
    rows = [(table.name, digest.rows, digest.sha256) for table, digest in digests.items()]
    return hashlib.sha256(repr((SCHEMA_VERSION, rows)).encode()).hexdigest()


def _bring(
    origin: Origin, destination: Destination, table: MovedTable, every: int, tell: Tell
) -> int:
    """Bring the rows that are not there yet; return how many there were."""
    if not table.key:
        return destination.put(table, origin.rows(table, None))
    brought, there = 0, destination.count(table)
    for piece in _pieces(origin.rows(table, destination.last_key(table)), PIECE_ROWS):
        brought += destination.put(table, piece)
        tell("copying", table.name, there + brought, every)
    return brought


def _pieces(rows: Iterator[Any], most: int) -> Iterator[Iterator[Any]]:
    """Yield the rows in pieces, none of which is held: each is to be read before the next."""
    for first in rows:
        yield chain((first,), islice(rows, most - 1))
