"""What the store asks of whatever keeps leases: memory, for one process, or rows, for several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from aggregator.model import Lease


@dataclass(frozen=True, slots=True)
class Wanted:
    """Sources of one queue that one claimer wants; `is_by_hand`: whether they are due or not."""

    claimed_by: str
    queue: str
    source_ids: tuple[int, ...]
    is_by_hand: bool = False


class KeptLeases(Protocol):
    """Which sources are handed out (`schedule.leases`); any thread may ask.

    Raises `StoreError` where that is in rows.
    """

    def held(self, now: datetime) -> Mapping[int, str]:
        """Return the sources that are handed out at `now`, each with its queue."""

    def grant(self, wanted: Sequence[Wanted], now: datetime) -> list[tuple[Lease, ...]]:
        """Hand sources out: for each wish the leases of those that nobody has."""

    def renew(self, asked: Iterable[Lease], now: datetime) -> tuple[Lease, ...]:
        """Prolong leases; return those that go on."""

    def release(self, ended: Iterable[Lease]) -> None:
        """End leases; one that was lost is another's, and stays."""

    def claimers(self) -> frozenset[str]:
        """Return in whose names leases are, those that have run out included."""

    def release_all(self, claimers: Collection[str]) -> None:
        """End all leases in some names."""

    def end(self, connection: sqlite3.Connection, lease: Lease) -> None:
        """End a lease in the transaction of what came of it, where leases are rows."""

    def ended(self, lease: Lease) -> None:
        """End a lease once that is committed, where leases are in memory."""

    def step_back(self, step: timedelta) -> None:
        """Follow the clock, which was set back by `step`; rows were moved with the sources'."""
