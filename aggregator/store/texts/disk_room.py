"""What the texts of each source take, and how much more it may hold.

Kept beside the source and for all: whatever stores, shortens or forgets an entry counts it here, in
the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.stories.kept_texts import quota, room

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


def left(connection: sqlite3.Connection, source_id: int) -> int:
    """Return how many bytes of text a source may hold beside what it does."""
    row = connection.execute(
        """SELECT c.quota_bytes, c.found_bytes, c.sources, c.stored_bytes AS all_bytes,
                  s.stored_bytes AS own_bytes
             FROM counters c, sources s WHERE s.id = ?""",
        (source_id,),
    ).fetchone()
    return room(
        quota(row["quota_bytes"], row["found_bytes"]),
        sources=row["sources"],
        all_bytes=row["all_bytes"],
        own_bytes=row["own_bytes"],
    )


def count(connection: sqlite3.Connection, more_bytes: Mapping[int, int]) -> None:
    """Note how many bytes of text each source has more than before, or, below 0, less."""
    changed = [(more, source_id) for source_id, more in more_bytes.items() if more]
    if changed:
        connection.executemany(
            "UPDATE sources SET stored_bytes = stored_bytes + ? WHERE id = ?", changed
        )
        connection.execute(
            "UPDATE counters SET stored_bytes = stored_bytes + ?",
            (sum(more for more, _ in changed),),
        )


def held(connection: sqlite3.Connection, source_id: int) -> int:
    """Return how many bytes the texts of a source take."""
    (stored_bytes,) = connection.execute(
        "SELECT stored_bytes FROM sources WHERE id = ?", (source_id,)
    ).fetchone()
    return int(stored_bytes)


def configure(connection: sqlite3.Connection, quota_bytes: int | None, sources: int) -> None:
    """Remember how much so many sources may hold, `None` for as much as `quota` says."""
    connection.execute("UPDATE counters SET quota_bytes = ?, sources = ?", (quota_bytes, sources))
