"""The schema, as the sum of its migrations (sqlite-utils `Migrations`).

Instants are INTEGER microseconds since the epoch, in columns that end in `_at`; order keys are of
the same unit. Lists and objects are JSON text. A migration sets `user_version` inside its own
transaction, so that a crash leaves either the old schema or the new one.
"""

# sqlite: the whole module

from __future__ import annotations

import glob
import logging
import sqlite3
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from aggregator.store import (
    legacy_texts,
    mended_addresses,
    packing_schema,
    source_domains,
    stated_dates,
    tombstone_rows,
)
from aggregator.store.built_aside import copy_to, demand_room
from aggregator.store.forgetting_schema import FORGETTING
from aggregator.store.health_schema import DAYS
from aggregator.store.host_spellings import respell
from aggregator.store.schema import (
    FAITHFULNESS,
    FIRST_RELEASE,
    INDEXES,
    KEPT_WINDOWS,
    PUBLISHING,
    SCALING,
    STORED_BYTES,
)
from aggregator.store.schema_version import (
    APPLICATION_ID,
    PACKED_SINCE,
    SCHEMA_VERSION,
    check_readable,
    copy_name,
)
from aggregator.store.story_schema import NAMED, STORIES, WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

#: Copies kept beside the database from before the last migrations.
KEPT_COPIES = 2

migrations = Migrations("aggregator")


@migrations()
def m0001_first_release(db: Database) -> None:
    """Create everything that the first release stores."""
    for statement in FIRST_RELEASE:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")


@migrations()
def m0002_publishing(db: Database) -> None:
    """Make room for rules, archives, exports of what was said, and alarms."""
    for statement in PUBLISHING:
        db.execute(statement)
    db.execute("PRAGMA user_version = 2")


@migrations()
def m0003_scaling(db: Database) -> None:
    """Let the cost of one source be its own."""
    for statement in (*SCALING, *INDEXES, *KEPT_WINDOWS, *STORED_BYTES):
        db.execute(statement)
    respell(db.conn)
    source_domains.fill(db.conn)
    legacy_texts.move_notes(db)
    legacy_texts.move_problems(db)
    legacy_texts.tell_kinds_of_feeds(db)
    db.execute("PRAGMA user_version = 3")


@migrations()
def m0004_faithfulness(db: Database) -> None:
    """Keep what a publisher wrote as it was written."""
    for statement in (*FAITHFULNESS, *FORGETTING):
        db.execute(statement)
    count = mended_addresses.mend(db.conn)
    if count:
        log.info("addresses mended entries=%d", count)
    stated_dates.fill(db.conn)
    tombstone_rows.rehash(db.conn)
    db.execute("PRAGMA user_version = 4")


@migrations()
def m0005_stories(db: Database) -> None:
    """Make room for stories that several sources tell in their own words."""
    for statement in STORIES:
        db.execute(statement)
    db.execute("PRAGMA user_version = 5")


@migrations()
def m0006_packing(db: Database) -> None:
    """Pack the texts of entries, and find them by marks of their keys."""
    packing_schema.pack_texts(db.conn)
    db.execute("PRAGMA user_version = 6")


@migrations()
def m0007_health(db: Database) -> None:
    """Count each source's polls by days."""
    for statement in DAYS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 7")


@migrations()
def m0008_named(db: Database) -> None:
    """Remember what feeds have named below other entries."""
    for statement in NAMED:
        db.execute(statement)
    db.execute("PRAGMA user_version = 8")


@migrations()
def m0009_weights(db: Database) -> None:
    """Keep weights that were fitted to what the operator said of stories."""
    for statement in WEIGHTS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 9")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to this program's schema, with a copy beside it where data is at stake.

    Raises `StoreError` when the database is another program's or a newer version's, or when there
    is no room for the copy; nothing has changed then.
    """
    version = check_readable(connection, path)
    if version == SCHEMA_VERSION:
        return
    copy = None
    if version > 0:
        copy = _copy_beside(connection, path, version)
    bring_to(connection, SCHEMA_VERSION)
    if copy is not None:
        _give_room_back(connection, version)
        log.info("database upgraded from=%d to=%d copy=%s", version, SCHEMA_VERSION, copy)


def _give_room_back(connection: sqlite3.Connection, version: int) -> None:
    """Write the database anew in its place where the upgrade has packed what it holds."""
    if version >= PACKED_SINCE:
        return
    try:
        connection.execute("VACUUM")
    except sqlite3.Error as error:  # no room, or somebody reads it
        log.warning("database not written anew, run `aggregator compact` error=%s", error)


def bring_to(connection: sqlite3.Connection, version: int) -> None:
    """Make every migration up to a schema's that was not made, as it is and without a copy."""
    # Before the first table, so that a start that is interrupted is known for ours.
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db = Database(connection, execute_plugins=False)
    later = {one.name for one in migrations.pending(db) if int(one.name[1:5]) > version}
    migrations.apply(db, stop_before=later)


def _copy_beside(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Write `NAME.before-VERSION`, for its owner alone, keeping the newest `KEPT_COPIES`."""
    copy = copy_name(path, version)
    folder, name = copy.parent, copy.name.removesuffix(str(version + 1))
    demand_room(path, "before the upgrade")
    copy_to(connection, copy)
    copies = sorted(folder.glob(f"{glob.escape(name)}*"), key=lambda old: old.stat().st_mtime_ns)
    for old in copies[:-KEPT_COPIES]:
        old.unlink()
    return copy
