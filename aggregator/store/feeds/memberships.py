"""Rows of which sources a feed selects, and from which of their entries on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.windows import is_filling, joins_after

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence, Set


def join(
    connection: sqlite3.Connection,
    joining: Sequence[tuple[int, int, int]],
    *,
    fresh: Set[int],
    now: int,
) -> None:
    """Make sources members of feeds, from now on; the `fresh` ones never were, and have nothing.

    `joining` are ids of feeds and sources, and how many entries a source brings along.
    """
    feeds = {
        feed_id: (floor, created_at)
        for feed_id, floor, created_at in rows_of(
            connection,
            "SELECT id, floor, created_at FROM feeds WHERE id IN ({marks})",
            sorted({feed_id for feed_id, _, _ in joining}),
        )
    }
    rows = []
    for feed_id, source_id, backfill in joining:
        floor, created_at = feeds[feed_id]
        ended = given_up = cut = 0
        if source_id not in fresh:
            ended, given_up = connection.execute(
                """SELECT coalesce(max(until_key), 0), coalesce(max(floor), 0) FROM memberships
                    WHERE feed_id = ? AND source_id = ?""",
                (feed_id, source_id),
            ).fetchone()
            cut = _backfill_cut(connection, source_id, ended, backfill)
        after = joins_after(
            ended=ended,
            floor=floor,
            backfill_cut=cut,
            is_filling=is_filling(created_at=created_at, now=now),
        )
        rows.append((feed_id, source_id, after, given_up))
    connection.executemany(
        """INSERT INTO memberships (feed_id, source_id, after_key, until_key, floor)
           VALUES (?, ?, ?, NULL, ?)
           ON CONFLICT (feed_id, source_id, after_key) DO UPDATE SET until_key = NULL""",
        rows,
    )


def leave(connection: sqlite3.Connection, left: Iterable[tuple[int, int]]) -> None:
    """End memberships, by the ids of feed and source."""
    (largest,) = connection.execute("SELECT largest_order_key FROM counters").fetchone()
    connection.executemany(
        """UPDATE memberships SET until_key = ?
            WHERE feed_id = ? AND source_id = ? AND until_key IS NULL""",
        [(largest, *one) for one in left],
    )


def admit_first_poll(
    connection: sqlite3.Connection, *, source_id: int, backfill: int, now: int
) -> None:
    """After a source's first poll: feeds that have readers take only its newest `backfill`."""
    backfill_cut = _backfill_cut(connection, source_id, 0, backfill)
    rows = connection.execute(
        """SELECT m.feed_id, m.after_key, f.floor, f.created_at
             FROM memberships m JOIN feeds f ON f.id = m.feed_id
            WHERE m.source_id = ? AND m.until_key IS NULL AND m.after_key < ?""",
        (source_id, backfill_cut),
    ).fetchall()
    for row in rows:
        after = joins_after(
            ended=row["after_key"],
            floor=row["floor"],
            backfill_cut=backfill_cut,
            is_filling=is_filling(created_at=row["created_at"], now=now),
        )
        if after != row["after_key"]:
            connection.execute(
                """UPDATE memberships SET after_key = ?
                    WHERE feed_id = ? AND source_id = ? AND until_key IS NULL""",
                (after, row["feed_id"], source_id),
            )


def _backfill_cut(connection: sqlite3.Connection, source_id: int, after: int, backfill: int) -> int:
    """Return the order key below the source's newest `backfill` stories above `after`."""
    row = connection.execute(
        """SELECT order_key FROM entries
            WHERE source_id = ? AND order_key > ? AND held_back = 0
            ORDER BY order_key DESC LIMIT 1 OFFSET ?""",
        (source_id, after, backfill),
    ).fetchone()
    return after if row is None else int(row[0])


def sources_of(connection: sqlite3.Connection, feed_id: int) -> set[int]:
    """Return the sources that a feed has ever selected, as far as it matters today."""
    rows = connection.execute("SELECT source_id FROM memberships WHERE feed_id = ?", (feed_id,))
    return {source_id for (source_id,) in rows}


def pairs_of(connection: sqlite3.Connection, source_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return today's memberships of some sources, by the ids of feed and source."""
    rows = rows_of(
        connection,
        """SELECT m.feed_id, m.source_id FROM memberships m
             JOIN feeds f ON f.id = m.feed_id AND f.removed_at IS NULL
            WHERE m.source_id IN ({marks}) AND m.until_key IS NULL""",
        source_ids,
    )
    return [(feed_id, source_id) for feed_id, source_id in rows]
