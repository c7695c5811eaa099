"""Rows of stories that feeds do not show: kept back for a while, or named below another entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.codec import dumps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


def note(
    connection: sqlite3.Connection,
    feed_id: int,
    story_ids: Iterable[int],
    held: Iterable[tuple[int, int]],
) -> set[int]:
    """Note what of some stories waits from now on: which, and until when.

    Return those that have waited until now.
    """
    # sqlite: a list of values is one parameter, as JSON
    before = connection.execute(
        """DELETE FROM held WHERE feed_id = ? AND story_id IN (SELECT value FROM json_each(?))
           RETURNING story_id""",
        (feed_id, dumps(sorted(story_ids))),
    ).fetchall()
    connection.executemany(
        "INSERT INTO held (feed_id, story_id, until_at) VALUES (?, ?, ?)",
        [(feed_id, story_id, until_at) for story_id, until_at in held],
    )
    return {story_id for (story_id,) in before}


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


def release(connection: sqlite3.Connection, feed_id: int, entry_ids: Iterable[int]) -> set[int]:
    """Let nothing wait in a feed any more; return which of some entries have waited until now."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """WITH roots (id) AS (
             SELECT coalesce(a.joined_id, a.id) FROM held h JOIN stories s ON s.id = h.story_id
               JOIN stories a ON a.id = coalesce(s.original_id, s.id) WHERE h.feed_id = ?)
           SELECT e.id FROM entries e JOIN stories s ON s.id = e.story_id
             JOIN stories a ON a.id = coalesce(s.original_id, s.id)
            WHERE e.id IN (SELECT value FROM json_each(?))
              AND coalesce(a.joined_id, a.id) IN (SELECT id FROM roots)""",
        (feed_id, dumps(sorted(entry_ids))),
    ).fetchall()
    clear(connection, feed_id)
    return {entry_id for (entry_id,) in rows}


def clear(connection: sqlite3.Connection, feed_id: int) -> None:
    """Forget what waits in a feed."""
    connection.execute("DELETE FROM held WHERE feed_id = ?", (feed_id,))
