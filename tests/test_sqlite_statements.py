"""A poll asks the database about its document as a whole, not about each of its entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path


def statements(store: SqliteStore, job: Callable[[], object]) -> int:
    """Return how many statements of the writing connection `job` takes."""
    seen: list[str] = []

    def trace(callback: Callable[[str], object] | None) -> Callable[[sqlite3.Connection], None]:
        return lambda connection: connection.set_trace_callback(callback)

    store._write(trace(seen.append))
    job()
    store._write(trace(None))
    return len(seen)


@pytest.mark.parametrize("fresh", [0, 1])
def test_a_document_of_many_known_entries_takes_no_more_statements_than_one_of_few(
    tmp_path: Path, fresh: int
) -> None:
    counts = {}
    for known in (5, 50):
        store = open_store(tmp_path / f"{known}.db")
        store.apply((source(),), (feed(),), now=START)
        entries = [entry(number, published_at=START - number * HOUR) for number in range(known)]
        for hours in range(2):
            absorb(store, document(*entries), START + hours * HOUR)
        entries = [entry(f"new {number}") for number in range(fresh)] + entries
        counts[known] = statements(
            store,
            lambda: absorb(store, document(*entries), START + 2 * HOUR),  # noqa: B023 -- called at once
        )
        store.close()
    assert counts[50] == counts[5]
