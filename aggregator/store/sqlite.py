"""The store on SQLite: one file, and the search index beside it."""

# sqlite: the whole module

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.engines.sqlite_engine import SqliteEngine
from aggregator.store.relational import RelationalStore
from aggregator.store.search.search_keeper import SearchKeeper

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


class SqliteStore(RelationalStore):
    """Keeps the promises of `aggregator.store.Store` in one SQLite file.

    Make one with `open_store` or `open_reader`; the latter refuses to write.
    """

    def __init__(
        self,
        path: Path,
        writing: sqlite3.Connection | None,
        further_secrets: tuple[str, ...] = (),
    ) -> None:
        engine = SqliteEngine(path)
        super().__init__(engine, SearchKeeper(path, engine), writing, further_secrets)


def open_store(path: Path) -> SqliteStore:
    """Open the database for writing; create it, or bring it to today's schema, where needed.

    Raises `StoreError` when it cannot be used; the file is then as it was.
    """
    return SqliteStore(path, SqliteEngine(path).open_writer())


def open_reader(path: Path, *, further_secrets: tuple[str, ...] = ()) -> SqliteStore:
    """Open an existing database for reading; raises `NoStoreError` when there is none.

    `further_secrets` as for `apply`.
    """
    store = SqliteStore(path, None, further_secrets)
    store.notes()
    return store
