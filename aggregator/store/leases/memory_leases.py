"""Leases in memory, of a database that only one process claims from.

When that process ends, however it does, all leases end with it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.schedule import leases
from aggregator.store.leases.kept_leases import KeptLeases

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from aggregator.model import Lease
    from aggregator.store.leases.kept_leases import Wanted


class MemoryLeases(KeptLeases):
    """Keeps the promises of `KeptLeases` for one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[int, Lease] = {}
        self._queues: dict[int, str] = {}

    @override
    def held(self, now: datetime) -> Mapping[int, str]:
        with self._lock:
            return {
                source_id: self._queues[source_id]
                for source_id, lease in self._stored.items()
                if leases.is_held(lease, now)
            }

    @override
    def grant(self, wanted: Sequence[Wanted], now: datetime) -> list[tuple[Lease, ...]]:
        return [tuple(self._granted(one, now)) for one in wanted]

    def _granted(self, wanted: Wanted, now: datetime) -> list[Lease]:
        granted: list[Lease] = []
        with self._lock:
            for source_id in wanted.source_ids:
                if leases.is_held(self._stored.get(source_id), now):
                    continue
                lease = leases.grant(source_id, wanted.claimed_by, now)
                self._stored[source_id] = lease
                self._queues[source_id] = wanted.queue
                granted.append(lease)
        return granted

    @override
    def renew(self, asked: Iterable[Lease], now: datetime) -> tuple[Lease, ...]:
        with self._lock:
            renewed = (leases.renew(self._stored.get(one.source_id), one, now) for one in asked)
            kept = tuple(one for one in renewed if one is not None)
            self._stored.update((one.source_id, one) for one in kept)
        return kept

    @override
    def release(self, ended: Iterable[Lease]) -> None:
        with self._lock:
            for one in ended:
                if leases.owns(self._stored.get(one.source_id), one):
                    del self._stored[one.source_id], self._queues[one.source_id]

    @override
    def claimers(self) -> frozenset[str]:
        with self._lock:
            return frozenset(lease.claimed_by for lease in self._stored.values())

    @override
    def release_all(self, claimers: Collection[str]) -> None:
        with self._lock:
            ended = [one for one in self._stored.values() if one.claimed_by in claimers]
        self.release(ended)

    @override
    def end(self, connection: sqlite3.Connection, lease: Lease) -> None:
        pass  # a transaction may be undone

    @override
    def ended(self, lease: Lease) -> None:
        self.release((lease,))

    @override
    def step_back(self, step: timedelta) -> None:
        with self._lock:
            for source_id, lease in self._stored.items():
                self._stored[source_id] = leases.step_back(lease, step)
