"""Whose a database is, and which schema it has: read before anything else is asked of it."""

# sqlite: the whole module

from __future__ import annotations

import glob
import sqlite3
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreDamagedError, StoreError
from aggregator.store.engines.lock import beside
from aggregator.store.engines.sqlite_errors import primary_code, store_error

if TYPE_CHECKING:
    from pathlib import Path

#: "Aggr" in ASCII: tells our databases from others (sqlite.org/fileformat.html, offset 68).
APPLICATION_ID = 0x41676772

#: The same of a database that a move from another engine has not filled yet: "Aggm" in ASCII.
HALF = 0x4167676D

#: Where such a one keeps what is being moved into it, and what is still to be made; on PostgreSQL
#: that table is what says so.
MOVING_TABLE = "aggregator_moving"

#: The `user_version` that this program writes and reads.
SCHEMA_VERSION = 16

#: The oldest schema whose programs work beside this one on the same server: where an upgrade takes
#: away or gives another meaning to what those read or write, it is the upgrade's own.
WORKS_DOWN_TO = SCHEMA_VERSION

#: The schema that packs the texts of entries: its upgrade leaves most of the file free.
PACKED_SINCE = 6

#: Where sqlite-utils keeps which migrations were made: the first table that earlier versions made.
MIGRATIONS_TABLE = "_sqlite_migrations"


def check_readable(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version, 0 for an empty database; refuse a foreign or newer one."""
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE tbl_name != ?", (MIGRATIONS_TABLE,)
        ).fetchone()
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_NOTADB:
            message = (
                f"{path}: not a usable database ({error}); restore a backup, or move the file away"
            )
            raise StoreDamagedError(message) from error
        raise store_error(path, error) from error
    if application_id == HALF:
        raise half_moved(path)
    if application_id != APPLICATION_ID and not (application_id == 0 and tables == 0):
        raise StoreError(
            f"{path}: this database belongs to another program; set another path in [store]"
        )
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: written by a newer version (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); install that version, or {_restored(path)}"
        )
    return int(version)


def half_moved(place: Path | str) -> StoreError:
    """Return that a move into a database was cut off."""
    return StoreError(
        f"{place}: holds half of a database: `aggregator migrate-store` was cut off; run it again, "
        "with the same --from and --to"
    )


def copy_name(path: Path, version: int) -> Path:
    """Return where the copy of a database is from before it was brought beyond a schema."""
    return beside(path, f"before-{version + 1}")


def kept_copies(path: Path) -> dict[int, Path]:
    """Return the copies from before upgrades by their schema, the newest schema first."""
    name = copy_name(path, 0).name.removesuffix("1")
    found = copy_name(path, 0).parent.glob(f"{glob.escape(name)}*")
    versions = (one.name.removeprefix(name) for one in found)
    kept = sorted((int(one) - 1 for one in versions if one.isdecimal()), reverse=True)
    return {version: copy_name(path, version) for version in kept}


def copies_told(path: Path) -> str:
    """Return which copies from before upgrades there are, each with its schema."""
    told = ", ".join(f"{copy} (schema {version})" for version, copy in kept_copies(path).items())
    return f"copies from before upgrades: {told or 'none'}"


def _restored(path: Path) -> str:
    """Say how to go back: by the newest copy that this program can read, where there is one."""
    for version, copy in kept_copies(path).items():
        if version <= SCHEMA_VERSION:
            return (
                f"go back to the copy from before it (schema {version}): "
                f"`aggregator restore {copy}`"
            )
    return "restore a backup from before it"
