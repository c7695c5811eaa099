"""Of the fifth migration: stories that several tell in their words; of the eighth: who is named.

Of the ninth: weights of an operator's own; of the twelfth: ties; of the fourteenth: where a
text that is compared is from.
"""

# sqlite: the whole module

from __future__ import annotations

STORIES = (
    # The story that this one reports the same as: never a chain, and never the copy of an original.
    # How surely they are the same, 0 to 1, and why, as JSON; all NULL where it is told by itself
    # and nothing was like it. A locked story takes no further ones; one that is full is continued
    # by another.
    """ALTER TABLE stories ADD COLUMN joined_id INTEGER
          REFERENCES stories (id) ON DELETE SET NULL""",
    "ALTER TABLE stories ADD COLUMN join_score REAL",
    "ALTER TABLE stories ADD COLUMN join_because TEXT",
    "ALTER TABLE stories ADD COLUMN locked INTEGER NOT NULL DEFAULT 0",
    """ALTER TABLE stories ADD COLUMN continued_id INTEGER
          REFERENCES stories (id) ON DELETE SET NULL""",
    """CREATE INDEX stories_continued ON stories (continued_id)
        WHERE continued_id IS NOT NULL""",
    "CREATE INDEX stories_joined ON stories (joined_id) WHERE joined_id IS NOT NULL",
    # What of a story is compared, by when it was published; `posted` are the tokens that it is
    # found by, 4 bytes each, `centroid` what it and the stories joined to it have in common, NULL
    # where that is its own.
    """CREATE TABLE signatures (
        story_id INTEGER PRIMARY KEY REFERENCES stories (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        packed BLOB NOT NULL,
        posted BLOB NOT NULL,
        centroid BLOB
    ) STRICT""",
    "CREATE INDEX signatures_at ON signatures (at)",
    """CREATE TABLE postings (
        token INTEGER NOT NULL,
        at INTEGER NOT NULL,
        story_id INTEGER NOT NULL,
        PRIMARY KEY (token, at, story_id)
    ) STRICT, WITHOUT ROWID""",
    # How often tokens were seen lately: pieces of a `stories.frequency_sketch`, and the tokens of
    # texts, 4 bytes each, that came since those were written.
    """CREATE TABLE frequencies (
        piece INTEGER PRIMARY KEY,
        cells BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE uncounted (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        tokens BLOB NOT NULL
    ) STRICT""",
    # One row: whether a feed asks for stories, by which scheme tokens were made, since when texts
    # are counted and how many (`frequency_sketch`), and up to which entry those that are not
    # indexed yet have been looked at (NULL: there are none).
    """CREATE TABLE story_index (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        is_on INTEGER NOT NULL DEFAULT 0,
        scheme INTEGER NOT NULL DEFAULT 0,
        counted_from_at INTEGER NOT NULL DEFAULT 0,
        counted REAL NOT NULL DEFAULT 0,
        looked_up_to_id INTEGER
    ) STRICT""",
    "INSERT INTO story_index (id) VALUES (1)",
    # Stories that a feed keeps back for a while, so that a source that it prefers may lead.
    """CREATE TABLE held (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        until_at INTEGER NOT NULL,
        PRIMARY KEY (feed_id, story_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX held_until ON held (until_at)",
    "CREATE INDEX held_story ON held (story_id)",
    # What the operator said of two texts, which are JSON: whether they tell the same.
    """CREATE TABLE overrides (
        id INTEGER PRIMARY KEY,
        one TEXT NOT NULL,
        other TEXT NOT NULL,
        is_same INTEGER NOT NULL,
        said_at INTEGER NOT NULL
    ) STRICT""",
)

#: Weights that an operator's corrections were fitted to, as JSON; NULL: as shipped.
WEIGHTS = ("ALTER TABLE story_index ADD COLUMN weights TEXT",)

NAMED = (
    # Stories that a feed has named below an entry that tells the same.
    """CREATE TABLE named (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        PRIMARY KEY (feed_id, story_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX named_story ON named (story_id)",
)

TIES = (
    # Articles that were found alike, and how much: so many of them as tell which hold together at
    # each threshold. `story_id` is the larger of the two. Till then there was one score of each
    # that was joined, of the way to the first one: what was told together by it still is.
    """CREATE TABLE ties (
        story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        other_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        score REAL NOT NULL,
        PRIMARY KEY (story_id, other_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX ties_other ON ties (other_id)",
    # sqlite: max and min of two values
    """INSERT INTO ties (story_id, other_id, score)
       SELECT max(id, joined_id), min(id, joined_id), join_score FROM stories
        WHERE joined_id IS NOT NULL AND joined_id != id AND join_score IS NOT NULL""",
)

TEXT_ORIGIN = (
    # Where the visible text of an entry is from, a `model.TextOrigin`: it is made of what is stored
    # of that, once.
    "ALTER TABLE entries ADD COLUMN text_origin TEXT NOT NULL DEFAULT 'document'",
)
