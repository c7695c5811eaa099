"""Leases of a store on SQLite: in memory, since one process at a time claims from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model import NotModified
from aggregator.store.leases.memory_leases import MemoryLeases
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import HOUR, START, feed, finish, source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from aggregator.model import Lease
    from aggregator.store.leases.kept_leases import Wanted


def test_a_start_hands_everything_out_again(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    stores = [open_store(path), open_store(path)]  # the first one's process was killed
    stores[0].apply((source(),), (feed(),), now=START)
    for store in stores:
        (state,) = store.claim_due(START, limit=9, busy=frozenset(), claimer="a")
        assert state.source.name == "one"
    for store in stores:
        store.close()


class _Late(MemoryLeases):
    """Leases of which each is granted just after another poll of the source was committed."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__()
        self._store = store

    @override
    def grant(self, wanted: Sequence[Wanted], now: datetime) -> list[tuple[Lease, ...]]:
        finish(self._store, NotModified(source().url), now)
        return super().grant(wanted, now)


def test_a_claim_by_name_is_of_the_source_as_it_is_then(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    store.apply((source(),), (feed(),), now=START)
    (before,) = store.states()
    store._leases = _Late(store)
    claimed = store.claim(before.source_id, START + HOUR, claimer="a")
    assert claimed is not None
    assert (before.last_poll_at, claimed.last_poll_at) == (None, START + HOUR)
    store.close()
