"""Files that somebody names to be written: what stays as it is, whatever was named.

A name that is mistaken must not cost a configuration, a database in use, or a device.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError, StoreError
from aggregator.store.engines.lock import beside, lock_path
from aggregator.store.engines.schema_version import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable

#: So much of a file tells what it is: our heads are shorter.
_HEAD_BYTES = 4096
#: How a database of SQLite begins, and where it says whose it is (sqlite.org/fileformat.html).
_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = slice(68, 72)
_OURS, _NOBODYS = APPLICATION_ID.to_bytes(4, "big"), bytes(4)
#: What a backup is called besides until it counts.
UNFINISHED = "part"
#: What stands beside a database under its name, by its endings (`beside`, `building`).
_BESIDE = (
    r"(-wal|-shm|-journal|\.(lock|sock|password|search|first-|before-|replaced-|restoring|importing"
    r"|packing|compacting|copying-|moving|migrating|part).*)?"
)


def demand_writable(
    file: Path, database: Path, is_ours: Callable[[bytes], bool], kind: str
) -> None:
    """Raise `AggregatorError` unless `file` may be written, in place of one that is there or not.

    It may where nothing is, or nothing is in it, or where `is_ours` says of how it begins that it
    is one of the same `kind`: a pipe or a terminal is written to. No name is free that the database
    has, or uses beside itself.
    """
    if is_of(database, file):
        raise AggregatorError(f"{file}: the database has its own files there; name another file")
    head = _head(file)
    if head and not is_ours(head):
        raise AggregatorError(f"{file}: is there already, and is no {kind}; name another file")


def demand_backup(file: Path, database: Path) -> None:
    """Raise `AggregatorError` unless a backup may be written to `file` (`demand_writable`).

    That is a file, and one that stands there is no database that somebody works with; nothing else
    has the name under which it is made.
    """
    demand_writable(file, database, is_database, "backup of a database")
    if file.suffix == f".{UNFINISHED}":  # and whoever keeps the newest removes such a one
        raise AggregatorError(f"{file}: a backup is called so until it is whole; name another file")
    if file.exists():
        _demand_regular(file)
        if lock_path(file).exists():
            raise AggregatorError(f"{file}: is a database in use; name another file")
    aside = beside(file, UNFINISHED)
    if aside.exists():
        _demand_regular(aside)
        if not is_begun(_head(aside)):
            raise AggregatorError(f"{aside}: is no backup, and in the way; name another file")


def demand_ours(database: Path) -> None:
    """Raise `StoreError` where another program's database, or no file, stands under this name.

    One that is damaged may be anything.
    """
    if not database.exists():
        return
    if not database.is_file():
        raise StoreError(f"{database}: is no regular file; set another path in [store]")
    head = _head(database)
    if head.startswith(_MAGIC) and head[_APPLICATION_ID] not in (_OURS, _NOBODYS):
        raise StoreError(
            f"{database}: this database belongs to another program; set another path in [store]"
        )


def is_database(head: bytes) -> bool:
    """Tell whether a file that begins so is a database of this program."""
    return head.startswith(_MAGIC) and head[_APPLICATION_ID] == _OURS


def is_begun(head: bytes) -> bool:
    """Tell whether a file that begins so may be a database that was not made to its end."""
    return not head or head.startswith((_MAGIC, b"\0" * len(_MAGIC)))


def holds(file: Path, is_it: Callable[[bytes], bool]) -> bool:
    """Tell whether a regular file, and no link, begins as `is_it` says."""
    try:
        return stat.S_ISREG(file.lstat().st_mode) and is_it(_head(file))
    except (OSError, AggregatorError):
        return False


def is_of(database: Path, file: Path) -> bool:
    """Tell whether a file has a name that the database has, or uses beside itself."""
    real, other = Path(os.path.realpath(database)), Path(os.path.realpath(file))
    if re.fullmatch(re.escape(real.name) + _BESIDE, other.name) is None:
        return False
    try:
        return real.parent.samefile(other.parent)
    except OSError:  # no such folder
        return real.parent == other.parent


def _demand_regular(file: Path) -> None:
    if not file.is_file():
        raise AggregatorError(f"{file}: is no regular file; name another one")


def _head(file: Path) -> bytes:
    """Return how a file begins, nothing for what holds nothing: a pipe, a terminal, no file."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISREG(mode):
            with file.open("rb") as opened:
                return opened.read(_HEAD_BYTES)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:  # a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise AggregatorError(f"{file}: cannot be written: {reason}") from error
    if not stat.S_ISFIFO(mode) and not stat.S_ISCHR(mode):
        raise AggregatorError(f"{file}: is no regular file; name another one")
    return b""
