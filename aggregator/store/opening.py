"""Which engine keeps the store: a file of SQLite, or a PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aggregator.model.errors import StoreError
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.roles import Role

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.store import Store, postgres, sqlite
    from aggregator.store.upkeep import measuring
    from aggregator.store.upkeep.measuring import Measures
    from aggregator.store.upkeep.text_damage import Tell
else:  # of the two engines one is loaded
    measuring = LateModule("aggregator.store.upkeep.measuring")
    postgres = LateModule("aggregator.store.postgres")
    sqlite = LateModule("aggregator.store.sqlite")


#: Roles that have a place only beside others.
_FLEET = frozenset({Role.SCHEDULER, Role.WORKER, Role.WEB})


class Place(Protocol):
    """Where the store is, as `[store]` says: at `url`, else at `path`."""

    @property
    def path(self) -> Path:
        """The file; with `url` what lies beside it is there still."""

    @property
    def url(self) -> str | None:
        """The database on a server."""


def open_store(place: Place, role: Role = Role.ALONE) -> Store:
    """Open the database for writing; create it, or bring it to today's schema, where needed.

    The caller of a file holds `place.path` (`engines.lock`). Raises `StoreError` when it cannot be
    used, `BusyError` while others are at work there whom the role does not go with.
    """
    if place.url is None:
        if role in _FLEET:
            raise StoreError(
                f"{place.path}: one process works on a file; for `aggregator {role.value}` name a "
                "PostgreSQL database in [store] url"
            )
        return sqlite.open_store(place.path)
    try:
        return postgres.open_store(place.url, role=role)
    except ModuleNotFoundError as error:
        raise missing(error) from error


def open_reader(place: Place, *, further_secrets: tuple[str, ...] = ()) -> Store:
    """Open an existing database for reading; raises `NoStoreError` when there is none.

    `further_secrets` as for `Store.apply`.
    """
    if place.url is None:
        return sqlite.open_reader(place.path.absolute(), further_secrets=further_secrets)
    try:
        return postgres.open_reader(place.url, further_secrets=further_secrets)
    except ModuleNotFoundError as error:
        raise missing(error) from error


def measure(place: Place, tell: Tell | None = None) -> Measures:
    """Look through a database and all texts in it; the daemon may run.

    Of a file it takes seconds a gigabyte, and some for each million entries; `tell` learns how many
    were read. Raises `NoStoreError`, `StoreError`.
    """
    if place.url is None:
        return measuring.measure(place.path.absolute(), tell)
    try:
        return postgres.measure(place.url)
    except ModuleNotFoundError as error:
        raise missing(error) from error


def name_of(place: Place) -> str:
    """Return where the store is, as messages name it."""
    return str(place.path.absolute()) if place.url is None else place.url


def missing(error: ModuleNotFoundError) -> StoreError:
    """Return that a server's database needs what is not installed."""
    return StoreError(
        f'[store] url needs {error.name}, which is missing here; `pip install "aggregator[fleet]"`'
    )
