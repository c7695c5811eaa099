"""The schema, as the sum of its migrations (sqlite-utils `Migrations`).

Instants are INTEGER microseconds since the epoch, in columns that end in `_at`; order keys are of
the same unit. Lists and objects are JSON text. All that are to be made are one transaction, with
`user_version`, so that a crash leaves either the old schema, as it was, or today's.
"""

# sqlite: the whole module

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from aggregator.store.engines.schema_version import (
    APPLICATION_ID,
    PACKED_SINCE,
    SCHEMA_VERSION,
    check_readable,
    copies_told,
    kept_copies,
)
from aggregator.store.polls import mended_addresses, source_domains, tombstone_rows
from aggregator.store.schemas import legacy_texts, packing_schema, stated_dates
from aggregator.store.schemas.archive_schema import RETOLD
from aggregator.store.schemas.forgetting_schema import FORGETTING
from aggregator.store.schemas.health_schema import DAYS
from aggregator.store.schemas.host_spellings import respell
from aggregator.store.schemas.lease_schema import LEASES
from aggregator.store.schemas.list_schema import LISTS
from aggregator.store.schemas.outbox_schema import OUTBOX
from aggregator.store.schemas.overview_schema import OVERVIEW, fill_delays
from aggregator.store.schemas.schema import (
    FAITHFULNESS,
    FIRST_RELEASE,
    INDEXES,
    KEPT_WINDOWS,
    MINT_OPERATIONS_ID,
    PUBLISHING,
    SCALING,
    STORED_BYTES,
)
from aggregator.store.schemas.story_schema import NAMED, STORIES, TEXT_ORIGIN, TIES, WEIGHTS
from aggregator.store.schemas.upgrade_copies import copy_before

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

migrations = Migrations("aggregator")


@migrations(transactional=False)
def m0001_first_release(db: Database) -> None:
    """Create everything that the first release stores."""
    for statement in FIRST_RELEASE:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")


@migrations(transactional=False)
def m0002_publishing(db: Database) -> None:
    """Make room for rules, archives, exports of what was said, and alarms."""
    for statement in PUBLISHING:
        db.execute(statement)
    db.execute("PRAGMA user_version = 2")


@migrations(transactional=False)
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


@migrations(transactional=False)
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


@migrations(transactional=False)
def m0005_stories(db: Database) -> None:
    """Make room for stories that several sources tell in their own words."""
    for statement in STORIES:
        db.execute(statement)
    db.execute("PRAGMA user_version = 5")


@migrations(transactional=False)
def m0006_packing(db: Database) -> None:
    """Pack the texts of entries, and find them by marks of their keys."""
    packing_schema.pack_texts(db.conn)
    db.execute("PRAGMA user_version = 6")


@migrations(transactional=False)
def m0007_health(db: Database) -> None:
    """Count each source's polls by days."""
    for statement in DAYS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 7")


@migrations(transactional=False)
def m0008_named(db: Database) -> None:
    """Remember what feeds have named below other entries."""
    for statement in NAMED:
        db.execute(statement)
    db.execute("PRAGMA user_version = 8")


@migrations(transactional=False)
def m0009_weights(db: Database) -> None:
    """Keep weights that were fitted to what the operator said of stories."""
    for statement in WEIGHTS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 9")


@migrations(transactional=False)
def m0010_overview(db: Database) -> None:
    """Keep how late each source's entries come, and how large the database was each day."""
    for statement in OVERVIEW:
        db.execute(statement)
    fill_delays(db.conn)
    db.execute("PRAGMA user_version = 10")


@migrations(transactional=False)
def m0011_lists(db: Database) -> None:
    """Keep lists of sources, and what they list."""
    for statement in LISTS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 11")


@migrations(transactional=False)
def m0012_ties(db: Database) -> None:
    """Remember which articles of a story are like which others."""
    for statement in TIES:
        db.execute(statement)
    db.execute("PRAGMA user_version = 12")


@migrations(transactional=False)
def m0013_outbox(db: Database) -> None:
    """Make room for notices that wait for their receivers."""
    for statement in OUTBOX:
        db.execute(statement)
    db.execute("PRAGMA user_version = 13")


@migrations(transactional=False)
def m0014_text_origin(db: Database) -> None:
    """Keep with each entry where its visible text is from."""
    for statement in TEXT_ORIGIN:
        db.execute(statement)
    db.execute("PRAGMA user_version = 14")


@migrations(transactional=False)
def m0015_retold(db: Database) -> None:
    """Keep in archives what was named below entries when they left a window."""
    for statement in RETOLD:
        db.execute(statement)
    db.execute("PRAGMA user_version = 15")


@migrations(transactional=False)
def m0016_leases(db: Database) -> None:
    """Make room for the leases of several processes."""
    for statement in LEASES:
        db.execute(statement)
    db.execute("PRAGMA user_version = 16")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to this program's schema, with a copy beside it where data is at stake.

    Raises `StoreError` when the database is another program's or a newer version's, or when there
    is no room for the copy; nothing has changed then.
    """
    version = check_readable(connection, path)
    if version == SCHEMA_VERSION:
        return
    if version == 0:
        with closing(empty()) as model:
            model.backup(connection)
        return
    copy = copy_before(connection, path, version)
    bring_to(connection, SCHEMA_VERSION)
    if copy is not None:
        _give_room_back(connection, version)
        log.info("database upgraded from=%d to=%d copy=%s", version, SCHEMA_VERSION, copy)
        if len(kept_copies(path)) > 1:
            log.info(copies_told(path))


def _give_room_back(connection: sqlite3.Connection, version: int) -> None:
    """Write the database anew in its place where the upgrade has packed what it holds."""
    if version >= PACKED_SINCE:
        return
    try:
        connection.execute("VACUUM")
    except sqlite3.Error as error:  # no room, or somebody reads it
        log.warning("database not written anew, run `aggregator compact` error=%s", error)


#: The schema since which the operations feed has an id.
_MINTED_SINCE = 2


def empty(version: int = SCHEMA_VERSION) -> sqlite3.Connection:
    """Return a database in memory in which nothing is yet, as the migrations up to one leave it.

    In a file each of them would be written for the next one to change.
    """
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.deserialize(_empty(version))
    if version >= _MINTED_SINCE:
        made.execute(MINT_OPERATIONS_ID)  # each has its own
    return made


@cache
def _empty(version: int) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        bring_to(made, version)
        return made.serialize()


def later(version: int) -> list[Callable[[Database], None]]:
    """Return the migrations that come after a schema's, in their order."""
    every = migrations.pending(Database(memory=True, execute_plugins=False))
    return [one.fn for one in every if int(one.name[1:5]) > version]


def bring_to(connection: sqlite3.Connection, version: int) -> None:
    """Make every migration up to a schema's that was not made, as it is and without a copy."""
    # Before the first table, so that a start that is interrupted is known for ours.
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db = Database(connection, execute_plugins=False)
    later = {one.name for one in migrations.pending(db) if int(one.name[1:5]) > version}
    # Not one for each: a savepoint within would write every page that it changes once more.
    with db.atomic():
        migrations.apply(db, stop_before=later)
