"""config.toml on the disk: replaced whole, by a file that has been checked, or left as it is."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config import load, parse
from aggregator.config.edit.blocks import inline_line
from aggregator.model.errors import AggregatorError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.config import Config


def edit(path: Path, change: Callable[[str, Config], str]) -> Config:
    """Replace the text of a configuration by what `change` makes of it; return what it means then.

    `change` gets the text and its meaning, and may raise. A reader sees the old file or the new
    one; mode and owner stay, a link stays a link, and a second edit waits for the first.

    Raises `ConfigError` when the file has mistakes before or after, and `AggregatorError` when it
    cannot be written; then nothing is.
    """
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # links in a circle, too
        load(path)  # says what is wrong with it
        raise
    with _alone(path, target.parent):
        before = target.stat()
        text, now = read(path)
        changed = change(text, now)
        config = parse(changed, path)
        if changed != text:
            _replace(path, target, changed.encode("utf-8"), before)
    return config


def read(path: Path) -> tuple[str, Config]:
    """Return the text of a configuration, to the last character, and what it means.

    Raises `ConfigError` when it has mistakes, or is written so that no block can be appended.
    """
    if path.exists() and not path.is_file():
        raise AggregatorError(f"{path}: is no file that can be edited")
    config = load(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _changed_meanwhile(path) from error
    if (inline := inline_line(text)) is not None:
        told = "a list in brackets takes no more sources; write each as a [[sources]] table"
        raise ConfigError((f"{path}:{inline}: sources: {told}",))
    return text, config


@contextmanager
def _alone(path: Path, folder: Path) -> Iterator[None]:
    """Hold the folder's lock: the file itself is another one after each edit."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with suppress(OSError):  # a file system without locks: edits by hand have none either
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, target: Path, data: bytes, before: os.stat_result) -> None:
    if not os.access(target, os.W_OK):
        raise AggregatorError(f"{path}: is write-protected")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _not_written(path, error) from error
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.fstat(handle).st_gid):
                os.fchown(handle, before.st_uid, before.st_gid)
            os.fchmod(handle, before.st_mode & 0o7777)
            file.write(data)
            file.flush()
            os.fsync(handle)
        if _identity(target.stat()) != _identity(before):
            raise _changed_meanwhile(path)
        fresh.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a few file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def _identity(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _changed_meanwhile(path: Path) -> AggregatorError:
    return AggregatorError(f"{path}: was changed by somebody else meanwhile; try again")


def _not_written(path: Path, error: OSError) -> AggregatorError:
    remedy = "; run this as its owner" if isinstance(error, PermissionError) else ""
    return AggregatorError(f"{path}: cannot be written: {error.strerror or error}{remedy}")
