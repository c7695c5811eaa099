"""What is handed out in batches, and what is left: plain SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.batches import COUNTED, Backlog, Batch
from aggregator.model.instants import MICROSECOND, instant, optional_instant
from aggregator.runtime.values import dataclass
from aggregator.store.leases.due_sources import DUE
from aggregator.store.rows.codec import dumps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from aggregator.model import Lease

#: So many that are due are looked at together: among them those of one site meet.
LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Together:
    """Due sources of one queue, as `model.batches.Batch` has them; nobody has claimed them yet."""

    queue: str
    source_ids: tuple[int, ...]
    has_new: bool
    shortest_wait: timedelta | None
    due_since_at: datetime

    def claimed(self, claimed_by: str, leases: Sequence[Lease]) -> Batch:
        """Return the batch of those of which there are leases."""
        return Batch(
            claimed_by,
            self.queue,
            tuple(lease.source_id for lease in leases),
            has_new=self.has_new,
            shortest_wait=self.shortest_wait,
            due_since_at=self.due_since_at,
        )


def due_together(
    connection: sqlite3.Connection,
    now: int,
    *,
    most_batches: int,
    most_each: int,
    busy: Collection[str],
) -> list[Together]:
    """Return sources that are due by their queues, those first of which one is longest overdue.

    At most so many queues, none in `busy`, and of each at most so many of those that were looked
    at. Where a queue has more than that, what is behind it is looked at, too.
    """
    found: dict[str, list[sqlite3.Row]] = {}
    full = set(busy)
    after = (0, 0)
    while len(found) < most_batches:
        # sqlite: a list of values is one parameter, as JSON
        rows = connection.execute(
            f"""SELECT id, queue, next_poll_at, last_poll_at FROM sources
                 WHERE {DUE} AND (next_poll_at, id) > (:at, :id)
                   AND queue NOT IN (SELECT value FROM json_each(:full))
                 ORDER BY next_poll_at, id LIMIT :most""",  # noqa: S608 -- built of constants
            {
                "now": now,
                "at": after[0],
                "id": after[1],
                "full": dumps(sorted(full)),
                "most": LOOKED_AT,
            },
        ).fetchall()
        for row in rows:
            if row["queue"] in found or len(found) < most_batches:
                found.setdefault(row["queue"], []).append(row)
        if len(rows) < LOOKED_AT:
            break
        after = (rows[-1]["next_poll_at"], rows[-1]["id"])
        full |= found.keys()
    return [_together(queue, rows[:most_each]) for queue, rows in found.items()]


def _together(queue: str, rows: list[sqlite3.Row]) -> Together:
    waits = [
        (row["next_poll_at"] - row["last_poll_at"]) * MICROSECOND
        for row in rows
        if row["last_poll_at"] is not None
    ]
    return Together(
        queue=queue,
        source_ids=tuple(row["id"] for row in rows),
        has_new=len(waits) < len(rows),
        shortest_wait=min(waits, default=None),
        due_since_at=instant(rows[0]["next_poll_at"]),
    )


def backlog(connection: sqlite3.Connection, now: int, held: Collection[int]) -> Backlog:
    """Return how much is due that is not `held`."""
    # sqlite: a list of values is one parameter, as JSON
    count, since = connection.execute(
        f"""SELECT count(*), min(next_poll_at) FROM (
              SELECT next_poll_at FROM sources
               WHERE {DUE} AND id NOT IN (SELECT value FROM json_each(:held))
               ORDER BY next_poll_at LIMIT :most) AS waiting""",  # noqa: S608 -- built of constants
        {"now": now, "held": dumps(sorted(held)), "most": COUNTED},
    ).fetchone()
    return Backlog(count, optional_instant(since))
