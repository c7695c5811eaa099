"""Who holds the database: one daemon, or one `poll` command, at a time."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from aggregator.model.errors import BusyError
from aggregator.runtime.values import dataclass
from aggregator.store.engines.sqlite_errors import store_error

#: Who only looks (`holder`) holds the lock for a moment: it is tried so often, with such pauses.
_TRIES = 3
_PAUSE_S = 0.02
#: What the file says after the pid of a command, which answers on no socket.
_COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a database; `pid` is "unknown" before it has written it."""

    pid: str
    is_daemon: bool


class Hold:
    """The right to write a database, held by this process until `release` or its end.

    A lock of flock(2) on `NAME.lock` beside the database, whichever symbolic link leads there: it
    goes with the process, however that ends. The file holds the pid, for people, until `release`:
    one that is found there is of a process that was killed, or lost its power.
    """

    def __init__(self, path: Path, *, is_daemon: bool = True) -> None:
        """Take the lock, for a daemon or for a command that polls once.

        Raises `BusyError` naming the holder's pid, `StoreUnavailableError` where the disk is full.
        """
        lock = lock_path(path)
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise store_error(path, error) from error
        try:
            _take(self._fd)
        except BlockingIOError:
            pid = _named(self._fd).pid
            os.close(self._fd)
            raise BusyError(f"{path} is in use by process {pid}; stop that one first") from None
        ours = f"{os.getpid()}{'' if is_daemon else f' {_COMMAND}'}\n".encode()
        try:
            self.is_after_crash = os.fstat(self._fd).st_size > 0
            # First written, then cut: a disk without room keeps what the file said.
            os.pwrite(self._fd, ours, 0)
            os.ftruncate(self._fd, len(ours))
            os.fsync(self._fd)
        except OSError as error:
            os.close(self._fd)
            raise store_error(path, error) from error

    def release(self) -> None:
        """Give the lock up. The file stays: removing it would let two processes hold one each.

        After a crash it goes on saying so, until somebody has looked (`found_whole`).
        """
        if not self.is_after_crash:
            with suppress(OSError):  # the next start looks once too often
                os.ftruncate(self._fd, 0)
        os.close(self._fd)

    def found_whole(self) -> None:
        """Remember that the database was looked through since the last crash."""
        self.is_after_crash = False


def holder(path: Path) -> Holder | None:
    """Return who holds the database now, or `None`: nobody does, or the lock cannot be looked at.

    A file with a pid does not say it alone: a process that was killed leaves one behind.
    """
    try:
        fd = os.open(lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(fd)
    except OSError:  # a file system without locks
        return None
    finally:
        os.close(fd)
    return None


def _take(fd: int) -> None:
    for _ in range(_TRIES - 1):
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PAUSE_S)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _named(fd: int) -> Holder:
    pid, _, kind = os.pread(fd, 32, 0).decode("ascii", "replace").strip().partition(" ")
    return Holder(pid or "unknown", kind != _COMMAND)


def lock_path(path: Path) -> Path:
    """Return the lock's path beside the database itself, not beside a link to it."""
    return beside(path, "lock")


def beside(path: Path, ending: str) -> Path:
    """Return `NAME.ending` beside the database that `path` leads to."""
    real = Path(os.path.realpath(path))  # resolve() raises for a loop of links; open(2) names it
    return real.with_name(f"{real.name}.{ending}")
