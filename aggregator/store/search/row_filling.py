"""Filling the search index in rows: what feeds show, in slices, by one process at a time.

A slice takes no lock that a poll waits for. Its rows are committed without waiting for the disk:
what a server loses with its power is indexed again, since the place that a slice came to goes with
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.store.rows.slices import Slice
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.schemas.postgres_schema import INDEXES, lock_key
from aggregator.store.search import word_rows
from aggregator.store.search.pending import Index, Version, Worded, index_some

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from aggregator.store.engines.postgres_engine import PostgresEngine

#: What a text takes on the disk for each byte of its tokens, about.
_ON_DISK = 2

_WAITING = """SELECT f.id FROM feeds f LEFT JOIN search_feeds s ON s.feed_id = f.id
    WHERE f.removed_at IS NULL AND EXISTS (
          SELECT 1 FROM archive a
           WHERE a.feed_id = f.id AND a.change_key > coalesce(s.change_key, 0))
    ORDER BY f.id"""


class Filling:
    """One process's turn at the index; `connection` is of no other use meanwhile."""

    def __init__(self, engine: PostgresEngine, connection: sqlite3.Connection) -> None:
        self._engine = engine
        self._db = connection

    def fill(self, *, most_bytes: int, slices: int) -> bool:
        """Index some of what is new, so many transactions at most; tell whether there is more.

        Nothing is done while another process does it, or where a newer version has made the index.
        """
        if not self._begin():
            return False
        version = word_rows.version_of(self._db)
        if version > word_rows.VERSION:
            return self._end(goes_on=False)
        if version < word_rows.VERSION:
            word_rows.make(self._db)
        (largest,) = self._db.execute("SELECT largest_change_key FROM counters").fetchone()
        (reached,) = self._db.execute("SELECT change_key FROM search_state").fetchone()
        if reached == largest:
            return self._end(goes_on=False)
        waiting = [feed_id for (feed_id,) in self._db.execute(_WAITING).fetchall()]
        for number in range(slices):
            if number and not self._begin():
                return False
            if not self._index_slice(waiting):
                self._db.execute("UPDATE search_state SET change_key = ?", (largest,))
                self._end(goes_on=False)
                return self._keep_within(most_bytes)
            self._end(goes_on=True)
        self._keep_within(most_bytes)
        return True

    def sweep(self) -> None:
        """Forget the texts of entries that are no more in the database, a part at a time."""
        after = -1
        while self._begin(waits=True):
            found = None
            if word_rows.version_of(self._db) == word_rows.VERSION:
                found = self._db.execute(
                    "SELECT min(number) AS number FROM search_parts WHERE number > ?", (after,)
                ).fetchone()["number"]
            if found is None:
                self._end(goes_on=False)
                return
            self._sweep_part(found)
            self._end(goes_on=True)
            after = found

    def remove(self) -> None:
        """Drop the index, where there is one."""
        if self._begin():
            word_rows.remove(self._db)
            self._end(goes_on=False)

    def _begin(self, *, waits: bool = False) -> bool:
        """Begin a transaction, in which nobody else writes the index; tell whether it is so."""
        self._engine.begin_beside(self._db)
        if waits:
            self._db.execute(f"SELECT pg_advisory_xact_lock({lock_key(INDEXES)})")
            return True
        (is_ours,) = self._db.execute(
            f"SELECT pg_try_advisory_xact_lock({lock_key(INDEXES)})"
        ).fetchone()
        return bool(is_ours) or self._end(goes_on=False)

    def _end(self, *, goes_on: bool) -> bool:
        self._db.execute("COMMIT")
        return goes_on

    def _index_slice(self, waiting: list[int]) -> bool:
        """Index what a transaction has room for; tell whether there was anything to do."""
        index, ends = _Rows(self._db), Slice()
        went_on = index_some(index, self._db, waiting)
        while went_on and not ends.is_over:
            went_on = index_some(index, self._db, waiting)
        return went_on

    def _keep_within(self, most_bytes: int) -> bool:
        """Forget the oldest parts while the index takes more than it may; return `False`."""
        rows = self._db.execute(
            "SELECT number, bytes FROM search_parts WHERE texts > 0 ORDER BY number"
        ).fetchall()
        kept = sum(row["bytes"] for row in rows) * _ON_DISK
        for row in rows[:-1]:
            if kept <= most_bytes or not self._begin():
                break
            self._db.execute("DELETE FROM search_texts WHERE number = ?", (row["number"],))
            self._db.execute("DELETE FROM search_parts WHERE number = ?", (row["number"],))
            self._end(goes_on=True)
            kept -= row["bytes"] * _ON_DISK
        return False

    def _sweep_part(self, number: int) -> None:
        gone = self._db.execute(
            """DELETE FROM search_texts x
                WHERE x.text_id >= ? AND x.text_id < ?
                  AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.id = x.entry_id)
            RETURNING x.number, x.tokens, octet_length(x.title) + octet_length(x.text) AS bytes""",
            word_rows.texts_in(number),
        ).fetchall()
        _count(self._db, ((row["number"], -1, -row["tokens"], -row["bytes"]) for row in gone))
        self._db.execute("DELETE FROM search_parts WHERE number = ? AND texts = 0", (number,))


class _Rows(Index):
    """The tables of a database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @override
    def change_key(self, feed_id: int) -> int:
        found = self._db.execute(
            "SELECT change_key FROM search_feeds WHERE feed_id = ?", (feed_id,)
        ).fetchone()
        return 0 if found is None else int(found["change_key"])

    @override
    def looked_at(self, feed_id: int, change_key: int) -> None:
        self._db.execute(
            """INSERT INTO search_feeds (feed_id, change_key) VALUES (?, ?)
               ON CONFLICT (feed_id) DO UPDATE SET change_key = excluded.change_key""",
            (feed_id, change_key),
        )

    @override
    def versions(self, entry_ids: Sequence[int]) -> set[Version]:
        rows = rows_of(
            self._db,
            """SELECT entry_id, content_hash, changed_at FROM search_texts
                WHERE entry_id IN ({marks})""",
            entry_ids,
        )
        return {(row[0], row[1], row[2]) for row in rows}

    @override
    def add(self, entries: Sequence[Worded]) -> None:
        if not entries:
            return
        former = rows_of(
            self._db,
            """DELETE FROM search_texts WHERE entry_id IN ({marks})
            RETURNING number, tokens, octet_length(title) + octet_length(text) AS bytes""",
            [one.version[0] for one in entries],
        )
        counted = [(row["number"], -1, -row["tokens"], -row["bytes"]) for row in former]
        (after,) = self._db.execute(
            "UPDATE search_state SET next_text_id = next_text_id + ? RETURNING next_text_id",
            (len(entries),),
        ).fetchone()
        rows = []
        for text_id, one in enumerate(entries, after - len(entries)):
            title, text = word_rows.spelt(one.title), word_rows.spelt(one.text)
            number, tokens = word_rows.part_of(text_id), title.count(" ") + text.count(" ")
            rows.append((text_id, number, *one.version, tokens, title, text))
            counted.append((number, 1, tokens, len(title.encode()) + len(text.encode())))
        self._db.executemany(
            """INSERT INTO search_texts
                 (text_id, number, entry_id, content_hash, changed_at, tokens, title, text)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            rows,
        )
        _count(self._db, counted)


def _count(connection: sqlite3.Connection, texts: Iterable[tuple[int, int, int, int]]) -> None:
    """Add to what is counted of parts: numbers of texts, of tokens and of bytes."""
    sums: dict[int, tuple[int, int, int]] = {}
    for number, *more in texts:
        sums[number] = tuple(map(sum, zip(sums.get(number, (0, 0, 0)), more, strict=True)))  # type: ignore[assignment]
    connection.executemany(
        """INSERT INTO search_parts (number, texts, tokens, bytes) VALUES (?, ?, ?, ?)
           ON CONFLICT (number) DO UPDATE SET
               texts = search_parts.texts + excluded.texts,
               tokens = search_parts.tokens + excluded.tokens,
               bytes = search_parts.bytes + excluded.bytes""",
        [(number, *counted) for number, counted in sums.items()],
    )
