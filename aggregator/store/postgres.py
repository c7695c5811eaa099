"""The store on PostgreSQL, and the search index in rows beside its own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from aggregator.store.engines.postgres_engine import PostgresEngine
from aggregator.store.relational import RelationalStore
from aggregator.store.search.row_search import RowSearch
from aggregator.store.upkeep.measuring import Measures, told_by_rows

if TYPE_CHECKING:
    from aggregator.store.engines.roles import Role


def measure(url: str) -> Measures:
    """Look through a database. The server looks after its pages, and after what they hold no more.

    Raises `NoStoreError`, `StoreError`.
    """
    engine = PostgresEngine(url)
    try:
        with closing(engine.open_reader()) as db:
            largest, polled_at = told_by_rows(db)
            return Measures(
                size=engine.size_bytes(db),
                journal=0,
                unused=0,
                largest=largest,
                polled_at=polled_at,
                damage=None,
            )
    except engine.errors as error:
        raise engine.told(error) from error


def open_store(url: str, *, role: Role | None = None) -> RelationalStore:
    """Open the database for writing; make its tables, or bring them to today's, where needed.

    With a `role` it is refused while another process is at work there that does everything alone,
    or, for such a one, while any process is.
    Raises `StoreError`.
    """
    engine = PostgresEngine(url, role=role)
    writing = engine.open_writer()
    shares = role is not None and role.shares
    return RelationalStore(engine, RowSearch(engine), writing, shares=shares)


def open_reader(url: str, *, further_secrets: tuple[str, ...] = ()) -> RelationalStore:
    """Open an existing database for reading; raises `NoStoreError` where there is none.

    `further_secrets` as for `apply`.
    """
    engine = PostgresEngine(url)
    store = RelationalStore(engine, RowSearch(engine), None, further_secrets)
    store.notes()
    return store
