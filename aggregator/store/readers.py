"""Connections for reading: each thread's own, and one for what takes long."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.store.connection import open_reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


class Readers:
    """Opens them as they are asked for; `close` closes all, and nothing is begun after it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._long: sqlite3.Connection | None = None
        self._is_closed = False

    def own(self) -> sqlite3.Connection:
        """Return this thread's own read-only connection."""
        reader: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if reader is None:
            reader = open_reader(self._path)
            self._own.connection = reader
            with self._lock:
                self._opened.append(reader)
        return reader

    @contextmanager
    def interruptible(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that no other work waits for, and that `close` interrupts."""
        with closing(open_reader(self._path)) as db:
            with self._lock:
                if self._is_closed:
                    raise StoreError(f"{self._path}: the database is closed")
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
