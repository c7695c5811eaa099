"""The sixth migration: the texts of entries leave their rows, packed, and so do their keys.

From here on no trigger counts what texts take: what is stored is decided in Python, and counted
there.
"""

# sqlite: the whole module

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.store.polls import identities
from aggregator.store.texts import text_dictionaries
from aggregator.store.texts.packed_texts import frame, put
from aggregator.stories.tombstones import mark_of

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

#: What finds an entry by its keys, which are among its texts from here on: marks of them.
_MARKS = (
    "ALTER TABLE identities RENAME TO identity_keys",
    """CREATE TABLE identities (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        mark INTEGER NOT NULL,
        entry_id INTEGER NOT NULL,
        PRIMARY KEY (source_id, mark)
    ) STRICT, WITHOUT ROWID""",
    """INSERT OR IGNORE INTO identities (source_id, mark, entry_id)
       SELECT source_id, mark_of(key), entry_id FROM identity_keys""",
    "DROP TABLE identity_keys",
    # Likewise what names an article everywhere.
    "DROP INDEX story_keys_story",
    "ALTER TABLE story_keys RENAME TO story_names",
    """CREATE TABLE story_keys (
        mark INTEGER NOT NULL,
        story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        borrowed INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (mark, story_id)
    ) STRICT, WITHOUT ROWID""",
    """INSERT OR IGNORE INTO story_keys (mark, story_id, borrowed)
       SELECT mark_of(key), story_id, borrowed FROM story_names""",
    "DROP TABLE story_names",
    "CREATE INDEX story_keys_story ON story_keys (story_id)",
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
    while frames := _frames(connection, after, _TOGETHER):
        put(connection, frames)
        before, after = after, max(frames)
        _measure(connection, before, after)
        if done // _TOLD_EVERY != (done + len(frames)) // _TOLD_EVERY:
            log.info("texts packed entries=%d of=%d", done + len(frames), count)
        done += len(frames)
    connection.create_function("mark_of", 1, mark_of, deterministic=True)
    for statement in (*_MARKS, *_AFTERWARDS):
        connection.execute(statement)


def _frames(connection: sqlite3.Connection, after: int, most: int) -> dict[int, bytes]:
    """Return the frames of the first entries after an id."""
    rows = connection.execute(
        f"SELECT id, {', '.join(_MOVED)} FROM entries WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 -- built of constants
        (after, most),
    ).fetchall()
    if not rows:
        return {}
    keys: dict[int, list[str]] = defaultdict(list)
    for entry_id, key in connection.execute(
        "SELECT entry_id, key FROM identities WHERE entry_id > ? AND entry_id <= ?",
        (after, rows[-1][0]),
    ):
        keys[entry_id].append(key)
    return {
        entry_id: frame(
            {**dict(zip(_MOVED, moved, strict=True)), "keys": identities.text_of(keys[entry_id])}
        )
        for entry_id, *moved in rows
    }


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
    frames = (
        one
        for entry_id in text_dictionaries.sampled(entry_ids)
        for one in _frames(connection, entry_id - 1, 1).values()
    )
    text_dictionaries.follow(connection, text_dictionaries.lesson_of(frames, len(entry_ids)))
