"""Rows of stories that feeds do not show: kept back for a while, or named below another entry.

What is kept back when its source leaves a feed waits for its return, or for that of the feed: the
window may move past it meanwhile, and nobody has met it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.rows.codec import dumps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

#: Until then waits what only a return ends.
_RETURN = (1 << 62) - 1


def note(
    connection: sqlite3.Connection,
    feed_id: int,
    story_ids: Iterable[int],
    held: Mapping[int, int],
    away: AbstractSet[int],
) -> set[int]:
    """Note what of some stories waits from now on: each that does, and until when.

    Each by itself: what waits together may be told apart before the end of it, or lose its first.
    Those `away`, of sources that the feed does not select, go on waiting where they did.
    Return those that have waited until now.
    """
    # sqlite: a list of values is one parameter, as JSON
    before = connection.execute(
        """DELETE FROM held WHERE feed_id = ? AND story_id IN (SELECT value FROM json_each(?))
           RETURNING story_id""",
        (feed_id, dumps(sorted(story_ids))),
    ).fetchall()
    waited = {story_id for (story_id,) in before}
    waiting = dict.fromkeys(sorted(waited & away), _RETURN) | dict(held)
    connection.executemany(
        "INSERT INTO held (feed_id, story_id, until_at) VALUES (?, ?, ?)",
        [(feed_id, story_id, until_at) for story_id, until_at in waiting.items()],
    )
    return waited


def name(connection: sqlite3.Connection, feed_id: int, story_ids: Iterable[int]) -> None:
    """Note that a feed has named stories below other entries."""
    connection.executemany(
        "INSERT INTO named (feed_id, story_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(feed_id, story_id) for story_id in sorted(story_ids)],
    )


def due(connection: sqlite3.Connection, feed_id: int, now: int) -> set[int]:
    """Return the stories that have waited for long enough in a feed."""
    rows = connection.execute(
        "SELECT story_id FROM held WHERE feed_id = ? AND until_at <= ?", (feed_id, now)
    )
    return {story_id for (story_id,) in rows}


def due_feeds(connection: sqlite3.Connection, now: int) -> list[int]:
    """Return the feeds in which something has waited for long enough."""
    rows = connection.execute("SELECT DISTINCT feed_id FROM held WHERE until_at <= ?", (now,))
    return [feed_id for (feed_id,) in rows]


def end(connection: sqlite3.Connection, story_ids: Iterable[int], now: int) -> None:
    """Let what waits of some stories be asked for again at `now`."""
    # sqlite: a list of values is one parameter, as JSON
    connection.execute(
        """UPDATE held SET until_at = :now
            WHERE until_at > :now AND story_id IN (SELECT value FROM json_each(:stories))""",
        {"now": now, "stories": dumps(sorted(story_ids))},
    )


def waiting(connection: sqlite3.Connection, feed_id: int) -> set[int]:
    """Return the stories that wait in a feed, for whatever."""
    rows = connection.execute("SELECT story_id FROM held WHERE feed_id = ?", (feed_id,))
    return {story_id for (story_id,) in rows}


def suspend(connection: sqlite3.Connection, feed_id: int) -> None:
    """Let what waits in a feed that is removed wait for its return."""
    connection.execute("UPDATE held SET until_at = ? WHERE feed_id = ?", (_RETURN, feed_id))
