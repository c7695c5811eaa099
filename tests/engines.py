"""The engines that keep a store. What `Store` promises is tested on each of them.

Tests of promises are named test_store_*.py and ask for the fixtures `store`, `database` or
`new_database`; tests that look inside one engine are named after it, test_sqlite_*.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from typing_extensions import override

from aggregator.store import postgres
from aggregator.store.roles import Role
from aggregator.store.sqlite import open_store
from tests import postgres_server

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


class PostgresDatabase:
    """A schema of a server, which is dropped at the end."""

    def __init__(self, folder: Path) -> None:
        server = postgres_server.url()
        self._schema = f"test_{uuid4().hex}"
        self._server = server
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {self._schema}".encode())
        options = f"-csynchronous_commit=off -csearch_path={self._schema}"
        self.url = make_conninfo(server, options=options)
        self._path = folder / "aggregator.db"
        self._opened: list[Store] = []

    @property
    def as_url(self) -> str:
        """Where it is, as `[store] url` says it."""
        said = conninfo_to_dict(self.url)
        user, dbname = said.pop("user"), said.pop("dbname")
        return f"postgresql://{user}@/{dbname}?{urlencode(said, quote_via=quote)}"

    def open(self, role: Role | None = None) -> Store:
        self._opened.append(postgres.open_store(self.url, self._path, role=role))
        return self._opened[-1]

    def close(self) -> None:
        for store in self._opened:
            store.close()
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {self._schema} CASCADE".encode())


class FleetDatabase(PostgresDatabase):
    """The same, opened by processes that share the work."""

    @override
    def open(self, role: Role | None = Role.WORKER) -> Store:
        return super().open(role)


#: What makes a database of each engine in a folder of its own.
ENGINES: dict[str, Callable[[Path], Database]] = {
    "postgres": PostgresDatabase,
    "sqlite": SqliteDatabase,
}

#: The same, and one that keeps leases in rows.
LEASING: dict[str, Callable[[Path], Database]] = {**ENGINES, "fleet": FleetDatabase}
