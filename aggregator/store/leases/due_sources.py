"""The query for sources that are due, longest overdue first, one per queue; plain SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

#: What is due, but for sources all of whose URLs are of hosts that asked to wait.
DUE = """removed_at IS NULL AND enabled = 1 AND next_poll_at <= :now
    AND EXISTS (SELECT 1 FROM mirrors m WHERE m.source_id = sources.id
          AND NOT EXISTS (SELECT 1 FROM gates g WHERE g.host = m.host AND g.until_at > :now))"""


def due_sources(
    connection: sqlite3.Connection, now: int, *, limit: int, busy: Collection[str]
) -> list[sqlite3.Row]:
    """Return the ids and queues of at most `limit` sources that are due, none of a queue in `busy`.

    Of each queue one, and none all of whose hosts asked to wait. Goes through what is due no
    further than it must.
    """
    due = connection.execute(
        f"SELECT id, queue FROM sources WHERE {DUE} ORDER BY next_poll_at, id",  # noqa: S608 -- built of constants
        {"now": now},
    )
    found: list[sqlite3.Row] = []
    taken = set(busy)
    while len(found) < limit and (row := due.fetchone()) is not None:
        if row["queue"] not in taken:
            taken.add(row["queue"])
            found.append(row)
    due.close()
    return found
