"""Reading without writing: connections for threads, one for what takes long, a feed at once."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.store.configured.held_secrets import HeldSecrets

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from aggregator.model import Feed
    from aggregator.store.engines.engine import Engine, Search


class Readers:
    """Opens them as they are asked for; `close` closes all, and nothing is begun after it.

    Each thread has its own, or, where the engine has no more than so many, as long as it reads.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._free: list[sqlite3.Connection] = []
        most = engine.most_readers
        self._room = None if most is None else threading.Semaphore(most)
        self._lock = threading.Lock()
        self._long: sqlite3.Connection | None = None
        self._look_lock = threading.Lock()
        self._look: sqlite3.Connection | None = None
        self._is_closed = False

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """Lend a read-only connection; within its block the thread is lent the same once more."""
        held: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if self._room is None or held is not None:
            yield held or self.own()
            return
        with self._room:
            with self._lock:
                free = self._free.pop() if self._free else None
            reader = free or self._opened_now()
            self._own.connection = reader
            try:
                yield reader
            finally:
                self._own.connection = None
                with self._lock:
                    self._free.append(reader)

    def own(self) -> sqlite3.Connection:
        """Return this thread's own read-only connection, for an engine that has any number."""
        reader: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if reader is None:
            reader = self._own.connection = self._opened_now()
        return reader

    def _opened_now(self) -> sqlite3.Connection:
        reader = self._engine.open_reader()
        with self._lock:
            self._opened.append(reader)
        return reader

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection of its own to whoever must not wait for a turn; one at a time."""
        with self._look_lock:
            if self._look is None:
                self._look = self._opened_now()
            yield self._look

    @contextmanager
    def interruptible(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that no other work waits for, and that `close` interrupts."""
        with closing(self._engine.open_reader()) as db:
            with self._lock:
                if self._is_closed:
                    raise StoreError(f"{self._engine.place}: the database is closed")
                self._long = db
            try:
                yield db
            finally:
                with self._lock:
                    self._long = None

    def close(self) -> None:
        """Close them; what is done on the long one ends with an error."""
        with self._lock:
            self._is_closed = True
            if self._long is not None:
                self._long.interrupt()
            for reader in self._opened:
                reader.close()
            self._opened.clear()


class Reading:
    """What every part of the store reads with."""

    def __init__(
        self,
        engine: Engine,
        search: Search,
        further_secrets: tuple[str, ...] = (),
        *,
        is_shared: bool = False,
    ) -> None:
        self._engine = engine
        self._search = search
        self._secrets = HeldSecrets(further_secrets, is_shared=is_shared)
        self._readers = Readers(engine)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._readers.lent() as db:
                yield db
        except self._engine.errors as error:
            raise self._engine.told(error) from error

    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        """Read everything as of one moment."""
        with self._reading() as db:
            self._engine.begin_reading(db)
            try:
                yield db
            finally:
                db.execute("COMMIT")

    @contextmanager
    def _feed(self, feed: Feed) -> Iterator[tuple[sqlite3.Connection, sqlite3.Row]]:
        """Read a feed as of one moment."""
        with self._moment() as db:
            row = db.execute(
                "SELECT * FROM feeds WHERE name = ? AND removed_at IS NULL", (feed.name,)
            ).fetchone()
            if row is None:
                raise StoreError(f"feed {feed.name} is not in the database yet")
            yield db, row
