"""How late entries of a source come: worked out when new ones have come, kept in its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

#: Entries whose delays are told as one, and among how many of the newest they are looked for.
DELAYED_ENTRIES, LOOKED_AT = 20, 60


def settle(
    connection: sqlite3.Connection, source_id: int, first_polled_at: int | None, *, new: int
) -> None:
    """Keep the median delay of the last entries, where a poll has brought `new` ones.

    A delay is the time between the date of an entry and its coming; what the first poll found had
    not waited for us. Where none of the newest has one, what is kept stays.
    """
    if first_polled_at is None or not new:
        return
    found = connection.execute(
        """SELECT first_seen_at - published_at AS waited FROM (
             SELECT first_seen_at, published_at, dated FROM entries
              WHERE source_id = ? ORDER BY order_key DESC LIMIT ?) AS newest
            WHERE dated = 1 AND published_at > ? LIMIT ?""",
        (source_id, LOOKED_AT, first_polled_at, DELAYED_ENTRIES),
    ).fetchall()
    if found:
        # Not of `statistics`, which takes long to load: every command that polls has this module.
        waited = sorted(max(0, row["waited"]) for row in found)
        half = len(waited) // 2
        delay = (waited[half] + waited[~half]) // 2
        connection.execute("UPDATE sources SET delay = ? WHERE id = ?", (delay, source_id))
