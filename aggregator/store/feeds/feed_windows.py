"""Rows of what feeds show: asked for again where something happened, and nowhere else.

What a feed shows is kept, an entry a row (`shown`), and is at every commit what
`stories.windows.standing` makes of all that is stored. A feed's `shown_count` counts its rows;
`drops_at` is when its window drops the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.notes import LimitReached, NoteKind, SizeReached
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass
from aggregator.store.feeds import archive, leaving, share_cuts
from aggregator.store.feeds.feed_versions import bump
from aggregator.store.feeds.window_candidates import candidates
from aggregator.store.rows import note_rows
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.slices import ROWS
from aggregator.store.rows.typed_rows import feed_of
from aggregator.stories.windows import (
    cut,
    is_whole,
    standing,
    weight,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from aggregator.model import Feed
    from aggregator.store.stories import held_stories, named_stories, told_stories
    from aggregator.store.stories.told_stories import Asked, Named
else:  # with all that compares texts, for feeds that take together what tells the same
    held_stories = LateModule("aggregator.store.stories.held_stories")
    named_stories = LateModule("aggregator.store.stories.named_stories")
    told_stories = LateModule("aggregator.store.stories.told_stories")


def feeds_of(connection: sqlite3.Connection, source_id: int) -> list[sqlite3.Row]:
    """Return the feeds that select a source today."""
    return connection.execute(
        """SELECT f.* FROM feeds f JOIN memberships m ON m.feed_id = f.id
            WHERE m.source_id = ? AND m.until_key IS NULL AND f.removed_at IS NULL""",
        (source_id,),
    ).fetchall()


# --- which stories something happened to --------------------------------------------------------


def stories_of_entries(connection: sqlite3.Connection, entry_ids: Iterable[int]) -> set[int]:
    """Return the stories of some entries."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        "SELECT story_id FROM entries WHERE id IN (SELECT value FROM json_each(?))",
        (dumps(list(entry_ids)),),
    )
    return {story_id for (story_id,) in rows}


def stories_of_sources(
    connection: sqlite3.Connection, feed_id: int, source_ids: Iterable[int]
) -> set[int]:
    """Return the stories of some sources of whose articles an entry lies above what was dropped.

    An original that goes makes room for its copies, a copy for the other copies. What waits is
    there wherever it lies.
    """
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT DISTINCT e.story_id FROM entries e JOIN stories s ON s.id = e.story_id
            WHERE e.source_id IN (SELECT value FROM json_each(:sources))
              AND (EXISTS (SELECT 1 FROM entries c
                WHERE c.story_id IN (SELECT s.id UNION ALL SELECT o.id FROM stories o
                                      WHERE o.original_id = coalesce(s.original_id, s.id))
                  AND c.order_key > (SELECT floor FROM feeds WHERE id = :feed)
                  AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.feed_id = :feed
                        AND m.source_id = c.source_id AND m.floor >= c.order_key))
                OR EXISTS (SELECT 1 FROM held h
                            WHERE h.feed_id = :feed AND h.story_id = e.story_id))""",
        {"feed": feed_id, "sources": dumps(sorted(source_ids))},
    )
    return {story_id for (story_id,) in rows}


# --- what feeds show ----------------------------------------------------------------------------


#: Bytes of an entry's HTML and of the rest, by its id.
Sizes = dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Change:
    """What asking again changed: the entries that a feed shows now, oldest first, and how many not.

    Among the first are those that have waited for so long that the window has moved past them.
    Whether the ones that came will stay is for the window to say. `named` are those that are named
    below others from now on, `waited` those that were kept back until now.
    """

    came: tuple[int, ...] = ()
    left: int = 0
    named: tuple[Named, ...] = ()
    waited: frozenset[int] = frozenset()


def show(
    connection: sqlite3.Connection,
    feed_row: sqlite3.Row,
    feed: Feed,
    story_ids: set[int],
    sizes: Sizes,
    *,
    now: int,
    waiting: AbstractSet[int] = frozenset(),
) -> Change:
    """Ask again which entries of some stories the feed shows at `now`, above its floor.

    Those `waiting` are not compared with others yet: a feed that takes stories together waits.

    `sizes` are those of entries that have been asked for in this transaction, and are added to.
    """
    if not story_ids:
        return Change()
    feed_id = feed_row["id"]
    asked: Asked | None = None
    if feed.dedupe == "story":
        asked = told_stories.ask(connection, feed_row, feed, story_ids, now=now, waiting=waiting)
        found, chosen = asked.every, asked.shown
    else:
        found = candidates(connection, feed_id, story_ids)
        chosen = standing(found, floor=feed_row["floor"], once=feed.dedupe != "off")
    wanted = {one.entry_id: one.order_key for one in chosen}
    sizes.update(_sizes(connection, [entry_id for entry_id in wanted if entry_id not in sizes]))
    weights = {
        entry_id: weight(feed, content_bytes=sizes[entry_id][0], other_bytes=sizes[entry_id][1])
        for entry_id in wanted
    }
    kept = _kept_weights(connection, feed_id, [one.entry_id for one in found])
    gone = kept.keys() - wanted.keys()
    came = [entry_id for entry_id in wanted if entry_id not in kept]
    connection.executemany(
        "DELETE FROM shown WHERE feed_id = ? AND entry_id = ?",
        [(feed_id, entry_id) for entry_id in gone],
    )
    connection.executemany(
        "INSERT INTO shown (feed_id, order_key, entry_id, weight_bytes) VALUES (?, ?, ?, ?)",
        [(feed_id, wanted[entry_id], entry_id, weights[entry_id]) for entry_id in came],
    )
    connection.executemany(
        "UPDATE shown SET weight_bytes = ? WHERE feed_id = ? AND entry_id = ?",
        [
            (weights[entry_id], feed_id, entry_id)
            for entry_id, weighs in kept.items()
            if entry_id in wanted and weighs != weights[entry_id]
        ],
    )
    gained = sum(weights.values()) - sum(kept.values())
    if came or gone or gained:
        connection.execute(
            """UPDATE feeds SET shown_count = shown_count + ?, shown_bytes = shown_bytes + ?
                WHERE id = ?""",
            (len(came) - len(gone), gained, feed_id),
        )
    if asked is None:
        return Change(tuple(came), len(gone))
    # What nobody names any more, and nobody shows, is told of in the archive.
    unnamed = {lead: named for lead, named in asked.named_before.items() if lead in gone}
    archive.retell(connection, feed_id, unnamed, now, again=feed.shows_also)
    return Change((*asked.missed, *came), len(gone), asked.named, asked.waited)


def _sizes(connection: sqlite3.Connection, entry_ids: Sequence[int]) -> Sizes:
    """Return how many bytes the texts of some entries have, and all else that readers get."""
    if not entry_ids:
        return {}
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT id, content_bytes, told_bytes FROM entries
            WHERE id IN (SELECT value FROM json_each(?))""",
        (dumps(entry_ids),),
    )
    return {entry_id: (content, told) for entry_id, content, told in rows}


def _kept_weights(
    connection: sqlite3.Connection, feed_id: int, entry_ids: list[int]
) -> dict[int, int]:
    """Return which of some entries a feed shows, with their weights."""
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """SELECT s.entry_id, s.weight_bytes FROM json_each(?) asked
             CROSS JOIN shown s ON s.entry_id = asked.value AND s.feed_id = ?""",
        (dumps(entry_ids), feed_id),
    )
    return dict(rows.fetchall())


def follow_poll(
    connection: sqlite3.Connection,
    source_id: int,
    entry_ids: tuple[int, ...],
    now: int,
    *,
    first: bool,
    is_seen: bool,
    waiting: Sequence[int] = (),
) -> None:
    """Let a source's feeds show what came or changed; after a `first` poll, ask about all it has.

    `is_seen`: readers see the source or an entry of it otherwise than before. The entries `waiting`
    are not compared with others yet.
    """
    if not (is_seen or first):
        return
    changed = stories_of_entries(connection, entry_ids)
    uncompared = stories_of_entries(connection, waiting) if waiting else set()
    sizes: Sizes = {}
    has_more = first and _count(connection, source_id) > len(entry_ids)
    for row in feeds_of(connection, source_id):
        feed_id, feed = row["id"], feed_of(row["config"])
        every = stories_of_sources(connection, feed_id, {source_id}) if has_more else set()
        asked = changed | every
        change = show(connection, row, feed, asked, sizes, now=now, waiting=uncompared)
        # Before the window moves: what it has no room for is in the archive all the same.
        archive.record(connection, feed_id, change.came, now)
        dropped = advance(connection, feed_id, feed, now)
        _keep_unnamed(connection, feed_id, change, now)
        if is_seen or dropped or change != Change():
            bump(connection, feed_id, now)


def _keep_unnamed(connection: sqlite3.Connection, feed_id: int, change: Change, now: int) -> None:
    """Archive what would have been named below entries that had no room: nobody was told of it."""
    leads = tuple(lead for one in change.named for lead in one.leads)
    kept = set(still_shown(connection, feed_id, leads)) if leads else set()
    unnamed = [
        entry_id for one in change.named if kept.isdisjoint(one.leads) for entry_id in one.entry_ids
    ]
    if unnamed:
        archive.record(connection, feed_id, unnamed, now)


def named_in(connection: sqlite3.Connection, feed_id: int, feed: Feed) -> frozenset[int]:
    """Return the entries that a feed names below others in its window."""
    return named_stories.named_in(connection, _row(connection, feed_id), feed)


def _row(connection: sqlite3.Connection, feed_id: int) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute(
        "SELECT id, floor FROM feeds WHERE id = ?", (feed_id,)
    ).fetchone()
    return row


def record_applied(
    connection: sqlite3.Connection,
    feed_id: int,
    feed: Feed,
    change: Change,
    now: int,
    *,
    named: frozenset[int],
) -> None:
    """Archive what a configuration lets a feed show, after its window has moved.

    What has no room was shown to nobody, unless it came before and was only kept back, or `named`
    below others.
    """
    kept_back = change.waited
    if feed.dedupe != "story":
        kept_back |= _released(connection, feed_id, change)
    if named:
        kept_back |= named_stories.unnamed(connection, _row(connection, feed_id), feed, named)
    kept = kept_back | set(still_shown(connection, feed_id, change.came))
    missed = sorted(kept_back.difference(change.came))
    came = [*missed, *(entry_id for entry_id in change.came if entry_id in kept)]
    archive.record(connection, feed_id, came, now)
    waited = tuple(one for one in change.named if one.waited)
    _keep_unnamed(connection, feed_id, Change(named=waited), now)


def _released(connection: sqlite3.Connection, feed_id: int, change: Change) -> set[int]:
    """Return what was kept back in a feed that tells each article by itself: nothing waits there.

    Only what is away does.
    """
    if not (waiting := held_stories.waiting(connection, feed_id)):
        return set()
    return set(told_stories.released(connection, feed_id, waiting, change.came))


def _count(connection: sqlite3.Connection, source_id: int) -> int:
    """Return how many entries a source has."""
    (count,) = connection.execute(
        "SELECT count(*) FROM entries WHERE source_id = ?", (source_id,)
    ).fetchone()
    return int(count)


def advance(
    connection: sqlite3.Connection, feed_id: int, feed: Feed, now: int, *, most: int | None = None
) -> int:
    """Raise the feed's floors to what its window drops at `now`; return how many entries that is.

    With `most` its window drops no more than that: if more is due, the feed stays due.

    A window that is cut by `limit` or by `document_size` is noted for `status`, and so is a source
    that gave way.
    """
    noted = note_rows.kinds_of_feed(connection, feed_id)
    given_up = share_cuts.give_way(
        connection, feed_id, feed, now, has_given=NoteKind.GAVE_WAY in noted
    )
    row = connection.execute(
        "SELECT floor, shown_count, shown_bytes FROM feeds WHERE id = ?", (feed_id,)
    ).fetchone()
    rows = connection.execute(
        "SELECT order_key, weight_bytes FROM shown WHERE feed_id = ? ORDER BY order_key", (feed_id,)
    )
    found = cut(
        feed,
        map(tuple, rows),
        now,
        count=row["shown_count"],
        all_bytes=row["shown_bytes"],
        most=most,
    )
    rows.close()
    if found.floor is not None:
        leaving.note_up_to(connection, feed_id, feed, found.floor, now)
        connection.execute(
            "DELETE FROM shown WHERE feed_id = ? AND order_key <= ?", (feed_id, found.floor)
        )
    floor = max(row["floor"], found.floor or 0)
    connection.execute(
        """UPDATE feeds SET floor = ?, shown_count = shown_count - ?, shown_bytes = ?, drops_at = ?
            WHERE id = ?""",
        (floor, found.dropped, found.kept_bytes, found.drops_at, feed_id),
    )
    if found.is_too_large:
        note_rows.put(connection, SizeReached(feed.document_size), now, feed_id=feed_id)
    elif NoteKind.SIZE_REACHED in noted and is_whole(feed, floor, now):
        note_rows.drop(connection, NoteKind.SIZE_REACHED, feed_id=feed_id)
    if found.is_full and not found.is_unfinished:
        note_rows.put(connection, LimitReached(feed.limit), now, feed_id=feed_id)
    elif NoteKind.LIMIT_REACHED in noted and not found.is_unfinished:
        note_rows.drop(connection, NoteKind.LIMIT_REACHED, feed_id=feed_id)
    return given_up + found.dropped


def follow_stories(connection: sqlite3.Connection, story_ids: set[int], now: int) -> None:
    """Let feeds show what they tell of some stories now that others are told together."""
    for row in connection.execute("SELECT * FROM feeds WHERE removed_at IS NULL").fetchall():
        feed_id, feed = row["id"], feed_of(row["config"])
        if feed.dedupe != "story":
            continue
        change = show(connection, row, feed, story_ids, {}, now=now)
        archive.record(connection, feed_id, change.came, now)
        advance(connection, feed_id, feed, now)
        _keep_unnamed(connection, feed_id, change, now)
        bump(connection, feed_id, now)


def due_feeds(connection: sqlite3.Connection, now: int) -> list[int]:
    """Return the feeds from whose windows something is to be dropped, or in which it is held."""
    dropping = (row["id"] for row in asked_or_due(connection, (), now))
    return list(dict.fromkeys((*dropping, *held_stories.due_feeds(connection, now))))


def holding_feeds(connection: sqlite3.Connection, now: int) -> list[int]:
    """Return the feeds in which a story has waited for long enough."""
    return held_stories.due_feeds(connection, now)


def advance_due(connection: sqlite3.Connection, *, feed_id: int, now: int) -> str | None:
    """Show what has waited for long enough in a feed, and move its window a slice forward.

    Return the feed's name where it dropped something.
    """
    row = connection.execute(
        "SELECT * FROM feeds WHERE id = ? AND removed_at IS NULL", (feed_id,)
    ).fetchone()
    if row is None:
        held_stories.suspend(connection, feed_id)
        return None
    feed = feed_of(row["config"])
    due = held_stories.due(connection, feed_id, now)
    change = show(connection, row, feed, due, {}, now=now)
    freed = _released(connection, feed_id, change) if due and feed.dedupe != "story" else set()
    archive.record(connection, feed_id, (*sorted(freed.difference(change.came)), *change.came), now)
    dropped = advance(connection, feed_id, feed, now, most=ROWS)
    _keep_unnamed(connection, feed_id, change, now)
    if dropped or change != Change():
        bump(connection, feed_id, now)
    return str(row["name"]) if dropped else None


def asked_or_due(
    connection: sqlite3.Connection, feed_ids: Iterable[int], now: int
) -> list[sqlite3.Row]:
    """Return the feeds asked for and those whose windows have something to drop, none removed."""
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    return connection.execute(
        """SELECT f.* FROM (SELECT value AS id FROM json_each(?)
                            UNION SELECT id FROM feeds WHERE drops_at < ? ORDER BY 1) asked
             CROSS JOIN feeds f ON f.id = asked.id WHERE f.removed_at IS NULL""",
        (dumps(sorted(feed_ids)), now),
    ).fetchall()


def still_shown(
    connection: sqlite3.Connection, feed_id: int, entry_ids: tuple[int, ...]
) -> list[int]:
    """Return which of some entries a feed shows, in their order."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT entry_id FROM shown WHERE feed_id = ?
            AND entry_id IN (SELECT value FROM json_each(?))""",
        (feed_id, dumps(entry_ids)),
    )
    kept = {entry_id for (entry_id,) in rows}
    return [entry_id for entry_id in entry_ids if entry_id in kept]


def clear(connection: sqlite3.Connection, feed_id: int) -> None:
    """Let a feed that is removed show nothing."""
    held_stories.suspend(connection, feed_id)
    connection.execute("DELETE FROM shown WHERE feed_id = ?", (feed_id,))
    connection.execute(
        "UPDATE feeds SET shown_count = 0, shown_bytes = 0, drops_at = NULL WHERE id = ?",
        (feed_id,),
    )
