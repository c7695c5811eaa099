"""How large the database was, day by day: noted once a day, kept for a quarter of a year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from aggregator.model.health import DatabaseDay

if TYPE_CHECKING:
    import sqlite3

#: Days that are kept.
KEPT_DAYS = 92

_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)


def note(connection: sqlite3.Connection, now: int, *, file_bytes: int, search_bytes: int) -> None:
    """Note today's sizes, in place of what was noted earlier today.

    Days that are kept no longer are forgotten.
    """
    day = now // _DAY
    (text_bytes,) = connection.execute("SELECT stored_bytes FROM counters").fetchone()
    connection.execute(
        """INSERT INTO database_days (day, file_bytes, text_bytes, search_bytes)
           VALUES (?, ?, ?, ?)
           ON CONFLICT (day) DO UPDATE SET file_bytes = excluded.file_bytes,
               text_bytes = excluded.text_bytes, search_bytes = excluded.search_bytes""",
        (day, file_bytes, text_bytes, search_bytes),
    )
    connection.execute("DELETE FROM database_days WHERE day <= ?", (day - KEPT_DAYS,))


def noted(connection: sqlite3.Connection) -> tuple[DatabaseDay, ...]:
    """Return what was noted, oldest first."""
    rows = connection.execute(
        "SELECT day, file_bytes, text_bytes, search_bytes FROM database_days ORDER BY day"
    )
    return tuple(
        DatabaseDay(
            _EPOCH + timedelta(days=row["day"]),
            row["file_bytes"],
            row["text_bytes"],
            row["search_bytes"],
        )
        for row in rows.fetchall()
    )
