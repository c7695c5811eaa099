"""The sixth migration: the texts of entries leave their rows, packed; what they take is counted.

From here on no trigger counts: what is stored is decided, and so counted, in Python.
"""

# sqlite: the whole module

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aggregator.store import text_dictionaries
from aggregator.store.packed_texts import frame, put

if TYPE_CHECKING:
    import sqlite3

log = logging.getLogger(__name__)

_TABLES = (
    # By what texts are packed: a codec and what it was trained on, from which of texts on.
    """CREATE TABLE dictionaries (
        id INTEGER PRIMARY KEY,
        codec TEXT NOT NULL,
        trained_on INTEGER NOT NULL,
        trained BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE texts (
        entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        dictionary_id INTEGER NOT NULL REFERENCES dictionaries (id),
        packed BLOB NOT NULL
    ) STRICT""",
    # In UTF-8: the content, the publisher's fields (NULL when they are dropped), what readers get
    # beside the content, and all that counts as disk that a source takes.
    "ALTER TABLE entries ADD COLUMN content_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE entries ADD COLUMN raw_bytes INTEGER",
    "ALTER TABLE entries ADD COLUMN told_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE entries ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0",
    "DROP TRIGGER entries_stored",
    "DROP TRIGGER entries_rewritten",
    "DROP TRIGGER entries_forgotten",
    "DROP INDEX entries_changed",
)

#: What leaves the row of an entry.
_MOVED = (
    "guid", "summary", "categories", "enclosures", "particulars", "provenance", "content_html",
    "raw",
)  # fmt: skip

#: The columns that may not be NULL are emptied so.
_EMPTY = {"summary": "''", "categories": "'[]'", "enclosures": "'[]'", "content_html": "''"}

_AFTERWARDS = (
    *(f"ALTER TABLE entries DROP COLUMN {name}" for name in _MOVED),
    "CREATE INDEX entries_raw ON entries (changed_at) WHERE raw_bytes IS NOT NULL",
)

#: Entries in memory at a time: each may have megabytes.
_TOGETHER = 50

#: Progress is told after so many entries.
_TOLD_EVERY = 20_000


def pack_texts(connection: sqlite3.Connection) -> None:
    """Pack what is stored, some entries at a time, and count what it takes."""
    for statement in _TABLES:
        connection.execute(statement)
    (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    if count:
        _train(connection)
    done = after = 0
    while rows := connection.execute(
        f"SELECT id, {', '.join(_MOVED)} FROM entries WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 -- built of constants
        (after, _TOGETHER),
    ).fetchall():
        put(connection, {row[0]: frame(dict(zip(_MOVED, row[1:], strict=True))) for row in rows})
        before, after = after, rows[-1][0]
        _measure(connection, before, after)
        if done // _TOLD_EVERY != (done + len(rows)) // _TOLD_EVERY:
            log.info("texts packed entries=%d of=%d", done + len(rows), count)
        done += len(rows)
    for statement in _AFTERWARDS:
        connection.execute(statement)


def _measure(connection: sqlite3.Connection, after: int, until: int) -> None:
    """Count the bytes of what entries in a range of ids have, and empty what was packed of them."""
    connection.execute(
        """UPDATE entries SET content_bytes = length(CAST(content_html AS BLOB)),
                  raw_bytes = length(CAST(raw AS BLOB)),
                  told_bytes = length(CAST(title || summary || coalesce(author, '')
                      || coalesce(url, '') || categories || enclosures || coalesce(provenance, '')
                      || coalesce(particulars, '') AS BLOB)),
                  stored_bytes = length(CAST(title || content_html || summary || coalesce(raw, '')
                      || categories || enclosures || coalesce(particulars, '') AS BLOB))
            WHERE id > ? AND id <= ?""",
        (after, until),
    )
    emptied = ", ".join(f"{name} = {_EMPTY.get(name, 'NULL')}" for name in _MOVED)
    connection.execute(
        f"UPDATE entries SET {emptied} WHERE id > ? AND id <= ?",  # noqa: S608 -- built of constants
        (after, until),
    )


def _train(connection: sqlite3.Connection) -> None:
    """Train the dictionary on entries from everywhere, where there are enough."""
    first, last = connection.execute(
        "SELECT (SELECT min(id) FROM entries), (SELECT max(id) FROM entries)"
    ).fetchone()
    entry_ids = range(first, last + 1)
    if len(entry_ids) < text_dictionaries.FIRST_TRAINING:
        return
    columns = ", ".join(_MOVED)
    rows = (
        connection.execute(f"SELECT {columns} FROM entries WHERE id = ?", (entry_id,)).fetchone()  # noqa: S608 -- built of constants
        for entry_id in text_dictionaries.sampled(entry_ids)
    )
    frames = (frame(dict(zip(_MOVED, row, strict=True))) for row in rows if row is not None)
    text_dictionaries.follow(connection, text_dictionaries.lesson_of(frames, len(entry_ids)))
