"""Leases in rows, where several processes share the work of one database.

They outlive whoever claimed: what a process that crashed has not done is handed out again once its
leases have run out. Who grants writes alone, so that what is granted is granted once.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model import Lease
from aggregator.model.instants import micros
from aggregator.schedule import leases
from aggregator.store.leases.kept_leases import KeptLeases
from aggregator.store.rows.codec import dumps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from typing import Any

    from aggregator.store.leases.kept_leases import Wanted

    #: Runs jobs, as many as may be in one transaction; others may write beside it, or not.
    WriteEach = Callable[[Sequence[Callable[[sqlite3.Connection], Any]], bool], list[Any]]


class RowLeases(KeptLeases):
    """Keeps the promises of `KeptLeases` for all processes that are at work on a database."""

    def __init__(
        self, reading: Callable[[], AbstractContextManager[sqlite3.Connection]], write: WriteEach
    ) -> None:
        self._reading = reading
        self._write = write

    @override
    def held(self, now: datetime) -> Mapping[int, str]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT source_id, queue FROM leases WHERE until_at > ?", (micros(now),)
            )
            return {row["source_id"]: row["queue"] for row in rows.fetchall()}

    @override
    def grant(self, wanted: Sequence[Wanted], now: datetime) -> list[tuple[Lease, ...]]:
        return self._write([partial(_grant, wanted=one, now=now) for one in wanted], False)

    @override
    def renew(self, asked: Iterable[Lease], now: datetime) -> tuple[Lease, ...]:
        by_claimer = _by_claimer(asked)
        jobs = [
            partial(_renew, claimed_by=claimed_by, source_ids=source_ids, now=now)
            for claimed_by, source_ids in by_claimer.items()
        ]
        return tuple(lease for renewed in self._write(jobs, True) for lease in renewed)

    @override
    def release(self, ended: Iterable[Lease]) -> None:
        by_claimer = _by_claimer(ended)
        self._write(
            [partial(_end, claimed_by=one, source_ids=by_claimer[one]) for one in by_claimer],
            True,
        )

    @override
    def claimers(self) -> frozenset[str]:
        with self._reading() as db:
            rows = db.execute("SELECT DISTINCT claimed_by FROM leases").fetchall()
        return frozenset(claimer for (claimer,) in rows)

    @override
    def release_all(self, claimers: Collection[str]) -> None:
        self._write([partial(_end_all, claimers=sorted(claimers))], True)

    @override
    def end(self, connection: sqlite3.Connection, lease: Lease) -> None:
        _end(connection, claimed_by=lease.claimed_by, source_ids=[lease.source_id])

    @override
    def ended(self, lease: Lease) -> None:
        pass  # with the commit

    @override
    def step_back(self, step: timedelta) -> None:
        pass  # with the sources


def _by_claimer(asked: Iterable[Lease]) -> Mapping[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for lease in asked:
        found[lease.claimed_by].append(lease.source_id)
    return found


def _grant(connection: sqlite3.Connection, *, wanted: Wanted, now: datetime) -> tuple[Lease, ...]:
    at = micros(now)
    if not wanted.is_by_hand:
        # Another process may have handed out of the queue since it was looked at.
        held = connection.execute(
            "SELECT 1 FROM leases WHERE queue = ? AND until_at > ? LIMIT 1", (wanted.queue, at)
        ).fetchone()
        if held is not None:
            return ()
    granted = [leases.grant(one, wanted.claimed_by, now) for one in wanted.source_ids]
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """INSERT INTO leases (source_id, claimed_by, queue, until_at)
           SELECT id, :claimed_by, queue, :until_at FROM sources
            WHERE id IN (SELECT value FROM json_each(:source_ids))
              AND (:is_by_hand = 1
                OR (removed_at IS NULL AND enabled = 1 AND next_poll_at <= :now))
           ON CONFLICT (source_id) DO UPDATE SET claimed_by = excluded.claimed_by,
              queue = excluded.queue, until_at = excluded.until_at WHERE leases.until_at <= :now
           RETURNING source_id""",
        {
            "claimed_by": wanted.claimed_by,
            "until_at": micros(granted[0].claimed_until_at),
            "source_ids": dumps(wanted.source_ids),
            "is_by_hand": wanted.is_by_hand,
            "now": at,
        },
    ).fetchall()
    free = {source_id for (source_id,) in rows}
    return tuple(one for one in granted if one.source_id in free)


def _renew(
    connection: sqlite3.Connection, *, claimed_by: str, source_ids: Sequence[int], now: datetime
) -> list[Lease]:
    renewed = [leases.grant(one, claimed_by, now) for one in source_ids]
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """UPDATE leases SET until_at = ?
            WHERE claimed_by = ? AND source_id IN (SELECT value FROM json_each(?))
           RETURNING source_id""",
        (micros(renewed[0].claimed_until_at), claimed_by, dumps(source_ids)),
    ).fetchall()
    going_on = {source_id for (source_id,) in rows}
    return [one for one in renewed if one.source_id in going_on]


def _end(connection: sqlite3.Connection, *, claimed_by: str, source_ids: Sequence[int]) -> None:
    # sqlite: a list of values is one parameter, as JSON
    connection.execute(
        """DELETE FROM leases
            WHERE claimed_by = ? AND source_id IN (SELECT value FROM json_each(?))""",
        (claimed_by, dumps(source_ids)),
    )


def _end_all(connection: sqlite3.Connection, *, claimers: Sequence[str]) -> None:
    connection.executemany(
        "DELETE FROM leases WHERE claimed_by = ?", [(claimer,) for claimer in claimers]
    )
