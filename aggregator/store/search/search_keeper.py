"""Who keeps the search index: one at a time, and nothing of it is loaded before it is used."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model.found import Found
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.engine import Search
from aggregator.store.search.search_place import size_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aggregator.model import Feed
    from aggregator.rules.secrets import Secrets
    from aggregator.store.engines.engine import Engine
    from aggregator.store.search import file_ranking, search_file, search_index, searching
    from aggregator.web.search_words import SearchQuery
else:
    file_ranking = LateModule("aggregator.store.search.file_ranking")
    search_file = LateModule("aggregator.store.search.search_file")
    search_index = LateModule("aggregator.store.search.search_index")
    searching = LateModule("aggregator.store.search.searching")

#: Transactions of the index in one call, some 15 ms each, so that a stop need not wait for it.
SLICES = 40


class SearchKeeper(Search):
    """The index of the database of an engine: a file beside `database`."""

    lies_within = False

    def __init__(self, database: Path, engine: Engine) -> None:
        self._database = database
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
        (ours,) = connection.execute("SELECT operations_id FROM counters").fetchone()
        index = search_file.open_for_searching(self._database, ours)
        if index is None:
            return Found(is_whole=False, is_indexed=False)
        with closing(index):
            found = file_ranking.ranked(index, query, clock=time.monotonic)
        return searching.search(connection, feeds, secrets, query, found, most=most, after=after)

    @override
    def size_bytes(self, connection: sqlite3.Connection) -> int:
        return size_of(self._database)

    @override
    def fill(self, most_bytes: int) -> bool:
        with self._lock:
            if most_bytes:
                with self._stored() as stored:
                    return search_index.fill(
                        self._database, stored, most_bytes=most_bytes, slices=SLICES
                    )
            search_file.remove(self._database)
            return False

    @override
    def sweep(self) -> None:
        with self._lock, self._stored() as stored:
            search_index.sweep(self._database, stored)

    @contextmanager
    def _stored(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._engine.open_reader()) as stored:
                yield stored
        except self._engine.errors as error:
            raise self._engine.told(error) from error
