"""Files for other programs, beneath one directory: whole or not at all, and never elsewhere.

A path is walked folder by folder from the directory's descriptor, and no symbolic link below it is
followed, so that neither a name nor a link that somebody put there leads out. What is made can be
read by everybody (files 0644, folders 0755) whatever the umask says: it is there for a web server
or a site generator, and the directory itself says who may enter.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILE_MODE = 0o644
_FOLDER_MODE = 0o755
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC
#: Site generators and web servers leave hidden files alone; one is left over by a power cut only.
_TEMPORARY = ".aggregator-{}.tmp"


def write_beneath(directory: Path, relative: str, body: bytes) -> bool:
    """Make the file at `relative` ("a/b.md") hold `body`; return False where it did already.

    Folders are made as needed. A reader sees the file of before or the new one, also after a
    power cut. Raises `AggregatorError` where it cannot be written, and `ValueError` for a path that
    does not lead beneath `directory`.
    """
    *folders, name = _parts(relative)
    with _told(directory, relative, "written"), _folder(directory, folders, make=True) as folder:
        if _read(folder, name, len(body)) == body:
            return False
        _replace(folder, name, body)
    return True


def append_beneath(directory: Path, relative: str, body: bytes) -> None:
    """Add `body` to the end of the file at `relative`, on the disk when this returns.

    A power cut may leave a part of it. Folders, the file and errors as in `write_beneath`.
    """
    *folders, name = _parts(relative)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | _NO_LINK
    with _told(directory, relative, "written"), _folder(directory, folders, make=True) as folder:
        handle = os.open(name, flags, _FILE_MODE, dir_fd=folder)
        try:
            _write(handle, body)
        finally:
            os.close(handle)


def remove_beneath(directory: Path, relative: str) -> bool:
    """Remove the file (or link) at `relative`; return False where there is none.

    Errors as in `write_beneath`.
    """
    *folders, name = _parts(relative)
    with _told(directory, relative, "removed"):
        try:
            with _folder(directory, folders, make=False) as folder:
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return False
    return True


def remove_empty_beneath(directory: Path, relative: str) -> None:
    """Remove the folder at `relative`, and those that it lies in below `directory`, if empty.

    Errors as in `write_beneath`; one that is not there is as good as removed.
    """
    parts = _parts(relative)
    with _told(directory, relative, "removed"):
        for depth in range(len(parts), 0, -1):
            *folders, name = parts[:depth]
            try:
                with _folder(directory, folders, make=False) as folder:
                    os.rmdir(name, dir_fd=folder)
                    os.fsync(folder)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                    return
                raise


def read_beneath(directory: Path, relative: str, *, most: int) -> bytes | None:
    """Return what the file at `relative` holds, `None` where there is no file.

    Of one with more than `most` bytes, or that is a link or a device, `b""` is returned: it is none
    of ours. Errors as in `write_beneath`.
    """
    *folders, name = _parts(relative)
    with _told(directory, relative, "read"):
        try:
            with _folder(directory, folders, make=False) as folder:
                os.stat(name, dir_fd=folder, follow_symlinks=False)
                return _read(folder, name, most) or b""
        except FileNotFoundError:
            return None


def digest_beneath(directory: Path, relative: str) -> str | None:
    """Return the SHA-256 of what the file at `relative` holds, `None` where nothing is.

    Of a link, a folder or a device, and of what may not be read, it is "". Errors as in
    `write_beneath`.
    """
    *folders, name = _parts(relative)
    handle = None
    with _told(directory, relative, "read"):
        try:
            with _folder(directory, folders, make=False) as folder:
                os.stat(name, dir_fd=folder, follow_symlinks=False)
                with suppress(PermissionError):
                    handle = _opened(folder, name)
        except FileNotFoundError:
            return None
        if handle is None:
            return ""
        with os.fdopen(handle, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()


def names_beneath(directory: Path, relative: str) -> frozenset[str]:
    """Return the names of all that is in the folder `relative` ("": the directory itself).

    Errors as in `write_beneath`; a folder that is not there holds nothing.
    """
    folders = _parts(relative) if relative else []
    with _told(directory, relative, "read"):
        try:
            with _folder(directory, folders, make=False) as folder:
                return frozenset(os.listdir(folder))  # noqa: PTH208 - pathlib knows no descriptors
        except FileNotFoundError:
            return frozenset()


@contextmanager
def holding(directory: Path, name: str) -> Iterator[None]:
    """Work in the directory while no other process does: waits for its flock(2) on file `name`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | _NO_LINK
    with ExitStack() as stack:
        with _told(directory, name, "locked"):
            folder = stack.enter_context(_folder(directory, [], make=True))
            lock = os.open(name, flags, _FILE_MODE, dir_fd=folder)
            stack.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _parts(relative: str) -> list[str]:
    parts = relative.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise ValueError(f"not a path beneath a directory: {relative!r}")
    return parts


@contextmanager
def _told(directory: Path, relative: str, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            reason = "a link or a file is where a folder is needed; links are not followed"
        raise AggregatorError(f"{directory / relative}: cannot be {done}: {reason}") from error


@contextmanager
def _folder(directory: Path, folders: list[str], *, make: bool) -> Iterator[int]:
    """Open the folder beneath the directory, and with `make` make what is missing on the way."""
    if make:
        _make_directory(directory)
    handle = os.open(directory, _FOLDER)
    try:
        for name in folders:
            if make:
                _make_folder(name, handle)
            deeper = os.open(name, _FOLDER | _NO_LINK, dir_fd=handle)
            os.close(handle)
            handle = deeper
        yield handle
    finally:
        os.close(handle)


def _make_directory(directory: Path) -> None:
    missing = []
    while not directory.exists():
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(_FOLDER_MODE)


def _make_folder(name: str, parent: int) -> None:
    try:
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
    except FileExistsError:
        return
    made = os.open(name, _FOLDER | _NO_LINK, dir_fd=parent)
    try:
        os.fchmod(made, _FOLDER_MODE)
    finally:
        os.close(made)
    os.fsync(parent)


def _read(folder: int, name: str, most: int) -> bytes | None:
    """Return what an ordinary file of at most `most` bytes holds, `None` for anything else."""
    handle = _opened(folder, name)
    if handle is None:
        return None
    with os.fdopen(handle, "rb") as opened:
        return opened.read(most) if os.fstat(handle).st_size <= most else None


def _opened(folder: int, name: str) -> int | None:
    """Open an ordinary file to read it; `None` for anything else, and where there is nothing."""
    try:
        # O_NONBLOCK: a FIFO that somebody put there must not hold us up.
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NO_LINK, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link, a socket
            return None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return handle


def _replace(folder: int, name: str, body: bytes) -> None:
    temporary = _TEMPORARY.format(secrets.token_hex(8))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
    handle = os.open(temporary, flags, _FILE_MODE, dir_fd=folder)
    try:
        try:
            _write(handle, body)
        finally:
            os.close(handle)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)


def _write(handle: int, body: bytes) -> None:
    os.fchmod(handle, _FILE_MODE)
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)
