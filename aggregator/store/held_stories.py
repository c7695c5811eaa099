"""Rows of stories that feeds do not show: kept back for a while, or named below another entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.codec import dumps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping


def note(
    connection: sqlite3.Connection,
    feed_id: int,
    story_ids: Iterable[int],
    held: Mapping[int, int],
) -> set[int]:
    """Note what of some stories waits from now on: each that does, and until when.

    Each by itself: what waits together may be told apart before the end of it, or lose its first.
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
        [(feed_id, story_id, until_at) for story_id, until_at in held.items()],
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


def release(connection: sqlite3.Connection, feed_id: int) -> set[int]:
    """Let nothing wait in a feed any more; return the stories that have waited until now."""
    rows = connection.execute(
        "DELETE FROM held WHERE feed_id = ? RETURNING story_id", (feed_id,)
    ).fetchall()
    return {story_id for (story_id,) in rows}


def clear(connection: sqlite3.Connection, feed_id: int) -> None:
    """Forget what waits in a feed."""
    connection.execute("DELETE FROM held WHERE feed_id = ?", (feed_id,))
