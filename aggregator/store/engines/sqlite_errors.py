"""What an error of SQLite or of the disk means: what passes, what is damaged, what helps."""

# sqlite: the whole module

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreDamagedError, StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

#: Errors of the system that a database outlives: they may be gone at the next try. EFBIG is a limit
#: of the process (RLIMIT_FSIZE) or of the file system, which people lift as they make room.
_PASSING_ERRNOS = frozenset(
    {
        errno.EAGAIN, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM, errno.ENOSPC, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT,
    }
)  # fmt: skip


def store_error(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """Return what went wrong with the database at `path`, with a remedy.

    `StoreUnavailableError` for what may pass by itself, `StoreDamagedError` for damaged pages,
    else a plain `StoreError`.
    """
    if isinstance(error, OSError):
        if error.errno in _PASSING_ERRNOS:
            return StoreUnavailableError(
                f"{path}: cannot be used now ({error.strerror}); look at the disk: is there room, "
                "and may it be written?"
            )
        return StoreError(f"{path}: cannot be opened: {error.strerror or error}")
    match primary_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreUnavailableError(
                f"{path}: another program holds it ({error}); end that one (a sqlite3 with an open "
                "transaction, a backup)"
            )
        case sqlite3.SQLITE_FULL:
            return StoreUnavailableError(f"{path}: no room ({error}); make room on its disk")
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_PROTOCOL | sqlite3.SQLITE_NOMEM:
            return StoreUnavailableError(
                f"{path}: the disk fails, or is full ({error}); look at its room, and at what the "
                "kernel says of it"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return StoreUnavailableError(
                f"{path}: cannot be written ({error}); look at the room and the rights of its "
                "folder, and whether its disk is mounted read-only"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path, str(error))
        case _:
            return StoreError(f"{path}: the database cannot be used: {error}")


def damaged(path: Path, what: str) -> StoreDamagedError:
    """Return the error for damaged pages; `what` is what SQLite says of them, on one line."""
    return StoreDamagedError(
        f"{path}: damaged ({what}); stop the daemon and restore a backup "
        '(docs/install.md, "Trouble")'
    )


def primary_code(error: sqlite3.Error) -> int | None:
    """Return the primary result code (sqlite.org/rescode.html), `None` for one of the module."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
