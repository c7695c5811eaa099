"""The statements of the migration that keeps lists of sources."""

# sqlite: the whole module

from __future__ import annotations

LISTS: tuple[str, ...] = (
    # Lists as they were polled last; `health` is JSON (`model.source_lists.ListHealth`).
    """CREATE TABLE lists (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        next_poll_at INTEGER NOT NULL,
        last_poll_at INTEGER,
        last_success_at INTEGER,
        etag BLOB,
        last_modified BLOB,
        validators_url TEXT,
        body_sha256 BLOB,
        health TEXT NOT NULL
    ) STRICT""",
    # What lists list and have listed, in their order; `said` is JSON. A key is never given twice.
    """CREATE TABLE list_members (
        list_id INTEGER NOT NULL REFERENCES lists (id),
        key TEXT NOT NULL,
        url TEXT NOT NULL,
        said TEXT NOT NULL,
        gone_at INTEGER,
        position INTEGER NOT NULL,
        PRIMARY KEY (list_id, key)
    ) STRICT, WITHOUT ROWID""",
)
