"""The statements of the migration for processes that share the work, and for very many sources."""

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
    # How often a configuration was applied: another process knows by it that its secrets are old.
    "ALTER TABLE counters ADD COLUMN times_applied INTEGER NOT NULL DEFAULT 0",
    # Of most sources nothing is secret, and nobody need read their configuration to know.
    "ALTER TABLE sources ADD COLUMN may_hold_secrets INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX sources_secret ON sources (id) WHERE may_hold_secrets = 1",
)
