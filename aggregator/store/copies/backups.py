"""Backups: a copy of the database while it is written, looked through; and one put back."""

# sqlite: the whole module

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.errors import (
    NoStoreError,
    StoreDamagedError,
    StoreError,
    StoreUnavailableError,
)
from aggregator.runtime.values import dataclass
from aggregator.store.copies.named_files import (
    UNFINISHED,
    demand_backup,
    demand_ours,
    holds,
    is_begun,
    is_database,
)
from aggregator.store.engines.built_aside import building, fault, put_in_place, use_alone
from aggregator.store.engines.connection import connect, make_private, open_reader
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.schema_version import check_readable
from aggregator.store.engines.sqlite_errors import damaged, primary_code, store_error
from aggregator.store.upkeep.text_damage import find_text_damage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aggregator.store.upkeep.text_damage import Tell

#: So many pages are copied at once (4 MiB of them): Ctrl-C waits no longer.
SLICE_PAGES = 1024

_DATED = re.compile(r"aggregator-\d{4}-\d\d-\d\d-\d{6}\.db")
_CUT_OFF = re.compile(rf"({_DATED.pattern}\.{UNFINISHED})(-journal|-wal|-shm)?")
#: What SQLite keeps beside a database: part of it until it is folded in.
_JOURNALS = ("", "-wal", "-shm", "-journal")
#: What of it is not made anew by whoever opens it.
_COPIED = ("", "-wal", "-journal")
#: What says that somebody else is at work, and nothing of damage.
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The file of a backup, and how many bytes it has."""

    file: Path
    size: int


def dated(now: datetime) -> str:
    """Return the name of a backup of a moment: by name is by time."""
    return f"aggregator-{now:%Y-%m-%d-%H%M%S}.db"


def surplus(names: Iterable[str], keep: int, now: datetime) -> list[str]:
    """Return which of the files with `dated` names go when the newest `keep` stay.

    With them what a backup that was killed more than a day ago has left.
    """
    names = sorted(names)
    whole = [name for name in names if _DATED.fullmatch(name)]
    long_ago = dated(now - timedelta(days=1))
    cut_off = [one for one in names if _CUT_OFF.fullmatch(one) and one < long_ago]
    return [*whole[:-keep], *cut_off]


def back_up(path: Path, file: Path, tell: Tell | None = None) -> BackedUp:
    """Copy the database as it is at one moment into `file`, in place of a backup that is there.

    The daemon goes on writing: the copy is of one read transaction, and for as long its journal
    cannot be folded back. It counts when SQLite has looked through it and all texts of
    entries were read; then it is one file, for its owner alone. `tell` learns how many were, of how
    many.

    Raises:
        NoStoreError: There is none yet.
        StoreUnavailableError: There is no room, or it cannot be written now.
        StoreError: It is damaged, or cannot be used.
        AggregatorError: `file` is something else (`demand_backup`).
    """
    if _is_same(file, path):
        raise StoreError(f"{file}: is the database itself; name another file")
    demand_backup(file, path)
    try:
        with closing(open_reader(path)) as db, building(file, UNFINISHED) as aside:
            _demand_room(file.parent, _size(path))
            _copy(db, aside)
            if found := _look_through(aside, path, tell):
                raise damaged(path, found)
            put_in_place(aside, file, mode=0o600)
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    except OSError as error:
        raise store_error(file, error) from error
    return BackedUp(file, file.stat().st_size)


def drop_surplus(folder: Path, keep: int, now: datetime) -> int:
    """Remove what is `surplus`; return how many files went.

    What holds no database of this program is none of it, whatever it is called.
    Raises `StoreUnavailableError`, or another `StoreError`, where they cannot be removed.
    """
    try:
        going = surplus((one.name for one in folder.iterdir() if _is_ours(one)), keep, now)
        for name in going:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise store_error(folder, error) from error
    return len(going)


def _is_ours(file: Path) -> bool:
    """Tell whether a file of a name that we give is one that we wrote."""
    if _DATED.fullmatch(file.name):
        return holds(file, is_database)
    found = _CUT_OFF.fullmatch(file.name)
    if found is None:
        return False
    beside = found[2] is not None  # SQLite's own, of a database that is ours
    return holds(file.with_name(found[1]), is_begun) if beside else holds(file, is_begun)


def restore(path: Path, file: Path, now: datetime, tell: Tell | None = None) -> Path | None:
    """Put a backup in the place of the database; return where that one is now, `None` for none.

    The backup is copied and looked through before anything else. The database of before stays
    beside the new one, with what belongs to it, damaged or not. `tell` is that of `back_up`.

    Raises:
        BusyError: The daemon runs, or another process holds the database.
        NoStoreError: There is no such backup.
        StoreUnavailableError: There is no room, or another program has it open.
        StoreError: The backup is damaged, another program's, or of a newer version.
    """
    if not file.exists():
        raise NoStoreError(f"{file}: there is no such backup")
    if file.is_dir():
        raise StoreError(f"{file}: is a folder; name one of the backups in it")
    if not file.is_file():
        raise StoreError(f"{file}: is no regular file; name a backup")
    if _is_same(file, path):
        raise StoreError(f"{file}: is the database itself; name a backup")
    demand_ours(path)
    hold = Hold(path, is_daemon=False)
    try:
        real = Path(os.path.realpath(path))
        before = _size(path) if real.exists() else 0
        _demand_room(real.parent, before + _size(file))
        with building(path, "restoring") as aside:
            _copy_backup(file, aside, tell)
            kept = _keep_aside(real, now) if real.exists() else None
            put_in_place(aside, path)
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error
    finally:
        hold.release()
    return kept


def _copy(db: sqlite3.Connection, copy: Path) -> None:
    """Copy every page of one moment, some at a time."""
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it is that moment
    with closing(connect(copy, "rw")) as target:
        db.backup(target, pages=SLICE_PAGES, sleep=0)
        # One file, which nothing has to stand beside.
        target.execute("PRAGMA journal_mode = DELETE").fetchone()
    db.execute("ROLLBACK")


def _copy_backup(file: Path, aside: Path, tell: Tell | None) -> None:
    """Copy a backup and look through it; raises `StoreDamagedError` for a damaged one."""
    try:
        with closing(connect(file, "ro")) as db:
            if check_readable(db, file) == 0:
                raise StoreError(f"{file}: is empty; name another backup")
            _copy(db, aside)
        found: object = _look_through(aside, file, tell)
    except StoreDamagedError as error:
        found = error.__cause__ or error
    except sqlite3.DatabaseError as error:
        if primary_code(error) not in _DAMAGE:
            raise
        found = error
    if found is not None:
        raise StoreDamagedError(f"{file}: damaged ({found}); take another backup")


def _look_through(copy: Path, of: Path, tell: Tell | None) -> str | None:
    """Return what is damaged in a copy, `None` for a whole one."""
    with closing(connect(copy, "ro")) as db:
        return fault(db) or find_text_damage(db, of, tell)


def _keep_aside(real: Path, now: datetime) -> Path:
    """Copy the database of before beside itself, and leave nothing of it that a new one would read.

    It is copied as it is before SQLite opens it, which would mend, or drop, what a crash has left.
    Raises `sqlite3.Error` where another program has it open; then there is no copy.
    """
    kept = real.with_name(f"{real.name}.replaced-{now:%Y-%m-%d-%H%M%S}")
    for ending in _COPIED:
        part = real.with_name(f"{real.name}{ending}")
        if part.exists():
            copied = kept.with_name(f"{kept.name}{ending}")
            make_private(copied)  # before it holds a secret
            shutil.copy2(part, copied)
            shutil.chown(copied, part.stat().st_uid, part.stat().st_gid)
            _sync(copied)
    try:
        _fold(real)
        _fold(kept)
    except sqlite3.DatabaseError as error:
        if primary_code(error) in _PASSING:
            for ending in _JOURNALS:
                kept.with_name(f"{kept.name}{ending}").unlink(missing_ok=True)
            raise
    for ending in _JOURNALS[1:]:
        real.with_name(f"{real.name}{ending}").unlink(missing_ok=True)
    return kept


def _fold(path: Path) -> None:
    with closing(connect(path, "rw")) as db:
        use_alone(db)


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _demand_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreUnavailableError(
            f"{folder}: no room for a copy ({needed >> 20} MiB needed, {free >> 20} MiB free)"
        )


def _size(path: Path) -> int:
    parts = (Path(f"{os.path.realpath(path)}{ending}") for ending in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
