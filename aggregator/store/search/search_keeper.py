"""Who keeps the search index: one at a time, and nothing of it is loaded before it is used."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.engine import Search
from aggregator.store.search.search_place import size_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aggregator.model import Feed
    from aggregator.model.found import Found
    from aggregator.rules.secrets import Secrets
    from aggregator.store.engines.engine import Engine
    from aggregator.store.search import index_hold, search_file, search_index, searching
    from aggregator.web.search_words import SearchQuery
else:
    index_hold = LateModule("aggregator.store.search.index_hold")
    search_file = LateModule("aggregator.store.search.search_file")
    search_index = LateModule("aggregator.store.search.search_index")
    searching = LateModule("aggregator.store.search.searching")

#: Transactions of the index in one call, some 15 ms each, so that a stop need not wait for it.
SLICES = 40


class SearchKeeper(Search):
    """The index of a database of an engine: a file beside `database`, whichever engine that is.

    With `shares` other processes may keep theirs there, too.
    """

    def __init__(self, database: Path, engine: Engine, *, shares: bool = False) -> None:
        self._database = database
        self._engine = engine
        self._lock = threading.Lock()
        self._hold = index_hold.IndexHold(database) if shares else None

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
        return searching.search(
            connection, self._database, feeds, secrets, query, most=most, after=after
        )

    @override
    def size_bytes(self) -> int:
        return size_of(self._database)

    @override
    def fill(self, most_bytes: int) -> bool:
        with self._lock:
            if most_bytes:
                with self._stored() as stored:
                    return search_index.fill(
                        self._database,
                        stored,
                        most_bytes=most_bytes,
                        slices=SLICES,
                        hold=self._hold,
                    )
            if self._hold is None or self._hold.may_remake():
                search_file.remove(self._database)
            if self._hold is not None:
                self._hold.leave()
            return False

    @override
    def sweep(self) -> None:
        with self._lock, self._stored() as stored:
            search_index.sweep(self._database, stored, self._hold)

    @contextmanager
    def _stored(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._engine.open_reader()) as stored:
                yield stored
        except self._engine.errors as error:
            raise self._engine.told(error) from error
