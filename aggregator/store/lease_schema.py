"""The statements of the migration that keeps leases in rows, for processes that share the work."""

# sqlite: the whole module

from __future__ import annotations

LEASES: tuple[str, ...] = (
    # Of one process that polls alone there are none: it keeps them in memory.
    """CREATE TABLE leases (
        source_id INTEGER PRIMARY KEY,
        claimed_by TEXT NOT NULL,
        queue TEXT NOT NULL,
        until_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX leases_queue ON leases (queue)",
)
