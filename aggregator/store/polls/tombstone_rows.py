"""What is left of pruned entries: a row a mark, of a dozen bytes (`stories.tombstones`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import optional_instant
from aggregator.store.polls import identities
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.tombstones import Tombstone, date_mark, mark_of, marks_of, title_mark

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from aggregator.model import Entry
    from aggregator.stories.tombstones import TombstoneSighting


def met(
    connection: sqlite3.Connection, source_id: int, entries: Sequence[Entry]
) -> dict[int, Tombstone]:
    """Return a source's tombstones that a document shows, or that the one before has shown."""
    row = connection.execute(
        "SELECT 1 FROM tombstones WHERE source_id = ? LIMIT 1", (source_id,)
    ).fetchone()
    if row is None:
        return {}
    shown_before = connection.execute(
        "SELECT mark, vague FROM tombstones WHERE source_id = ? AND absent_since_at IS NULL",
        (source_id,),
    )
    found = {mark: Tombstone(is_vague=bool(vague)) for mark, vague in shown_before.fetchall()}
    rows = rows_of(
        connection,
        """SELECT mark, absent_since_at IS NOT NULL AS is_absent, vague FROM tombstones
            WHERE source_id = ? AND mark IN ({marks})""",
        sorted(marks_of(entries)),
        source_id,
    )
    for mark, is_absent, vague in rows:
        found[mark] = Tombstone(bool(is_absent), bool(vague))
    return found


def sighted(
    connection: sqlite3.Connection, source_id: int, sighting: TombstoneSighting, now: int
) -> None:
    """Note which tombstones a document shows again, and which no more."""
    connection.executemany(
        "UPDATE tombstones SET absent_since_at = ? WHERE source_id = ? AND mark = ?",
        [
            *((None, source_id, mark) for mark in sorted(sighting.returned)),
            *((now, source_id, mark) for mark in sorted(sighting.vanished)),
        ],
    )


def bury(connection: sqlite3.Connection, story_id: int) -> None:
    """Leave the marks of a story's entries, which are about to be deleted, and no key to them."""
    connection.executemany(
        """INSERT INTO tombstones (source_id, mark) VALUES (?, ?)
           ON CONFLICT (source_id, mark) DO UPDATE SET absent_since_at = NULL""",
        identities.forget(connection, story_id),
    )
    connection.executemany(
        """INSERT INTO tombstones (source_id, mark) VALUES (?, ?)
           ON CONFLICT (source_id, mark) DO UPDATE SET absent_since_at = NULL, vague = 1""",
        list(_common_marks(connection, story_id)),
    )


def _common_marks(connection: sqlite3.Connection, story_id: int) -> Iterator[tuple[int, int]]:
    """Yield the marks of titles and dates, which several entries may have."""
    rows = connection.execute(
        "SELECT source_id, title, stated_at FROM entries WHERE story_id = ?", (story_id,)
    )
    for source_id, title, stated_at in rows.fetchall():
        yield source_id, title_mark(title)
        at = optional_instant(stated_at)
        if at is not None:
            yield source_id, date_mark(at)


def rehash(connection: sqlite3.Connection) -> None:
    """Make marks of the keys that earlier versions kept (in the table `tombstone_keys`)."""
    connection.create_function("mark_of", 1, mark_of, deterministic=True)
    connection.execute(
        # sqlite: INSERT OR IGNORE
        """INSERT OR IGNORE INTO tombstones (source_id, mark, absent_since_at, vague)
           SELECT source_id, mark_of(key), absent_since_at, 1 FROM tombstone_keys
            ORDER BY absent_since_at IS NOT NULL"""
    )
    connection.execute("DROP TABLE tombstone_keys")
