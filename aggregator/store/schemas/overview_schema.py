"""The statements of the migration that keeps each source's delay and the size of each day."""

# sqlite: the whole module

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

OVERVIEW: tuple[str, ...] = (
    # The median of the last delays in microseconds, NULL where there is none yet.
    "ALTER TABLE sources ADD COLUMN delay INTEGER",
    # How large the database was on each of the last days (UTC, days since the epoch), in bytes: its
    # file, the texts in it, the index for searching beside it.
    """CREATE TABLE database_days (
        day INTEGER PRIMARY KEY,
        file_bytes INTEGER NOT NULL,
        text_bytes INTEGER NOT NULL,
        search_bytes INTEGER NOT NULL
    ) STRICT""",
)


def fill_delays(connection: sqlite3.Connection) -> None:
    """Let every source have the delay that its newest entries tell."""
    polled = connection.execute(
        "SELECT id, first_polled_at FROM sources WHERE first_polled_at IS NOT NULL"
    ).fetchall()
    for source_id, first_polled_at in polled:
        found = connection.execute(
            """SELECT first_seen_at - published_at FROM (
                 SELECT first_seen_at, published_at, dated FROM entries
                  WHERE source_id = ? ORDER BY order_key DESC LIMIT 60) AS newest
                WHERE dated = 1 AND published_at > ? LIMIT 20""",
            (source_id, first_polled_at),
        ).fetchall()
        if found:
            connection.execute(
                "UPDATE sources SET delay = ? WHERE id = ?",
                (int(median(max(0, waited) for (waited,) in found)), source_id),
            )
