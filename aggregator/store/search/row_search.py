"""The search index of a database on a server, kept in rows of its own in that."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model.found import Found
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.engine import Search

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from aggregator.model import Feed
    from aggregator.rules.secrets import Secrets
    from aggregator.store.engines.postgres_engine import PostgresEngine
    from aggregator.store.search import row_filling, row_ranking, searching, word_rows
    from aggregator.web.search_words import SearchQuery
else:
    row_filling = LateModule("aggregator.store.search.row_filling")
    row_ranking = LateModule("aggregator.store.search.row_ranking")
    searching = LateModule("aggregator.store.search.searching")
    word_rows = LateModule("aggregator.store.search.word_rows")

#: Transactions of one call, some 15 ms each, so that a stop need not wait for it.
SLICES = 40


class RowSearch(Search):
    """The index of the database of an engine; whoever reads that can search it."""

    lies_within = True

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()

    @override
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
        found = row_ranking.ranked(self._engine, connection, query, clock=time.monotonic)
        if found is None:
            return Found(is_whole=False, is_indexed=False)
        return searching.search(connection, feeds, secrets, query, found, most=most, after=after)

    @override
    def size_bytes(self, connection: sqlite3.Connection) -> int:
        return word_rows.size_bytes(connection)

    @override
    def fill(self, most_bytes: int) -> bool:
        with self._filling() as filling:
            if most_bytes:
                return filling.fill(most_bytes=most_bytes, slices=SLICES)
            filling.remove()
            return False

    @override
    def sweep(self) -> None:
        with self._filling() as filling:
            filling.sweep()

    @contextmanager
    def _filling(self) -> Iterator[row_filling.Filling]:
        with self._lock:
            try:
                with closing(self._engine.open_beside()) as db:
                    yield row_filling.Filling(self._engine, db)
            except self._engine.errors as error:
                raise self._engine.told(error) from error
