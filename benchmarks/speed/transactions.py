"""How long the write lock is held: the longest transaction of what touches many rows, in CPU time.

Wall time of a busy machine says nothing, so it is the CPU time of the thread that writes, from
BEGIN to COMMIT; what the disk takes comes on top.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.speed.figures import Figure
from tests.costs import feeds_of, of_source, sources_of
from tests.making import DAY, HOUR, START, absorb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from aggregator.store.engines.writer import _Task
    from aggregator.store.sqlite import SqliteStore


class Transactions:
    """Watches the transactions of a store, from BEGIN to COMMIT."""

    def __init__(self, store: SqliteStore) -> None:
        self._longest = 0.0
        writer = store._writing()  # noqa: SLF001 - a transaction is nobody else's affair
        commit = writer._together  # noqa: SLF001

        def timed(tasks: Sequence[_Task]) -> list[Any] | None:
            begun = time.thread_time()
            results = commit(tasks)
            self._longest = max(self._longest, (time.thread_time() - begun) * 1000)
            return results

        writer._together = timed  # type: ignore[method-assign]  # noqa: SLF001

    def longest_ms(self, work: Callable[[], object]) -> float:
        """Return the longest transaction of some work."""
        self._longest = 0.0
        work()
        return self._longest


def longest(store: SqliteStore, count: int, entries: int) -> list[Figure]:
    """Return the longest transaction of each piece of work; the store is of no use afterwards."""
    watched = Transactions(store)
    later = START + 3 * HOUR
    sources = sources_of(count)
    long_document = of_source("s0", range(5_000, 7_000))
    renamed = tuple(
        replace(one, title=f"another {number}") if number < 1000 else one
        for number, one in enumerate(sources)
    )
    found = {
        "a poll of 2,000 new entries": lambda: absorb(store, long_document, later, name="s0"),
        "sources renamed, at most 1,000": lambda: store.apply(
            renamed, feeds_of(renamed), now=later + HOUR
        ),
        "advance that drops": lambda: store.advance(later + 40 * DAY),
        "apply that narrows each feed": lambda: store.apply(
            renamed, feeds_of(renamed, window=HOUR), now=later + 41 * DAY
        ),
        "prune that forgets": lambda: store.prune(
            later + 200 * DAY, retention=90 * DAY, keep_raw=DAY
        ),
    }
    return [
        Figure(f"transaction/{name}/{entries}", "ms", (watched.longest_ms(work),))
        for name, work in found.items()
    ]
