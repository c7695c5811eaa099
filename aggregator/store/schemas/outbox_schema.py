"""The statements of the migration that makes room for notices."""

# sqlite: the whole module

from __future__ import annotations

OUTBOX: tuple[str, ...] = (
    # What waits to be sent to whom, as JSON.
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        receiver TEXT NOT NULL,
        notice TEXT NOT NULL,
        queued_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX outbox_receiver ON outbox (receiver, id)",
    # Receivers that did not take it: so many times in a row, and when it is tried again.
    """CREATE TABLE put_off (
        receiver TEXT PRIMARY KEY,
        tries INTEGER NOT NULL,
        next_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
