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
from aggregator.store.engines.roles import Role
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
    """A schema of a server, which is dropped at the end.

    With `is_own` it is a database: who is at work on one keeps others away from all of it.
    """

    def __init__(self, _folder: Path, *, is_own: bool = False) -> None:
        self._server = postgres_server.url()
        self._kind, self._name = "DATABASE" if is_own else "SCHEMA", f"test_{uuid4().hex}"
        self._on_server(f"CREATE {self._kind} {self._name}")
        options = "-csynchronous_commit=off"
        if is_own:
            self.url = make_conninfo(self._server, dbname=self._name, options=options)
        else:
            options = f"{options} -csearch_path={self._name}"
            self.url = make_conninfo(self._server, options=options)
        self._opened: list[Store] = []

    @property
    def as_url(self) -> str:
        """Where it is, as `[store] url` says it."""
        said = conninfo_to_dict(self.url)
        user, dbname = said.pop("user"), said.pop("dbname")
        return f"postgresql://{user}@/{dbname}?{urlencode(said, quote_via=quote)}"

    def open(self, role: Role | None = None) -> Store:
        self._opened.append(postgres.open_store(self.url, role=role))
        return self._opened[-1]

    def close(self) -> None:
        for store in self._opened:
            store.close()
        how = "WITH (FORCE)" if self._kind == "DATABASE" else "CASCADE"
        self._on_server(f"DROP {self._kind} {self._name} {how}")

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement.encode())


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
