"""Of the fifteenth migration: who was named below entries when they left a window."""

# sqlite: the whole module

from __future__ import annotations

RETOLD = (
    # Places in archives, counted together with those of `archive`, where an entry stands once more
    # since it left a feed's window with others named below it.
    """CREATE TABLE retold (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        month INTEGER NOT NULL,
        number INTEGER NOT NULL,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        shown_at INTEGER NOT NULL,
        PRIMARY KEY (feed_id, month, number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX retold_entry ON retold (entry_id, feed_id)",
    # Which entries those were.
    """CREATE TABLE named_below (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        lead_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        PRIMARY KEY (lead_id, feed_id, entry_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX named_below_entry ON named_below (entry_id)",
    # Of what has left before, only the stories are known that were named: they were so below what
    # the feed showed of the same nearest in time.
    """INSERT INTO named_below (feed_id, lead_id, entry_id)
       WITH found (feed_id, lead_id, entry_id, rank) AS (
         SELECT n.feed_id, l.id, e.id,
                row_number() OVER (PARTITION BY n.feed_id, e.id
                                   ORDER BY abs(l.order_key - e.order_key), l.id)
           FROM named n
           JOIN stories o ON o.id = n.story_id
           JOIN stories s ON s.id = coalesce(o.original_id, o.id)
           JOIN stories t ON t.id = coalesce(s.joined_id, s.id)
                          OR t.joined_id = coalesce(s.joined_id, s.id)
           JOIN entries e ON e.story_id = n.story_id
           JOIN entries l ON l.story_id = t.id
           JOIN archive a ON a.entry_id = l.id AND a.feed_id = n.feed_id
          WHERE NOT EXISTS (
                SELECT 1 FROM archive x WHERE x.entry_id = e.id AND x.feed_id = n.feed_id))
       SELECT feed_id, lead_id, entry_id FROM found
        WHERE rank = 1
          AND NOT EXISTS (SELECT 1 FROM shown w
                           WHERE w.entry_id = found.lead_id AND w.feed_id = found.feed_id)""",
)
