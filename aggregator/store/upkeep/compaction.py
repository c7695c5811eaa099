"""The database file written anew, without the room that what was forgotten has left in it."""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.runtime.values import dataclass
from aggregator.store.copies.exporting import told_tables
from aggregator.store.engines.built_aside import (
    building,
    copy_to,
    demand_room,
    fault,
    put_in_place,
    use_alone,
)
from aggregator.store.engines.connection import connect, open_reader, open_writer
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.sqlite_errors import damaged, store_error
from aggregator.store.texts import packed_texts

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Compacted:
    """How many bytes the database's file had before and has now."""

    before: int
    after: int


def compact(path: Path) -> Compacted:
    """Write the database anew beside itself, look through it, and let it take its place.

    Whatever interrupts this, the database is the one of before or the new one, whole.

    Raises:
        NoStoreError: There is none yet.
        BusyError: Another process holds it.
        StoreUnavailableError: Another program has it open, or twice its size is not free.
        StoreError: It is damaged, or cannot be used.
    """
    try:
        open_reader(path).close()  # says what there is to say of one that is not there or not ours
        hold = Hold(path, is_daemon=False)
        try:
            return _compact(path)
        finally:
            hold.release()
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error


def _compact(path: Path) -> Compacted:
    with closing(open_writer(path)) as db:
        use_alone(db)
        before = path.stat().st_size
        demand_room(path, "a copy of it")
        with building(path, "packing") as first, building(path, "compacting") as aside:
            copy_to(db, first)
            _pack(first, aside)
            _check(db, aside, path)
            put_in_place(aside, path)
    return Compacted(before, path.stat().st_size)


def _pack(copy: Path, aside: Path) -> None:
    """Pack what a copy has stored by what there is to learn from it today, and write it anew."""
    with closing(connect(copy, "rw")) as db:
        # Whoever is interrupted throws the file away: it needs no journal.
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):
            db.execute(f"PRAGMA {pragma}").fetchone()
        db.execute("BEGIN")
        packed_texts.repack_best(db)
        db.execute("COMMIT")
        copy_to(db, aside)


def _check(db: sqlite3.Connection, aside: Path, path: Path) -> None:
    """Raise `StoreError` unless the copy holds together, and as much as what it is of."""
    with closing(connect(aside, "ro")) as copy:
        if (found := fault(copy)) is not None:
            raise damaged(path, found)
        if _measure(copy) != _measure(db):
            raise StoreError(f"{path}: its copy has not all of it; nothing was changed, try again")


def _measure(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return whose a database is, its schema, and how many rows each table has."""
    numbers = [(name, f"PRAGMA {name}") for name in ("application_id", "user_version")]
    numbers += [(table, f"SELECT count(*) FROM {table}") for table in told_tables(db)]  # noqa: S608 -- of the schema
    return [(name, db.execute(statement).fetchone()[0]) for name, statement in numbers]
