"""What is asked of the store about lists of sources."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model.instants import micros
from aggregator.runtime.late_modules import LateModule
from aggregator.store import ListStore
from aggregator.store.engines.readers import Reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from aggregator.model.source_lists import StoredList
    from aggregator.store.configured import list_rows
else:  # most configurations have no list
    list_rows = LateModule("aggregator.store.configured.list_rows")


class ListKeeping(Reading, ListStore):
    """Keeps the promises of `ListStore`; who inherits it writes."""

    def _write(self, job: Callable[[sqlite3.Connection], Any]) -> Any:
        raise NotImplementedError

    @override
    def lists(self) -> tuple[StoredList, ...]:
        with self._reading() as db:
            return list_rows.stored(db)

    @override
    def keep_list(self, listed: StoredList, *, former: str, now: datetime) -> None:
        self._write(partial(list_rows.keep, listed=listed, former=former, now=micros(now)))
