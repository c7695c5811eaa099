"""The schema, as the sum of its migrations (sqlite-utils `Migrations`).

Instants are INTEGER microseconds since the epoch, in columns that end in `_at`; order keys are of
the same unit. Lists and objects are JSON text. A migration sets `user_version` inside its own
transaction, so that a crash leaves either the old schema or the new one.
"""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from aggregator.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

#: "Aggr" in ASCII: tells our databases from others (sqlite.org/fileformat.html, offset 68).
APPLICATION_ID = 0x41676772

#: The `user_version` that this program writes and reads.
SCHEMA_VERSION = 1

#: Copies kept beside the database from before the last migrations.
KEPT_COPIES = 2

migrations = Migrations("aggregator")


@migrations()
def m0001_first_release(db: Database) -> None:
    """Create everything that the first release stores."""
    for statement in _FIRST_RELEASE:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")


_FIRST_RELEASE = (
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


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to this program's schema, with a copy beside it where data is at stake.

    Raises `StoreError` when the database is another program's or a newer version's, or when there
    is no room for the copy; nothing has changed then.
    """
    version = check_readable(connection, path)
    if version == SCHEMA_VERSION:
        return
    if version > 0:
        _copy_beside(connection, path, version)
    db = Database(connection, execute_plugins=False)
    migrations.apply(db)


def check_readable(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version, 0 for an empty database; refuse a foreign or newer one."""
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"{path}: cannot be opened: {error}; look at the disk and its rights"
        ) from (error)
    except sqlite3.DatabaseError as error:
        message = (
            f"{path}: not a usable database ({error}); restore a backup, or move the file away"
        )
        raise StoreError(message) from error
    if application_id != APPLICATION_ID and not (application_id == 0 and tables == 0):
        raise StoreError(
            f"{path}: this database belongs to another program; set another path in [store]"
        )
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: written by a newer version (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); install that version, or restore the copy from before it"
        )
    return int(version)


def _copy_beside(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Write `NAME.before-VERSION`, keeping the newest `KEPT_COPIES`."""
    copy = path.with_name(f"{path.name}.before-{version + 1}")
    free, needed = shutil.disk_usage(path.parent).free, path.stat().st_size * 2
    if free < needed:
        raise StoreError(
            f"{path}: no room for a copy before the upgrade ({needed >> 20} MiB needed, "
            f"{free >> 20} MiB free); make room and start again"
        )
    copy.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)
    copies = sorted(
        path.parent.glob(f"{path.name}.before-*"), key=lambda old: old.stat().st_mtime_ns
    )
    for old in copies[:-KEPT_COPIES]:
        old.unlink()
