"""Who keeps the search index: one at a time, and nothing of it is loaded before it is used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.store import search_file, search_index
else:
    search_file = LateModule("aggregator.store.search_file")
    search_index = LateModule("aggregator.store.search_index")

#: Transactions of the index in one call, some 15 ms each, so that a stop need not wait for it.
SLICES = 40


class SearchKeeper:
    """The index of one database, as who may write both keeps it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._lock = threading.Lock()

    def fill(self, most_bytes: int) -> bool:
        """Index some of what is new within so many bytes, none with 0; tell whether there is more.

        Raises `StoreError`.
        """
        with self._lock:
            if most_bytes:
                return search_index.fill(self._database, most_bytes=most_bytes, slices=SLICES)
            search_file.remove(self._database)
            return False

    def sweep(self) -> None:
        """Forget what the database has forgotten. Raises `StoreError`."""
        with self._lock:
            search_index.sweep(self._database)
