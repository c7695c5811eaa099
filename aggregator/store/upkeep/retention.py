"""Forgetting in time: old entries, the publisher's raw fields, tombstones nobody needs.

Nothing in any feed's window is ever pruned. A pruned entry leaves tombstones, so that a document
that still lists it does not bring it back; they are dropped some time after the document last
showed them.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.model.notes import NoteKind
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass
from aggregator.store.feeds import archive, served_bytes
from aggregator.store.polls import host_tempers, tombstone_rows
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.slices import Slice
from aggregator.store.rows.typed_rows import source_of
from aggregator.store.stories import story_switch
from aggregator.store.texts import disk_room, packed_texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from aggregator.store.rows.slices import Write
    from aggregator.store.stories import tie_rows
else:  # with what tells stories apart
    tie_rows = LateModule("aggregator.store.stories.tie_rows")

#: How long `status` names a flood of old entries, and a document with too much text.
FLOODS_KEPT = timedelta(days=7)

#: Of most stored configurations nothing more has to be read.
_SAYS_RETENTION = re.compile(r'"retention":\d')

#: Entries deleted in one transaction, and rows of which a part is dropped: other writers wait no
#: longer than that.
BATCH = 100


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one batch did: entries deleted, and where to go on (`None`: that was all)."""

    entries: int
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class KeptSince:
    """From which moment on entries are kept: of sources by their ids, else of all."""

    usual: int
    own: Mapping[int, int] = field(default_factory=dict)

    def of(self, source_id: int) -> int:
        """Return the moment for one source."""
        return self.own.get(source_id, self.usual)


def prune_in_slices(
    write: Write,
    *,
    now: int,
    kept: KeptSince,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Prune as `_prune_batch` does, a transaction a batch; return how many entries went.

    Sources that keep less than the others are looked through by themselves, after all.
    """
    total = 0
    shorter = sorted(one for one, before in kept.own.items() if before > kept.usual)
    for source_id in (None, *shorter):
        after: tuple[int, int] | None = (0, 0)
        while after is not None:
            batch = write(
                partial(
                    _prune_batch, source_id=source_id, kept=kept, now=now, after=after, clock=clock
                )
            )
            total += batch.entries
            after = batch.after
    return total


def kept_since(connection: sqlite3.Connection, now: int, retention: timedelta) -> KeptSince:
    """Return from when on entries are kept, as sources are configured."""
    rows = connection.execute("SELECT id, config FROM sources").fetchall()
    own = {
        source_id: now - kept // MICROSECOND
        for source_id, text in map(tuple, rows)
        if _SAYS_RETENTION.search(text) and (kept := source_of(text).retention) is not None
    }
    return KeptSince(now - retention // MICROSECOND, own)


def drop_in_slices(write: Write, *, now: int, keep_raw: timedelta, forget_after: timedelta) -> None:
    """Drop raw fields, tombstones, notes and closed memberships whose time is over."""
    drop = partial(_drop_batch, now=now, keep_raw=keep_raw, forget_after=forget_after)
    while write(drop):
        pass
    while write(partial(story_switch.forget_old, now=now)):
        pass
    write(partial(_drop_leftovers, now=now))


def _prune_batch(
    connection: sqlite3.Connection,
    *,
    source_id: int | None,
    kept: KeptSince,
    now: int,
    after: tuple[int, int],
    clock: Callable[[], float],
) -> Pruned:
    """Forget stories of which no entry is kept any more and no feed shows one.

    A batch looks at most at `BATCH` entries, of one source or of all, after `after`, a moment of
    first sight (of one source: of its place) and an id, and for as long as a slice lasts. A story
    goes as a whole, with those that are told together with it, and after its copies: what came
    first keeps later copies from being shown as news.
    """
    if source_id is None:
        rows = connection.execute(
            """SELECT id, story_id, first_seen_at AS place FROM entries
                WHERE first_seen_at < :before AND (first_seen_at, id) > (:place, :id)
                ORDER BY first_seen_at, id LIMIT :most""",
            {"before": kept.usual, "place": after[0], "id": after[1], "most": BATCH},
        ).fetchall()
    else:
        rows = connection.execute(
            """SELECT id, story_id, order_key AS place FROM entries
                WHERE source_id = ? AND order_key > ? ORDER BY order_key LIMIT ?""",
            (source_id, after[0], BATCH),
        ).fetchall()
    this, deleted = Slice(clock), 0
    together = _told_together(connection, {row["story_id"] for row in rows})
    looked_at: set[int] = set()
    for row in rows:
        stories = together[row["story_id"]]
        if row["story_id"] not in looked_at and not _are_wanted(connection, stories, kept):
            deleted += sum(_forget_story(connection, one, now) for one in sorted(stories))
        looked_at |= stories
        if this.is_over:
            return Pruned(deleted, (row["place"], row["id"]))
    last = (rows[-1]["place"], rows[-1]["id"]) if len(rows) == BATCH else None
    return Pruned(deleted, last)


def _told_together(connection: sqlite3.Connection, story_ids: set[int]) -> dict[int, set[int]]:
    """Return beside each of some stories those that are joined to the same one, and itself."""
    found: dict[int, set[int]] = {}
    of_root: dict[int, set[int]] = {}
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    for row in connection.execute(
        """WITH roots (id) AS (
             SELECT DISTINCT coalesce(s.joined_id, s.id) FROM json_each(?) asked
              CROSS JOIN stories s ON s.id = asked.value)
           SELECT id AS root_id, id FROM roots
            UNION ALL
           SELECT r.id, s.id FROM roots r CROSS JOIN stories s ON s.joined_id = r.id""",
        (dumps(sorted(story_ids)),),
    ):
        together = of_root.setdefault(row["root_id"], set())
        together.add(row["id"])
        found[row["id"]] = together
    return found


def _are_wanted(connection: sqlite3.Connection, story_ids: set[int], kept: KeptSince) -> bool:
    return any(_is_wanted(connection, story_id, kept) for story_id in sorted(story_ids))


def _is_wanted(connection: sqlite3.Connection, story_id: int, kept: KeptSince) -> bool:
    rows = connection.execute(
        """SELECT e.source_id, e.first_seen_at,
                  EXISTS (SELECT 1 FROM shown w WHERE w.entry_id = e.id) AS is_shown
             FROM entries e
            WHERE e.story_id IN (SELECT :story UNION ALL
                                 SELECT id FROM stories WHERE original_id = :story)""",
        {"story": story_id},
    )
    return any(row["is_shown"] or row["first_seen_at"] >= kept.of(row["source_id"]) for row in rows)


def _forget_story(connection: sqlite3.Connection, story_id: int, now: int) -> int:
    """Delete the entries of a story; return how many those were.

    The story itself stays for a while where a feed has shown it: there no copy of it is news.
    """
    tombstone_rows.bury(connection, story_id)
    story_switch.forget_story(connection, story_id)
    connection.execute(
        """INSERT INTO departed (story_id, feed_id)
           SELECT DISTINCT e.story_id, a.feed_id FROM entries e JOIN archive a ON a.entry_id = e.id
            WHERE e.story_id = ?
           ON CONFLICT DO NOTHING""",
        (story_id,),
    )
    taken = connection.execute(
        "SELECT source_id, sum(stored_bytes) FROM entries WHERE story_id = ? GROUP BY source_id",
        (story_id,),
    )
    disk_room.count(connection, {source_id: -held for source_id, held in taken.fetchall()})
    entries = connection.execute("DELETE FROM entries WHERE story_id = ?", (story_id,)).rowcount
    has_been_shown = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM departed WHERE story_id = ?)", (story_id,)
    ).fetchone()[0]
    if has_been_shown:
        connection.execute("UPDATE stories SET forgotten_at = ? WHERE id = ?", (now, story_id))
    else:
        tie_rows.take_out(connection, story_id)
        connection.execute("DELETE FROM stories WHERE id = ?", (story_id,))
    return entries


def _drop_batch(
    connection: sqlite3.Connection, *, now: int, keep_raw: timedelta, forget_after: timedelta
) -> bool:
    """Drop some raw fields, tombstones and stories whose time is over; tell whether more may be."""
    raw_before, forgotten_before = (now - kept // MICROSECOND for kept in (keep_raw, forget_after))
    is_raw_left = _drop_raw(connection, raw_before)
    dropped = [
        connection.execute(
            """DELETE FROM tombstones WHERE (source_id, mark) IN (
                 SELECT source_id, mark FROM tombstones WHERE absent_since_at < ? LIMIT ?)""",
            (forgotten_before, 10 * BATCH),
        ),
        connection.execute(
            """DELETE FROM stories WHERE id IN (
                 SELECT id FROM stories WHERE forgotten_at < ?
                    AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.story_id = stories.id)
                  LIMIT ?)""",
            (forgotten_before, BATCH),
        ),
    ]
    return is_raw_left or any(one.rowcount >= BATCH for one in dropped)


def _drop_raw(connection: sqlite3.Connection, before: int) -> bool:
    """Drop raw fields of entries that changed last before a moment; tell whether more may be."""
    rows = connection.execute(
        """SELECT id, source_id, raw_bytes FROM entries
            WHERE raw_bytes IS NOT NULL AND changed_at < ? LIMIT ?""",
        (before, BATCH),
    ).fetchall()
    this = Slice()
    freed: Counter[int] = Counter()
    for row in rows:
        texts = packed_texts.texts_of(connection, (row["id"],))[row["id"]].all()
        packed_texts.put(connection, {row["id"]: packed_texts.frame(texts | {"raw": None})})
        connection.execute(
            "UPDATE entries SET raw_bytes = NULL, stored_bytes = stored_bytes - ? WHERE id = ?",
            (row["raw_bytes"], row["id"]),
        )
        freed[row["source_id"]] -= row["raw_bytes"]
        if this.is_over:
            break
    disk_room.count(connection, freed)
    return this.is_over or len(rows) == BATCH


def _drop_leftovers(connection: sqlite3.Connection, *, now: int) -> None:
    """Drop notes, holds, documents and closed memberships whose time is over."""
    connection.execute(
        "DELETE FROM notes WHERE kind IN (?, ?) AND noted_at < ?",
        (NoteKind.FLOOD, NoteKind.LONG_DOCUMENT, now - FLOODS_KEPT // MICROSECOND),
    )
    host_tempers.forget(connection, now)
    archive.forget(connection)
    served_bytes.forget(connection)
    # A membership that ended below the floor brings nothing any more; but while an entry of that
    # time is stored, it keeps later copies from being shown as news.
    connection.execute(
        """DELETE FROM memberships WHERE until_key IS NOT NULL
             AND until_key <= (SELECT floor FROM feeds WHERE feeds.id = memberships.feed_id)
             AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.source_id = memberships.source_id
                   AND e.order_key > after_key AND e.order_key <= until_key)"""
    )
