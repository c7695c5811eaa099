"""Database files that are made beside the database: room for them, their rights, their place."""

# sqlite: the whole module

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError, StoreUnavailableError
from aggregator.store.engines.lock import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What SQLite itself puts beside a database.
_COMPANIONS = ("", "-journal", "-wal", "-shm")


def demand_room(path: Path, purpose: str, times: int = 2) -> None:
    """Raise `StoreUnavailableError` unless so many times the database's size is free."""
    real = Path(os.path.realpath(path))
    free, needed = shutil.disk_usage(real.parent).free, real.stat().st_size * times
    if free < needed:
        raise StoreUnavailableError(
            f"{path}: no room for {purpose} ({needed >> 20} MiB needed, "
            f"{free >> 20} MiB free); make room on its disk"
        )


def copy_to(connection: sqlite3.Connection, copy: Path) -> None:
    """Write the whole database anew into a file for its owner alone, in the place of an older one.

    What is written may still be in memory only (`put_in_place`).
    """
    _make_empty(copy)
    connection.execute("VACUUM INTO ?", (str(copy),))


@contextmanager
def building(path: Path, ending: str) -> Iterator[Path]:
    """Lend `NAME.ending` for a database to be made in, empty; afterwards it is gone.

    One that a killed process left behind is none of it.
    """
    aside = beside(path, ending)
    _make_empty(aside)
    try:
        yield aside
    finally:
        _remove(aside)


def put_in_place(aside: Path, path: Path, *, mode: int | None = None) -> None:
    """Let a finished database that nobody has open take the place of the one that `path` leads to.

    It is on the disk before it does, and takes over owner and rights (or has those of `mode`) of a
    file that is there. Nobody may use that one: who has it open goes on with a file that has no
    name any more.
    """
    real = Path(os.path.realpath(path))
    handle = os.open(aside, os.O_RDWR | os.O_CLOEXEC)
    try:
        if real.exists():
            _take_over(handle, real.stat(), path)
        if mode is not None:
            os.fchmod(handle, mode)
        os.fsync(handle)
    finally:
        os.close(handle)
    aside.replace(real)
    folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_over(handle: int, old: os.stat_result, path: Path) -> None:
    new = os.fstat(handle)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(handle, old.st_uid, old.st_gid)
        except PermissionError as error:
            raise StoreError(f"{path}: belongs to another user; do this as that one") from error
    os.fchmod(handle, old.st_mode & 0o777)


def fault(db: sqlite3.Connection) -> str | None:
    """Read all of a database; return what does not fit together in it, on one line, or `None`."""
    (said,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        return " ".join(str(said).split())
    found = db.execute("PRAGMA foreign_key_check").fetchone()
    if found is None:
        return None
    table, _, other, _ = found
    return f"a row of {table} belongs to one of {other} that is not there"


def use_alone(connection: sqlite3.Connection) -> None:
    """Keep every other process away from a database until its connection is closed.

    Its journal is folded into it before. Raises `sqlite3.Error` where somebody else has it open.
    """
    connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def refuse_journal(path: Path) -> None:
    """Raise `StoreError` for a journal without a database: it would be taken for the new one's."""
    real = Path(os.path.realpath(path))
    for ending in ("-wal", "-journal"):
        left = real.with_name(f"{real.name}{ending}")
        if left.exists() and left.stat().st_size:
            raise StoreError(
                f"{left}: belongs to a database that is not here; move it to where that one is"
            )


def _make_empty(path: Path) -> None:
    _remove(path)
    # SQLite fills an empty file and keeps its mode; one that it makes itself has the umask's.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _remove(path: Path) -> None:
    for ending in _COMPANIONS:
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
