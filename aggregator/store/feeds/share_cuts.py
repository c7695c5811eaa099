"""Rows that sources give up of feeds that are full, so that others keep theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.model.notes import GaveWay, NoteKind
from aggregator.store.feeds import leaving
from aggregator.store.rows import note_rows
from aggregator.store.rows.codec import dumps
from aggregator.stories.shares import Kept, give_up

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from aggregator.model import Feed
    from aggregator.stories.shares import GivenUp


def give_way(
    connection: sqlite3.Connection, feed_id: int, feed: Feed, now: int, *, has_given: bool
) -> int:
    """Let sources with more than their share give way in a full feed; return how many entries.

    `has_given`: it is noted that some have done so before. Only where the feed shows more than
    `limit` or `document_size` are they looked at.
    """
    given_up: Mapping[int, GivenUp] = {}
    if feed.per_source is not None and _is_over(connection, feed_id, feed):
        rows = connection.execute(
            """SELECT s.order_key, e.source_id, s.weight_bytes
                 FROM shown s JOIN entries e ON e.id = s.entry_id
                WHERE s.feed_id = ? ORDER BY s.order_key""",
            (feed_id,),
        ).fetchall()
        given_up = give_up(feed, [Kept(*row) for row in rows], now)
    for source_id, one in given_up.items():
        leaving.note(connection, feed_id, feed, one.order_keys, now)
        _drop(connection, feed_id, one.order_keys)
        connection.execute(
            """UPDATE memberships SET floor = :floor
                WHERE feed_id = :feed AND source_id = :source AND floor < :floor""",
            {"floor": one.floor, "feed": feed_id, "source": source_id},
        )
        told = GaveWay(feed.name, one.left)
        note_rows.put(connection, told, now, source_id=source_id, feed_id=feed_id)
    if not (has_given or given_up):
        return 0
    # What was given up before the window's beginning would be gone by now in any case.
    connection.execute(
        """DELETE FROM notes WHERE feed_id = :feed AND kind = :kind AND NOT EXISTS (
             SELECT 1 FROM memberships m WHERE m.feed_id = :feed AND m.until_key IS NULL
                AND m.source_id = notes.source_id AND m.floor >= :begins)""",
        {"feed": feed_id, "kind": NoteKind.GAVE_WAY, "begins": now - feed.window // MICROSECOND},
    )
    return sum(len(one.order_keys) for one in given_up.values())


def _is_over(connection: sqlite3.Connection, feed_id: int, feed: Feed) -> bool:
    count, in_bytes = connection.execute(
        "SELECT shown_count, shown_bytes FROM feeds WHERE id = ?", (feed_id,)
    ).fetchone()
    return bool(count > feed.limit or in_bytes > feed.document_size)


def _drop(connection: sqlite3.Connection, feed_id: int, order_keys: Sequence[int]) -> None:
    """Show the entries with these order keys no more."""
    gone = {"feed": feed_id, "keys": dumps(order_keys), "count": len(order_keys)}
    # sqlite: a list of values is one parameter, as JSON
    connection.execute(
        """UPDATE feeds SET shown_count = shown_count - :count, shown_bytes = shown_bytes - (
             SELECT sum(weight_bytes) FROM shown
              WHERE feed_id = :feed AND order_key IN (SELECT value FROM json_each(:keys)))
            WHERE id = :feed""",
        gone,
    )
    # sqlite: a list of values is one parameter, as JSON
    connection.execute(
        """DELETE FROM shown
            WHERE feed_id = :feed AND order_key IN (SELECT value FROM json_each(:keys))""",
        gone,
    )
