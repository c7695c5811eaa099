"""Rows of stories that feeds keep back for a while: shown in time, whatever happens in between."""

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
) -> None:
    """Note what of some stories waits from now on: which, and until when."""
    # sqlite: a list of values is one parameter, as JSON
    connection.execute(
        "DELETE FROM held WHERE feed_id = ? AND story_id IN (SELECT value FROM json_each(?))",
        (feed_id, dumps(sorted(story_ids))),
    )
    connection.executemany(
        "INSERT INTO held (feed_id, story_id, until_at) VALUES (?, ?, ?)",
        [(feed_id, story_id, until_at) for story_id, until_at in held],
    )


def pop_due(connection: sqlite3.Connection, feed_id: int, now: int) -> set[int]:
    """Return the stories that have waited for long enough in a feed: they wait no more."""
    rows = connection.execute(
        "DELETE FROM held WHERE feed_id = ? AND until_at <= ? RETURNING story_id", (feed_id, now)
    )
    return {story_id for (story_id,) in rows.fetchall()}


def due_feeds(connection: sqlite3.Connection, now: int) -> list[int]:
    """Return the feeds in which something has waited for long enough."""
    rows = connection.execute("SELECT DISTINCT feed_id FROM held WHERE until_at <= ?", (now,))
    return [feed_id for (feed_id,) in rows]


def clear(connection: sqlite3.Connection, feed_id: int) -> None:
    """Forget what waits in a feed."""
    connection.execute("DELETE FROM held WHERE feed_id = ?", (feed_id,))
