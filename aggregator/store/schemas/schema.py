"""The statements of each migration, as data; what a released one says never changes.

Instants are INTEGER microseconds since the epoch, in columns that end in `_at`; order keys are of
the same unit. Lists and objects are JSON text.
"""

# sqlite: the whole module

from __future__ import annotations

FIRST_RELEASE = (
    # One row of counters: the largest order key ever given, so that pruning and clock steps
    # cannot make a later story sort before an earlier one.
    """CREATE TABLE counters (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        largest_order_key INTEGER NOT NULL,
        pricing TEXT
    ) STRICT""",
    "INSERT INTO counters (id, largest_order_key) VALUES (1, 0)",
    """CREATE TABLE notes (
        subject TEXT PRIMARY KEY,
        text TEXT NOT NULL,
        noted_at INTEGER NOT NULL
    ) STRICT""",
    # A removed source keeps its row and its history; its name and URL may be taken by another.
    """CREATE TABLE sources (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        host TEXT NOT NULL,
        config TEXT NOT NULL,
        position INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        public_id TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        removed_at INTEGER,
        document_title TEXT,
        document_id TEXT,
        site_url TEXT,
        language TEXT,
        content_changed_at INTEGER,
        document_hints TEXT,
        habits TEXT,
        failures INTEGER NOT NULL DEFAULT 0,
        failing_since_at INTEGER,
        first_polled_at INTEGER,
        last_poll_at INTEGER,
        last_success_at INTEGER,
        next_poll_at INTEGER NOT NULL,
        not_before_at INTEGER,
        because TEXT,
        problem TEXT
    ) STRICT""",
    "CREATE UNIQUE INDEX sources_name ON sources (name) WHERE removed_at IS NULL",
    "CREATE INDEX sources_due ON sources (next_poll_at) WHERE removed_at IS NULL AND enabled = 1",
    # The URLs of a source in order of preference. Validators and body hash are of what this URL
    # answered; sighted_* is a permanent redirect that is not believed yet, moved_url one that is.
    """CREATE TABLE mirrors (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        url TEXT NOT NULL,
        host TEXT NOT NULL,
        position INTEGER NOT NULL,
        etag BLOB,
        last_modified BLOB,
        validators_url TEXT,
        body_sha256 BLOB,
        failures INTEGER NOT NULL DEFAULT 0,
        resting_until_at INTEGER,
        problem TEXT,
        unconditional INTEGER NOT NULL DEFAULT 0,
        sighted_url TEXT,
        sighted_since_at INTEGER,
        sighted_polls INTEGER NOT NULL DEFAULT 0,
        moved_url TEXT,
        PRIMARY KEY (source_id, url)
    ) STRICT, WITHOUT ROWID""",
    # Hosts that asked everybody to wait (Retry-After of 429 and 503).
    """CREATE TABLE gates (
        host TEXT PRIMARY KEY,
        until_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE stories (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE
    ) STRICT""",
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        source_id INTEGER NOT NULL REFERENCES sources (id),
        story_id INTEGER NOT NULL REFERENCES stories (id),
        public_id TEXT NOT NULL UNIQUE,
        order_key INTEGER NOT NULL UNIQUE,
        held_back INTEGER NOT NULL DEFAULT 0,
        guid TEXT,
        url TEXT,
        title TEXT NOT NULL,
        content_html TEXT NOT NULL,
        summary TEXT NOT NULL,
        author TEXT,
        published_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        dated INTEGER NOT NULL,
        categories TEXT NOT NULL,
        enclosures TEXT NOT NULL,
        language TEXT,
        content_hash BLOB NOT NULL,
        refined_by TEXT NOT NULL,
        raw TEXT,
        first_seen_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX entries_source ON entries (source_id, published_at)",
    "CREATE INDEX entries_source_order ON entries (source_id, order_key)",
    "CREATE INDEX entries_story ON entries (story_id)",
    "CREATE INDEX entries_changed ON entries (changed_at) WHERE raw IS NOT NULL",
    # What an entry is known by; an entry gathers keys when its publisher changes one of them.
    """CREATE TABLE identities (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        key TEXT NOT NULL,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        PRIMARY KEY (source_id, key)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX identities_entry ON identities (entry_id)",
    "CREATE INDEX identities_key ON identities (key)",
    # What was pruned and must not come back; `absent_since_at` is NULL while the document shows it.
    """CREATE TABLE tombstones (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        key TEXT NOT NULL,
        absent_since_at INTEGER,
        PRIMARY KEY (source_id, key)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE feeds (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        config TEXT NOT NULL,
        public_id TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        removed_at INTEGER,
        floor INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL DEFAULT 1,
        changed_at INTEGER NOT NULL
    ) STRICT""",
    # Which stories of a source a feed takes: those with after_key < order_key <= until_key.
    # An open row (until_key IS NULL) is today's membership; closed rows are earlier ones.
    """CREATE TABLE memberships (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        source_id INTEGER NOT NULL REFERENCES sources (id),
        after_key INTEGER NOT NULL,
        until_key INTEGER,
        PRIMARY KEY (feed_id, source_id, after_key)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX memberships_source ON memberships (source_id)",
    """CREATE TABLE polls (
        id INTEGER PRIMARY KEY,
        source_id INTEGER NOT NULL REFERENCES sources (id),
        polled_at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        problem TEXT,
        new INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        shared INTEGER NOT NULL,
        because TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX polls_source ON polls (source_id, id)",
)

#: The operations feed's id: a random UUID (RFC 9562, version 4).
MINT_OPERATIONS_ID = """UPDATE counters SET operations_id = lower('urn:uuid:'
    || hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
    || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-'
    || hex(randomblob(6)))"""

PUBLISHING = (
    # `matched` is why an item was recognised as this entry; `tags` and `blocked` are what its
    # source's rules say of it; `provenance` is where it first stood, in its document's words.
    "ALTER TABLE entries ADD COLUMN matched TEXT",
    "ALTER TABLE entries ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE entries ADD COLUMN blocked TEXT",
    "ALTER TABLE entries ADD COLUMN provenance TEXT",
    # Of the newest document that was read.
    "ALTER TABLE sources ADD COLUMN document_kind TEXT",
    "ALTER TABLE sources ADD COLUMN document_encoding TEXT",
    "ALTER TABLE sources ADD COLUMN document_notes TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE sources ADD COLUMN document_author TEXT",
    "ALTER TABLE sources ADD COLUMN document_rights TEXT",
    "ALTER TABLE sources ADD COLUMN document_description TEXT",
    "ALTER TABLE sources ADD COLUMN document_icon TEXT",
    "ALTER TABLE sources ADD COLUMN document_updated_at INTEGER",
    # What the feed of a source was called before the source was renamed.
    "ALTER TABLE feeds ADD COLUMN former_name TEXT",
    # What names an article everywhere, with the story that tells it: also where a document shows
    # such a name twice, so that it identifies no entry there.
    """CREATE TABLE story_keys (
        key TEXT NOT NULL,
        story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
        PRIMARY KEY (key, story_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX story_keys_story ON story_keys (story_id)",
    """INSERT OR IGNORE INTO story_keys (key, story_id)
       SELECT i.key, e.story_id FROM identities i JOIN entries e ON e.id = i.entry_id
        WHERE i.key LIKE 'url:%' OR i.key LIKE 'site:%'""",
    # In how many documents in a row most ids were new though their entries were known.
    "ALTER TABLE sources ADD COLUMN unstable_polls INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE mirrors ADD COLUMN certificate_until_at INTEGER",
    # Entries that a feed leaves out, by its rules and tags.
    """CREATE TABLE exclusions (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        because TEXT NOT NULL,
        PRIMARY KEY (feed_id, entry_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX exclusions_entry ON exclusions (entry_id)",
    # What a feed has shown, in the order in which it did: `number` counts from 1 in each month
    # (such as 202611). Its place is never changed, so that an archive document only grows at its
    # end. `change_key` is minted when the row is written and at each edit of the entry; exports go
    # by it, because clocks step back.
    """CREATE TABLE archive (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        month INTEGER NOT NULL,
        number INTEGER NOT NULL,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        shown_at INTEGER NOT NULL,
        change_key INTEGER NOT NULL,
        PRIMARY KEY (feed_id, month, number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX archive_change ON archive (feed_id, change_key)",
    "ALTER TABLE counters ADD COLUMN largest_change_key INTEGER NOT NULL DEFAULT 0",
    "CREATE UNIQUE INDEX archive_entry ON archive (entry_id, feed_id)",
    # Archive documents of months that are over, as they were first served (RFC 5005 section 4).
    """CREATE TABLE frozen (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        name TEXT NOT NULL,
        form TEXT NOT NULL,
        made_for TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (feed_id, name, form)
    ) STRICT""",
    "ALTER TABLE counters ADD COLUMN operations_id TEXT",
    MINT_OPERATIONS_ID,
    # What is wrong, or was not long ago (`ended_at`). `subject` is such as "source 12", with the
    # row's id, `kind` such as "broken". `told` is whether the operations feed's last word is that
    # it is wrong, `told_at` when it said anything of it last.
    """CREATE TABLE alarms (
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        since_at INTEGER NOT NULL,
        ended_at INTEGER,
        told INTEGER NOT NULL,
        told_at INTEGER,
        PRIMARY KEY (subject, kind)
    ) STRICT, WITHOUT ROWID""",
    # The entries of the operations feed; a row is never changed.
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        public_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        content_html TEXT NOT NULL,
        happened_at INTEGER NOT NULL
    ) STRICT""",
)

# So that asking reads what it asks for.
INDEXES = (
    "CREATE INDEX sources_polled ON sources (last_poll_at) WHERE removed_at IS NULL",
    # Counts the changes of all feeds together: what has changed since a number is read by it.
    "ALTER TABLE feeds ADD COLUMN change_number INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX feeds_change ON feeds (change_number)",
)

# What an earlier version asked for at each look is kept from now on.
KEPT_WINDOWS = (
    # What each feed shows: what lies above its floor and is admitted, one entry for each story.
    """CREATE TABLE shown (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        order_key INTEGER NOT NULL,
        entry_id INTEGER NOT NULL REFERENCES entries (id),
        weight_bytes INTEGER NOT NULL,
        PRIMARY KEY (feed_id, order_key)
    ) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX shown_entry ON shown (entry_id, feed_id)",
    # How many rows of `shown` a feed has, what they weigh in its document, and when its window
    # drops the next one.
    "ALTER TABLE feeds ADD COLUMN shown_count INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE feeds ADD COLUMN shown_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE feeds ADD COLUMN drops_at INTEGER",
    "CREATE INDEX feeds_drops ON feeds (drops_at) WHERE drops_at IS NOT NULL",
    "CREATE INDEX entries_seen ON entries (first_seen_at)",
    """CREATE INDEX tombstones_absent ON tombstones (absent_since_at)
        WHERE absent_since_at IS NOT NULL""",
    """CREATE INDEX memberships_ended ON memberships (feed_id, until_key)
        WHERE until_key IS NOT NULL""",
    # An entry is admitted in time where its source was a member when it came, and is one today.
    """CREATE TEMP TABLE admitted AS
       SELECT f.id AS feed_id, e.id AS entry_id, e.story_id, e.order_key,
              e.order_key > f.floor AS is_above,
              coalesce(json_extract(f.config, '$.dedupe'), 'exact') != 'off' AS is_once,
              coalesce(a.month * 1000000 + a.number, 9e18) AS place
         FROM feeds f
         JOIN memberships m ON m.feed_id = f.id
         JOIN entries e ON e.source_id = m.source_id AND e.order_key > m.after_key
              AND e.order_key <= coalesce(m.until_key, 9e18)
         LEFT JOIN archive a ON a.entry_id = e.id AND a.feed_id = f.id
        WHERE f.removed_at IS NULL AND e.held_back = 0 AND e.blocked IS NULL
          AND EXISTS (SELECT 1 FROM memberships t WHERE t.feed_id = f.id
                AND t.source_id = e.source_id AND t.until_key IS NULL)
          AND NOT EXISTS (SELECT 1 FROM exclusions x
                           WHERE x.feed_id = f.id AND x.entry_id = e.id)""",
    "CREATE INDEX temp.admitted_story ON admitted (feed_id, story_id, place, entry_id)",
    # As `stories.windows.weight` has it, with the default `entry_size`.
    """INSERT INTO shown (feed_id, order_key, entry_id, weight_bytes)
       SELECT a.feed_id, a.order_key, a.entry_id,
              min(length(CAST(e.content_html AS BLOB)),
                  CASE coalesce(json_extract(f.config, '$.content'), 'full')
                  WHEN 'link' THEN 0 WHEN 'summary' THEN 2000 ELSE 262144 END)
              + length(CAST(e.title || e.summary || coalesce(e.author, '') || coalesce(e.url, '')
                  || e.categories || e.enclosures || coalesce(e.provenance, '') AS BLOB)) + 1024
         FROM admitted a JOIN feeds f ON f.id = a.feed_id JOIN entries e ON e.id = a.entry_id
        WHERE is_above AND (NOT is_once OR a.entry_id = (
              SELECT entry_id FROM admitted b WHERE b.feed_id = a.feed_id
                 AND b.story_id = a.story_id ORDER BY place, entry_id LIMIT 1))""",
    "DROP TABLE temp.admitted",
    # At once the next time that anybody looks.
    """UPDATE feeds SET shown_count = (SELECT count(*) FROM shown WHERE feed_id = feeds.id),
              shown_bytes = (SELECT coalesce(sum(weight_bytes), 0) FROM shown
                              WHERE feed_id = feeds.id),
              drops_at = 0 WHERE removed_at IS NULL""",
    # The first schema had no archives: what feeds have shown is in them from when the feed changed
    # last, behind what is there already.
    """WITH moments AS (
         SELECT id AS feed_id, max(changed_at, coalesce(
                  (SELECT max(shown_at) FROM archive a WHERE a.feed_id = feeds.id), 0)) AS shown_at
           FROM feeds),
       months AS (
         SELECT feed_id, shown_at,
                CAST(strftime('%Y%m', shown_at / 1000000, 'unixepoch') AS INTEGER) AS month
           FROM moments)
       INSERT INTO archive (feed_id, month, number, entry_id, shown_at, change_key)
       SELECT s.feed_id, n.month,
              row_number() OVER (PARTITION BY s.feed_id ORDER BY s.order_key)
                + coalesce((SELECT max(number) FROM archive a
                             WHERE a.feed_id = s.feed_id AND a.month = n.month), 0),
              s.entry_id, n.shown_at,
              row_number() OVER (ORDER BY s.feed_id, s.order_key)
                + (SELECT largest_change_key FROM counters)
         FROM shown s JOIN months n ON n.feed_id = s.feed_id
        WHERE NOT EXISTS (SELECT 1 FROM archive a
                           WHERE a.entry_id = s.entry_id AND a.feed_id = s.feed_id)""",
    """UPDATE counters SET largest_change_key =
              max(largest_change_key, coalesce((SELECT max(change_key) FROM archive), 0))""",
)

#: What of an entry counts as disk that its source takes.
_TEXTS = """length(CAST({0}.title || {0}.content_html || {0}.summary || coalesce({0}.raw, '')
    || {0}.categories || {0}.enclosures AS BLOB))"""
_NEW, _OLD, _STORED = (_TEXTS.format(row) for row in ("NEW", "OLD", "entries"))


def _counting(more: str, row: str) -> str:
    return f"""UPDATE sources SET stored_bytes = stored_bytes + {more} WHERE id = {row}.source_id;
        UPDATE counters SET stored_bytes = stored_bytes + {more};"""  # noqa: S608 -- built of constants


STORED_BYTES = (
    # How many bytes of texts a source has stored, and all of them; how many all may, where that is
    # configured; how many sources are; and how large an upgrade found the database.
    "ALTER TABLE sources ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE counters ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE counters ADD COLUMN quota_bytes INTEGER",
    "ALTER TABLE counters ADD COLUMN sources INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE counters ADD COLUMN found_bytes INTEGER NOT NULL DEFAULT 0",
    f"""UPDATE sources SET stored_bytes = (SELECT coalesce(sum({_STORED}), 0) FROM entries
         WHERE source_id = sources.id)""",  # noqa: S608 -- built of constants
    """UPDATE counters SET stored_bytes = (SELECT coalesce(sum(stored_bytes), 0) FROM sources),
              found_bytes = (SELECT page_count * page_size
                               FROM pragma_page_count(), pragma_page_size())""",
    f"""CREATE TRIGGER entries_stored AFTER INSERT ON entries
        BEGIN {_counting(_NEW, "NEW")} END""",
    f"""CREATE TRIGGER entries_rewritten
        AFTER UPDATE OF title, content_html, summary, raw, categories, enclosures ON entries
        BEGIN {_counting(f"{_NEW} - {_OLD}", "NEW")} END""",
    f"""CREATE TRIGGER entries_forgotten AFTER DELETE ON entries
        BEGIN {_counting(f"-{_OLD}", "OLD")} END""",
)

SCALING: tuple[str, ...] = (
    # A note is of a source, of a feed, or of the whole; what it says is JSON by its kind.
    "ALTER TABLE notes RENAME TO worded_notes",
    """CREATE TABLE notes (
        kind TEXT NOT NULL,
        source_id INTEGER REFERENCES sources (id),
        feed_id INTEGER REFERENCES feeds (id),
        data TEXT NOT NULL,
        noted_at INTEGER NOT NULL
    ) STRICT""",
    """CREATE UNIQUE INDEX notes_kind
          ON notes (kind, coalesce(source_id, 0), coalesce(feed_id, 0))""",
    "CREATE INDEX notes_source ON notes (source_id) WHERE source_id IS NOT NULL",
    "CREATE INDEX notes_feed ON notes (feed_id) WHERE feed_id IS NOT NULL",
    # Why an entry belongs to its story; NULL where it began the story, or an earlier version
    # stored it.
    "ALTER TABLE entries ADD COLUMN assigned TEXT",
    # A source waits for its turn in the queue of a site, not of a host; Python fills it.
    "ALTER TABLE sources RENAME COLUMN host TO queue",
    # When a URL last answered with a whole document; of earlier ones only that its source was well.
    "ALTER TABLE mirrors ADD COLUMN document_at INTEGER",
    """UPDATE mirrors SET document_at =
              (SELECT last_success_at FROM sources WHERE id = mirrors.source_id)""",
    # What a source has given up in a feed, so that others kept theirs, lies at or below it.
    "ALTER TABLE memberships ADD COLUMN floor INTEGER NOT NULL DEFAULT 0",
    # How often a host has limited us without saying for how long, less what went well since.
    "ALTER TABLE gates ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0",
    # Of which domains articles are a source's own.
    """CREATE TABLE source_domains (
        source_id INTEGER NOT NULL REFERENCES sources (id),
        domain TEXT NOT NULL,
        PRIMARY KEY (source_id, domain)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX source_domains_domain ON source_domains (domain)",
    # Whether its article's own source began a story, so that nobody else is in it; and of which
    # such story another one is a copy. (Stories of earlier versions may have others, too.)
    "ALTER TABLE stories ADD COLUMN is_own INTEGER NOT NULL DEFAULT 0",
    """ALTER TABLE stories ADD COLUMN original_id INTEGER
          REFERENCES stories (id) ON DELETE SET NULL""",
    "CREATE INDEX stories_copies ON stories (original_id) WHERE original_id IS NOT NULL",
)

#: What counts since there are particulars.
_MORE_TEXTS = f"({_TEXTS} + length(CAST(coalesce({{0}}.particulars, '') AS BLOB)))"
_MORE_NEW, _MORE_OLD = (_MORE_TEXTS.format(row) for row in ("NEW", "OLD"))

FAITHFULNESS: tuple[str, ...] = (
    # What an entry is compared by beside its keys: the publisher's date as it wrote it, also one in
    # the future, and a hash of the text without the title.
    "ALTER TABLE entries ADD COLUMN stated_at INTEGER",
    "ALTER TABLE entries ADD COLUMN text_hash BLOB",
    # Authors one by one, contributors, rights, what a podcast says of an episode: JSON, NULL where
    # the author's name says it all. The same of a source, with its generator and logo.
    "ALTER TABLE entries ADD COLUMN particulars TEXT",
    "ALTER TABLE sources ADD COLUMN document_particulars TEXT",
    "DROP TRIGGER entries_stored",
    "DROP TRIGGER entries_rewritten",
    "DROP TRIGGER entries_forgotten",
    f"""CREATE TRIGGER entries_stored AFTER INSERT ON entries
        BEGIN {_counting(_MORE_NEW, "NEW")} END""",
    f"""CREATE TRIGGER entries_rewritten
        AFTER UPDATE OF title, content_html, summary, raw, categories, enclosures, particulars
        ON entries BEGIN {_counting(f"{_MORE_NEW} - {_MORE_OLD}", "NEW")} END""",
    f"""CREATE TRIGGER entries_forgotten AFTER DELETE ON entries
        BEGIN {_counting(f"-{_MORE_OLD}", "OLD")} END""",
    # Since when each document has been the bytes that it is; the window's has no name.
    """CREATE TABLE served_bytes (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        name TEXT NOT NULL,
        form TEXT NOT NULL,
        digest BLOB NOT NULL,
        since_at INTEGER NOT NULL,
        PRIMARY KEY (feed_id, name, form)
    ) STRICT, WITHOUT ROWID""",
)
