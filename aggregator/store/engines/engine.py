"""What the store asks of the engine that keeps its rows, beside statements.

A connection is what `sqlite3.Connection` promises of `execute`, `executemany`, `interrupt` and
`close`, and its rows are read as `sqlite3.Row` is; each engine lends such ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from aggregator.model import Feed
    from aggregator.model.errors import StoreDamagedError, StoreError
    from aggregator.model.found import Found
    from aggregator.rules.secrets import Secrets
    from aggregator.store.engines.readers import Readers
    from aggregator.web.search_words import SearchQuery

    #: As `Engine.take_turn`.
    TakeTurn = Callable[[sqlite3.Connection], None]


class Engine(Protocol):
    """One database of an engine: how it is opened, how transactions begin, what errors mean."""

    #: What its connections raise.
    errors: tuple[type[Exception], ...]
    #: How many threads of a process may read at a time; `None` for any number.
    most_readers: int | None

    @property
    def place(self) -> str:
        """Where the database is, as messages name it; no secret is in it."""

    def open_writer(self) -> sqlite3.Connection:
        """Open it for writing; create it, or bring it to today's schema, where needed.

        Raises `StoreUnavailableError` for what may pass, another `StoreError` for what needs
        somebody to mend it.
        """

    def open_reader(self) -> sqlite3.Connection:
        """Open it for reading only; raises `NoStoreError` where there is none yet."""

    def begin_writing(self, connection: sqlite3.Connection, *, beside: bool = False) -> None:
        """Begin a transaction that sees all that was committed, and beside which nobody writes.

        `beside` lets others do who ask for the same: what such a transaction writes before it has
        its turn (`take_turn`) nobody else writes.
        """

    def take_turn(self, connection: sqlite3.Connection) -> None:
        """Wait until nobody else's transaction has its turn, and have it until this one's end.

        What was committed until then is seen. Numbers that are given in a turn are therefore in the
        order of commits.
        """

    def begin_reading(self, connection: sqlite3.Connection) -> None:
        """Begin a transaction that sees one moment."""

    def is_in_transaction(self, connection: sqlite3.Connection) -> bool:
        """Tell whether a transaction was begun that has not ended, by itself or by us."""

    def finish(self, connection: sqlite3.Connection) -> None:
        """Close the writing connection, once nothing is to be written any more."""

    def undoes_all(self, error: Exception) -> bool:
        """Tell whether an error of one statement is the end of its transaction."""

    def is_mistake(self, error: Exception) -> bool:
        """Tell whether an error is one of our own statements: a bug."""

    def told(self, error: Exception) -> StoreError:
        """Return what an error means for people, with a remedy."""

    def size_bytes(self, connection: sqlite3.Connection) -> int:
        """Return how many bytes the database takes on the disk, as a connection sees it."""

    def sizes_bytes(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Return how many bytes its parts take now: `database`, and its `log` if it has one."""

    def set_aside(
        self, connection: sqlite3.Connection, tables: Sequence[str], *, copied: Sequence[str]
    ) -> tuple[str, str]:
        """Let what is written to some tables go into ones of a reading connection alone.

        Until it is closed these stand before those of the database. They are empty but for
        `copied`. Return the names before the dot of those and of these tables.
        """

    def find_damage(self, readers: Readers) -> StoreDamagedError | None:
        """As `MaintenanceStore.find_damage`."""


class Search(Protocol):
    """An index of the words of entries."""

    #: Whether the database's own size counts it, too.
    lies_within: bool

    def find(
        self,
        connection: sqlite3.Connection,
        feeds: Sequence[Feed],
        secrets: Secrets,
        query: SearchQuery,
        *,
        most: int,
        after: int | None,
    ) -> Found:
        """As `PageStore.search`, of the moment that a connection reads."""

    def size_bytes(self, connection: sqlite3.Connection) -> int:
        """As `PageStore.search_bytes`, asked over a connection that reads."""

    def fill(self, most_bytes: int) -> bool:
        """Index some of what is new within so many bytes, none with 0; tell whether there is more.

        Raises `StoreError`.
        """

    def sweep(self) -> None:
        """Forget what the database has forgotten. Raises `StoreError`."""
