"""Who holds the database: one daemon, or one `poll` command, at a time."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from aggregator.model.errors import BusyError, StoreError

if TYPE_CHECKING:
    from pathlib import Path


class Hold:
    """The right to write a database, held by this process until `release` or its end.

    A lock of flock(2) on `NAME.lock` beside the database: it goes with the process, however that
    ends. The file holds the pid, for people.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock; raises `BusyError` naming the holder's pid."""
        lock = lock_path(path)
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: cannot be locked: {error}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._fd, 32).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise BusyError(
                f"{path} is in use by process {pid or 'unknown'}; stop that one first"
            ) from None
        try:
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())
        except OSError as error:
            os.close(self._fd)
            raise StoreError(f"{path}: cannot be locked: {error.strerror}") from error

    def release(self) -> None:
        """Give the lock up. The file stays: removing it would let two processes hold one each."""
        os.close(self._fd)


def lock_path(path: Path) -> Path:
    """Return the lock's path beside the database."""
    return path.with_name(f"{path.name}.lock")
