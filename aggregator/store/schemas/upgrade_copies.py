"""Copies of the database from before an upgrade: made, found again, and named by their schema."""

# sqlite: the whole module

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from itertools import zip_longest
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreUnavailableError
from aggregator.store.engines.built_aside import building, copy_to, demand_room, fault, put_in_place
from aggregator.store.engines.connection import connect
from aggregator.store.engines.schema_version import copies_told, copy_name, kept_copies

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

#: Copies kept beside the database from before the last migrations.
KEPT_COPIES = 2

#: What is free in the beginning, in sizes of the database: for a copy and for the upgrade, whose
#: one transaction is as large as what it changes; and for the upgrade alone.
COPY_AND_UPGRADE, UPGRADE = 2, 1


def copy_before(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Return `NAME.before-VERSION`, for its owner alone, with all that the database holds.

    An upgrade that was cut off has left one, and the database as it was: where the two hold the
    same there is no second one. Otherwise it is made, and of older ones the newest stay, so that
    there are `KEPT_COPIES`. It has its name only when it is whole and on the disk.

    Raises `StoreUnavailableError` where there is no room; nothing has changed then.
    """
    # What a process that was killed wrote is there until somebody cuts it off.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    copy = copy_name(path, version)
    if _holds_the_same(copy, connection):
        _demand_room(path, version, "the upgrade", UPGRADE)
        os.utime(copy)
        log.info("database copied before, by an upgrade that was cut off copy=%s", copy)
        return copy
    with building(path, f"copying-{version + 1}") as aside:
        _demand_room(path, version, "a copy before the upgrade", COPY_AND_UPGRADE)
        copy_to(connection, aside)
        copy.unlink(missing_ok=True)
        put_in_place(aside, copy)
    copies = sorted(kept_copies(path).values(), key=lambda one: one.stat().st_mtime_ns)
    for old in copies[:-KEPT_COPIES]:
        old.unlink()
    return copy


def _demand_room(path: Path, version: int, purpose: str, times: int) -> None:
    try:
        demand_room(path, purpose, times)
    except StoreUnavailableError as error:
        raise StoreUnavailableError(
            f"{error}, or go on with the earlier version (schema {version}): nothing has changed; "
            f"{copies_told(path)}"
        ) from None


def _holds_the_same(copy: Path, connection: sqlite3.Connection) -> bool:
    """Tell whether a copy is there, whole, and has every row of the database, and no other."""
    if not copy.exists():
        return False
    try:
        with closing(connect(copy, "ro")) as db:
            return fault(db) is None and _is_same(db, connection)
    except sqlite3.Error:  # whatever it is, it is no copy
        return False


def _is_same(one: sqlite3.Connection, other: sqlite3.Connection) -> bool:
    """Compare two databases row by row, of which two are in memory."""
    asked = ["PRAGMA application_id", "PRAGMA user_version"]
    asked.append("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    tables = other.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    asked += [f'SELECT * FROM "{name}" NOT INDEXED' for (name,) in tables]  # noqa: S608 -- of the schema
    return all(
        tuple(ours or ()) == tuple(theirs or ())
        for statement in asked
        for ours, theirs in zip_longest(one.execute(statement), other.execute(statement))
    )
