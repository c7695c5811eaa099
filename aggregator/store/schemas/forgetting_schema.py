"""Part of the fourth migration: what is left of entries and stories that are forgotten."""

# sqlite: the whole module

from __future__ import annotations

FORGETTING = (
    # A key that a story has gathered though it is of a domain that is not its source's.
    "ALTER TABLE story_keys ADD COLUMN borrowed INTEGER NOT NULL DEFAULT 0",
    # When the entries of a story were pruned, and which feeds have shown it by them: it is kept for
    # a while without entries, so that no copy of it is news there.
    "ALTER TABLE stories ADD COLUMN forgotten_at INTEGER",
    """CREATE INDEX stories_forgotten ON stories (forgotten_at)
        WHERE forgotten_at IS NOT NULL""",
    """CREATE TABLE departed (
        story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        PRIMARY KEY (story_id, feed_id)
    ) STRICT, WITHOUT ROWID""",
    # Of what was pruned its marks: hashes, so that they can be kept for long; Python makes them.
    # `vague`: several entries had that title or date, or it is of an earlier version.
    "DROP INDEX tombstones_absent",
    "ALTER TABLE tombstones RENAME TO tombstone_keys",
    """CREATE TABLE tombstones (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        mark INTEGER NOT NULL,
        absent_since_at INTEGER,
        vague INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (source_id, mark)
    ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX tombstones_absent ON tombstones (absent_since_at)
        WHERE absent_since_at IS NOT NULL""",
    """CREATE INDEX tombstones_present ON tombstones (source_id)
        WHERE absent_since_at IS NULL""",
)
