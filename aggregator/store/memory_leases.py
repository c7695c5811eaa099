"""Leases in memory, for an engine whose file only one process claims from (`lock.Hold`).

When that process ends, however it does, all leases end with it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aggregator.schedule import leases

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from aggregator.model import Lease


class Leases:
    """Which sources are handed out; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[int, Lease] = {}
        self._queues: dict[int, str] = {}

    def queues(self, now: datetime) -> frozenset[str]:
        """Return the queues of the sources that are handed out at `now`."""
        with self._lock:
            held = (one for one, lease in self._stored.items() if leases.is_held(lease, now))
            return frozenset(self._queues[source_id] for source_id in held)

    def grant(self, source_id: int, queue: str, claimer: str, now: datetime) -> Lease | None:
        """Hand a source out; `None` where it is handed out already."""
        with self._lock:
            if leases.is_held(self._stored.get(source_id), now):
                return None
            lease = leases.grant(source_id, claimer, now)
            self._stored[source_id] = lease
            self._queues[source_id] = queue
        return lease

    def renew(self, asked: Iterable[Lease], now: datetime) -> tuple[Lease, ...]:
        """Prolong leases; return those that go on."""
        with self._lock:
            renewed = (leases.renew(self._stored.get(one.source_id), one, now) for one in asked)
            kept = tuple(one for one in renewed if one is not None)
            self._stored.update((one.source_id, one) for one in kept)
        return kept

    def step_back(self, step: timedelta) -> None:
        """Follow the clock, which was set back by `step`."""
        with self._lock:
            for source_id, lease in self._stored.items():
                self._stored[source_id] = leases.step_back(lease, step)

    def release(self, ended: Iterable[Lease]) -> None:
        """End leases; one that was lost is another's, and stays."""
        with self._lock:
            for one in ended:
                if leases.owns(self._stored.get(one.source_id), one):
                    del self._stored[one.source_id], self._queues[one.source_id]
