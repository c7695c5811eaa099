"""The engines that keep a store. What `Store` promises is tested on each of them.

Tests of promises are named test_store_*.py and ask for the fixtures `store`, `database` or
`new_database`; tests that look inside one engine are named after it, test_sqlite_*.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aggregator.store.sqlite import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aggregator.store import Store


class Database(Protocol):
    """One database, empty at first."""

    def open(self) -> Store:
        """Open it for writing, as another process does; what was opened before is not closed."""

    def close(self) -> None:
        """Close what was opened."""


class SqliteDatabase:
    """A file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "aggregator.db"
        self._opened: list[Store] = []

    def open(self) -> Store:
        self._opened.append(open_store(self._path))
        return self._opened[-1]

    def close(self) -> None:
        for store in self._opened:
            store.close()


#: What makes a database of each engine in a folder of its own.
ENGINES: dict[str, Callable[[Path], Database]] = {"sqlite": SqliteDatabase}
