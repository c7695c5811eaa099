"""Forgetting in time: old entries, the publisher's raw fields, tombstones nobody needs.

Nothing in any feed's window is ever pruned. A pruned entry leaves its keys as tombstones, so that
a document that still lists it does not bring it back; they are dropped some time after the
document last showed them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.model.notes import NoteKind
from aggregator.store import archive

if TYPE_CHECKING:
    import sqlite3

#: How long after a document last showed a pruned entry its tombstone is kept.
TOMBSTONES_KEPT = timedelta(days=30)

#: How long `status` names a flood of old entries.
FLOODS_KEPT = timedelta(days=7)

#: Entries deleted in one transaction: other writers wait no longer than that.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one batch did: entries deleted, and the id to go on after (`None`: that was all)."""

    entries: int
    after_id: int | None


def prune_batch(
    connection: sqlite3.Connection, *, before: int, shown: set[int], after_id: int
) -> Pruned:
    """Delete entries first seen before `before`, of at most `BATCH` with an id above `after_id`.

    Those of a story in `shown` (`windows.shown_story_ids`) stay.
    """
    rows = connection.execute(
        """SELECT id, story_id FROM entries WHERE id > ? AND first_seen_at < ?
            ORDER BY id LIMIT ?""",
        (after_id, before, BATCH),
    ).fetchall()
    doomed = [row for row in rows if row["story_id"] not in shown]
    for row in doomed:
        connection.execute(
            """INSERT OR IGNORE INTO tombstones (source_id, key)
               SELECT source_id, key FROM identities WHERE entry_id = ?""",
            (row["id"],),
        )
        connection.execute("DELETE FROM entries WHERE id = ?", (row["id"],))
        connection.execute(
            """DELETE FROM stories WHERE id = ?
                 AND NOT EXISTS (SELECT 1 FROM entries WHERE story_id = stories.id)""",
            (row["story_id"],),
        )
    return Pruned(len(doomed), rows[-1]["id"] if len(rows) == BATCH else None)


def drop_leftovers(connection: sqlite3.Connection, *, now: int, keep_raw: timedelta) -> None:
    """Drop raw fields, tombstones, notes and closed memberships whose time is over."""
    connection.execute(
        "UPDATE entries SET raw = NULL WHERE raw IS NOT NULL AND changed_at < ?",
        (now - keep_raw // MICROSECOND,),
    )
    connection.execute(
        "DELETE FROM tombstones WHERE absent_since_at < ?",
        (now - TOMBSTONES_KEPT // MICROSECOND,),
    )
    connection.execute(
        "DELETE FROM notes WHERE kind = ? AND noted_at < ?",
        (NoteKind.FLOOD, now - FLOODS_KEPT // MICROSECOND),
    )
    connection.execute("DELETE FROM gates WHERE until_at < ?", (now,))
    archive.forget(connection)
    # A membership that ended below the floor admits nothing any more.
    connection.execute(
        """DELETE FROM memberships WHERE until_key IS NOT NULL
             AND until_key <= (SELECT floor FROM feeds WHERE feeds.id = memberships.feed_id)"""
    )
