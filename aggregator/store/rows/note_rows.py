"""Notes as rows: a kind, the id of the source or feed that it is of, and what it says as JSON.

A note is of its source's or feed's row, so that another name changes nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

from aggregator.model.notes import Fact, Note, NoteKind, Worded
from aggregator.store.rows.codec import build, dumps

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

_TYPES = {one.kind: one for one in get_args(Fact) if one is not Worded}

#: What a `Worded` note has, and no other.
_WORDING = "wording"


def put(
    connection: sqlite3.Connection,
    fact: Fact,
    now: int,
    *,
    source_id: int | None = None,
    feed_id: int | None = None,
) -> None:
    """Remember a note in place of another of its kind; one that says the same is left alone."""
    connection.execute(
        """INSERT INTO notes (kind, source_id, feed_id, data, noted_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (kind, coalesce(source_id, 0), coalesce(feed_id, 0))
           DO UPDATE SET data = excluded.data, noted_at = excluded.noted_at
           WHERE notes.data != excluded.data""",
        (fact.kind, source_id, feed_id, fact_to_text(fact), now),
    )


def drop(
    connection: sqlite3.Connection,
    kind: NoteKind,
    *,
    source_id: int | None = None,
    feed_id: int | None = None,
) -> None:
    """Forget a note."""
    connection.execute(
        """DELETE FROM notes WHERE kind = ? AND coalesce(source_id, 0) = ?
              AND coalesce(feed_id, 0) = ?""",
        (kind, source_id or 0, feed_id or 0),
    )


def kinds_of_feed(connection: sqlite3.Connection, feed_id: int) -> set[str]:
    """Return the kinds of the notes of a feed, also of a source in it."""
    rows = connection.execute("SELECT DISTINCT kind FROM notes WHERE feed_id = ?", (feed_id,))
    return {kind for (kind,) in rows}


def settle(
    connection: sqlite3.Connection,
    settled: Mapping[NoteKind, Fact | None],
    now: int,
    *,
    source_id: int,
) -> None:
    """Remember or forget (`None`) notes of a source, of these kinds and no other."""
    held: dict[str, str] = {
        row["kind"]: row["data"]
        for row in connection.execute(
            "SELECT kind, data FROM notes WHERE source_id = ?", (source_id,)
        )
    }
    for kind, fact in settled.items():
        if fact is None:
            if kind in held:
                drop(connection, kind, source_id=source_id)
        elif held.get(kind) != fact_to_text(fact):
            put(connection, fact, now, source_id=source_id)


def drop_all_of_sources(connection: sqlite3.Connection, source_ids: Iterable[int]) -> None:
    """Forget whatever was noted of some sources."""
    connection.executemany(
        "DELETE FROM notes WHERE source_id = ?", [(source_id,) for source_id in source_ids]
    )


def drop_all_of_feed(connection: sqlite3.Connection, feed_id: int) -> None:
    """Forget whatever was noted of a feed."""
    connection.execute("DELETE FROM notes WHERE feed_id = ?", (feed_id,))


def fact_of(kind: str, text: str) -> Fact:
    """Return what a stored note says."""
    data = json.loads(text)
    if _WORDING in data:
        return Worded(NoteKind(kind), data[_WORDING])
    fact: Fact = build(_TYPES[NoteKind(kind)], data)
    return fact


def fact_to_text(fact: Fact) -> str:
    """Return a fact as its row's `data`."""
    return dumps({_WORDING: fact.text} if isinstance(fact, Worded) else fact)


def stored(connection: sqlite3.Connection) -> tuple[Note, ...]:
    """Return the notes that are stored, in no order that means anything."""
    rows = connection.execute(
        """SELECT n.kind, n.data, s.name AS source, f.name AS feed
             FROM notes n LEFT JOIN sources s ON s.id = n.source_id
                          LEFT JOIN feeds f ON f.id = n.feed_id"""
    )
    return tuple(
        Note(fact_of(row["kind"], row["data"]), row["source"], row["feed"]) for row in rows
    )


def of_the_whole(connection: sqlite3.Connection, kind: NoteKind) -> Fact | None:
    """Return a note that is of no source and no feed, or `None`."""
    row = connection.execute(
        """SELECT kind, data FROM notes
            WHERE kind = ? AND source_id IS NULL AND feed_id IS NULL""",
        (kind,),
    ).fetchone()
    return None if row is None else fact_of(row["kind"], row["data"])
