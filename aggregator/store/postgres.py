"""The store on PostgreSQL, and the search index in a file of this machine."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from aggregator.store.measuring import Measures, told_by_rows
from aggregator.store.postgres_engine import PostgresEngine
from aggregator.store.relational import RelationalStore
from aggregator.store.search_keeper import SearchKeeper

if TYPE_CHECKING:
    from pathlib import Path


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


def open_store(url: str, path: Path, *, polls: bool = False) -> RelationalStore:
    """Open the database for writing; make its tables, or bring them to today's, where needed.

    Beside `path` lies the search index. With `polls` it is refused while another process polls.
    Raises `StoreError`.
    """
    engine = PostgresEngine(url, polls=polls)
    return RelationalStore(engine, SearchKeeper(path, engine), engine.open_writer())


def open_reader(url: str, path: Path, *, further_secrets: tuple[str, ...] = ()) -> RelationalStore:
    """Open an existing database for reading; raises `NoStoreError` where there is none.

    `further_secrets` as for `apply`.
    """
    engine = PostgresEngine(url)
    store = RelationalStore(engine, SearchKeeper(path, engine), None, further_secrets)
    store.notes()
    return store
