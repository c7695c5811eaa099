"""What a feed shows: memberships, the floor, and the window that only moves forward.

A feed shows the stories of its sources whose order key lies above the feed's floor. The floor
rises when the window drops a story, and never falls: nothing that was dropped enters again,
whatever is configured, removed or added later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.model.notes import LimitReached, NoteKind
from aggregator.store import note_rows
from aggregator.store.rows import feed_of

if TYPE_CHECKING:
    import sqlite3

    from aggregator.model import Feed

#: After a feed's creation, sources that are first polled within this time bring all they have:
#: the feed has no readers yet. Later ones bring at most their `backfill`.
FILLING_US = 3_600_000_000

# Entries that the feed admits: not left out by a rule, of a source that is a member today, arrived
# during one of its memberships. Written as a condition on entry {e}.
IS_ADMITTED = """
    {e}.held_back = 0 AND {e}.blocked IS NULL
    AND NOT EXISTS (SELECT 1 FROM exclusions x WHERE x.feed_id = :feed AND x.entry_id = {e}.id)
    AND EXISTS (SELECT 1 FROM memberships m
                 WHERE m.feed_id = :feed AND m.source_id = {e}.source_id
                   AND {e}.order_key > m.after_key
                   AND (m.until_key IS NULL OR {e}.order_key <= m.until_key))
    AND EXISTS (SELECT 1 FROM memberships m
                 WHERE m.feed_id = :feed AND m.source_id = {e}.source_id AND m.until_key IS NULL)
"""

# When a feed first showed entry {e}; what it has not shown yet comes last.
_PLACE = """coalesce((SELECT a.month * 1000000 + a.number FROM archive a
                         WHERE a.entry_id = {e}.id AND a.feed_id = :feed), 9e18)"""

# A story stands in a feed by the first of its entries that the feed admits: another source's copy
# that comes later neither moves it nor brings it back. First is what the feed showed first, else
# what came first (ids grow), not the smallest order key: a source that is added, or that joins the
# feed, brings copies with keys of the past.
SHOWN = f"""
    SELECT e.id, e.story_id, e.order_key FROM entries e
     WHERE e.order_key > :floor AND {IS_ADMITTED.format(e="e")}
       AND (:once = 0 OR NOT EXISTS (SELECT 1 FROM entries f
                        WHERE f.story_id = e.story_id AND f.id != e.id
                          AND {IS_ADMITTED.format(e="f")}
                          AND ({_PLACE.format(e="f")}, f.id) < ({_PLACE.format(e="e")}, e.id)))
     ORDER BY e.order_key DESC
"""  # noqa: S608 -- built of constants


def join(
    connection: sqlite3.Connection,
    *,
    feed_id: int,
    feed_created: int,
    source_id: int,
    backfill: int,
    now: int,
) -> None:
    """Make a source a member of a feed, from now on.

    Of stories that the source had before, a feed that has readers already takes those of earlier
    memberships and the newest `backfill` of the others.
    """
    (after,) = connection.execute(
        "SELECT coalesce(max(until_key), 0) FROM memberships WHERE feed_id = ? AND source_id = ?",
        (feed_id, source_id),
    ).fetchone()
    if now > feed_created + FILLING_US:
        # What lies below the floor cannot be shown; it must not stand for a story that is, either.
        (floor,) = connection.execute("SELECT floor FROM feeds WHERE id = ?", (feed_id,)).fetchone()
        after = max(after, floor, _cut(connection, source_id, after, backfill))
    connection.execute(
        """INSERT INTO memberships (feed_id, source_id, after_key, until_key)
           VALUES (?, ?, ?, NULL)
           ON CONFLICT (feed_id, source_id, after_key) DO UPDATE SET until_key = NULL""",
        (feed_id, source_id, after),
    )


def leave(connection: sqlite3.Connection, *, feed_id: int, source_id: int) -> None:
    """End a source's membership of a feed: its stories leave, nothing takes their place."""
    connection.execute(
        """UPDATE memberships SET until_key = (SELECT largest_order_key FROM counters)
            WHERE feed_id = ? AND source_id = ? AND until_key IS NULL""",
        (feed_id, source_id),
    )


def admit_first_poll(
    connection: sqlite3.Connection, *, source_id: int, backfill: int, now: int
) -> None:
    """After a source's first poll: feeds that have readers take only its newest `backfill`."""
    cut = _cut(connection, source_id, 0, backfill)
    connection.execute(
        """UPDATE memberships
              SET after_key = max(:cut, (SELECT floor FROM feeds WHERE feeds.id = feed_id))
            WHERE source_id = :source AND until_key IS NULL AND after_key < :cut
              AND feed_id IN (SELECT id FROM feeds WHERE created_at + :filling < :now)""",
        {"cut": cut, "source": source_id, "filling": FILLING_US, "now": now},
    )


def _cut(connection: sqlite3.Connection, source_id: int, after: int, backfill: int) -> int:
    """Return the order key below the source's newest `backfill` stories above `after`."""
    row = connection.execute(
        """SELECT order_key FROM entries
            WHERE source_id = ? AND order_key > ? AND held_back = 0
            ORDER BY order_key DESC LIMIT 1 OFFSET ?""",
        (source_id, after, backfill),
    ).fetchone()
    return after if row is None else int(row[0])


def feeds_of(connection: sqlite3.Connection, source_id: int) -> list[sqlite3.Row]:
    """Return the feeds that select a source today."""
    return connection.execute(
        """SELECT f.* FROM feeds f JOIN memberships m ON m.feed_id = f.id
            WHERE m.source_id = ? AND m.until_key IS NULL AND f.removed_at IS NULL""",
        (source_id,),
    ).fetchall()


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry that a feed shows."""

    entry_id: int
    story_id: int
    order_key: int


def shown(connection: sqlite3.Connection, feed_row: sqlite3.Row, feed: Feed) -> list[Shown]:
    """Return what lies above the feed's floor, newest order key first, whatever its limit."""
    rows = connection.execute(SHOWN, parameters(feed_row, feed))
    return [Shown(*row) for row in rows]


def advance(
    connection: sqlite3.Connection,
    feed_row: sqlite3.Row,
    feed: Feed,
    entries: list[Shown],
    now: int,
) -> list[Shown]:
    """Raise the feed's floor to what its window drops at `now`; return what is left.

    `entries` is what `shown` returned. The floor becomes the largest order key that was dropped. A
    window that is cut by `limit` is noted for `status`.
    """
    keys = [entry.order_key for entry in entries]
    oldest = now - feed.window // MICROSECOND
    kept = len(keys)
    while kept > feed.min_entries and keys[kept - 1] < oldest:
        kept -= 1
    in_window = kept
    kept = min(kept, feed.limit)
    _note_limit(connection, feed_row["id"], feed.limit, in_window, now)
    if kept == len(keys):
        return entries
    connection.execute(
        "UPDATE feeds SET floor = ? WHERE id = ? AND floor < ?",
        (keys[kept], feed_row["id"], keys[kept]),
    )
    return entries[:kept]


def _note_limit(
    connection: sqlite3.Connection, feed_id: int, limit: int, in_window: int, now: int
) -> None:
    if in_window < limit:
        note_rows.drop(connection, NoteKind.LIMIT_REACHED, feed_id=feed_id)
    else:
        note_rows.put(connection, LimitReached(limit), now, feed_id=feed_id)


def shown_story_ids(connection: sqlite3.Connection) -> set[int]:
    """Return the stories that stand in any feed's window."""
    stories: set[int] = set()
    for row in connection.execute("SELECT * FROM feeds WHERE removed_at IS NULL").fetchall():
        stories.update(entry.story_id for entry in shown(connection, row, feed_of(row["config"])))
    return stories


def parameters(row: sqlite3.Row, feed: Feed) -> dict[str, int]:
    """Return what `SHOWN` and `IS_ADMITTED` ask about a feed."""
    return {"feed": row["id"], "floor": row["floor"], "once": feed.dedupe != "off"}
