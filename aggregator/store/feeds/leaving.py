"""Entries that leave a feed's window: who is named below them then is told of in its archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.late_modules import LateModule
from aggregator.store.rows.value_lists import rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from aggregator.model import Feed
    from aggregator.store.stories import named_stories
else:  # with all that compares texts, for feeds that take together what tells the same
    named_stories = LateModule("aggregator.store.stories.named_stories")


def note_up_to(
    connection: sqlite3.Connection, feed_id: int, feed: Feed, floor: int, now: int
) -> None:
    """Note it of all that a feed shows up to an order key; to be called before they leave."""
    if feed.dedupe == "story":
        keys = connection.execute(
            "SELECT order_key FROM shown WHERE feed_id = ? AND order_key <= ?", (feed_id, floor)
        )
        note(connection, feed_id, feed, [key for (key,) in keys], now)


def note(
    connection: sqlite3.Connection, feed_id: int, feed: Feed, order_keys: Sequence[int], now: int
) -> None:
    """Note it of what has these order keys."""
    if feed.dedupe != "story" or not order_keys:
        return
    leads = rows_of(
        connection, "SELECT id, story_id FROM entries WHERE order_key IN ({marks})", order_keys
    )
    row = connection.execute("SELECT id, floor FROM feeds WHERE id = ?", (feed_id,)).fetchone()
    named_stories.retell(connection, row, feed, dict(map(tuple, leads)), now)
