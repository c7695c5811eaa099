"""config.toml on the disk: found, read, and replaced whole by a text that has been checked."""

from __future__ import annotations

import errno
import fcntl
import glob
import itertools
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config.from_toml import config_error, origins_of, parse, store_in, toml_of
from aggregator.config.include import MAX_FILES, Inclusion, patterns_of
from aggregator.config.line_numbers import inline_line
from aggregator.config.mistake_list import MistakeList, mistake
from aggregator.config.mistake_messages import lines, message
from aggregator.config.settings import StoreSettings
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.mistakes import MistakeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aggregator.config.settings import Config
    from aggregator.model.mistakes import Mistake

#: 5,000 sources take about 1 MB; more than this is another file, named by accident.
MAX_FILE_BYTES = 16 * 1024 * 1024
#: Whom docs/install.md runs the service as.
SERVICE_USER = "aggregator"
#: Where a configuration is looked for when nobody names one.
PLACES = (Path("config.toml"), Path("/etc/aggregator/config.toml"))


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the configuration to use: the named one, AGGREGATOR_CONFIG, ./config.toml, /etc.

    A named one is returned whether it exists or not, `./config.toml` relative to `cwd`.

    Raises:
        ConfigError: Nothing is named and nothing is there.
    """
    if explicit is not None:
        return explicit
    if environ.get("AGGREGATOR_CONFIG"):
        return Path(environ["AGGREGATOR_CONFIG"])
    for place in PLACES:
        path = cwd / place
        try:
            if path.exists():
                return path
        except OSError:  # no permission to look: reading it will say so
            return path
    looked = tuple(str(cwd / place) for place in PLACES)
    nowhere = mistake(MistakeKind.NO_CONFIGURATION, places=looked)
    raise ConfigError((message(nowhere),), (nowhere,))


def load(path: Path) -> Config:
    """Read and check the file, with what the process's environment says instead of it.

    Raises:
        ConfigError: It cannot be read or used; every mistake is in it.
    """
    text = _text(path)
    return parse(text, path, included(path, text), os.environ)


def included(path: Path, text: str) -> Inclusion:
    """Read the files that a configuration includes; a missing or broken one is told, not raised."""
    files: dict[Path, str] = {}
    mistakes: list[Mistake] = []
    cautions: list[Mistake] = []
    size, seen = 0, {os.path.realpath(path)}
    for index, pattern in enumerate(patterns_of(toml_of(text))):
        names = _named(path.parent, pattern)
        if not names:
            cautions.append(mistake(MistakeKind.NOTHING_INCLUDED, "include", index))
        for name in names:
            file = path.parent / name
            if (real := os.path.realpath(file)) in seen:
                continue
            seen.add(real)
            try:
                files[file] = _text(file)
            except ConfigError as error:
                mistakes += (replace(one, file=str(file)) for one in error.mistakes)
                continue
            size += len(files[file])
            if len(files) > MAX_FILES or size > MAX_FILE_BYTES:
                most = {"most": MAX_FILES, "size": MAX_FILE_BYTES >> 20}
                mistakes.append(mistake(MistakeKind.TOO_MANY_FILES, "include", index, **most))
                return Inclusion(tuple(files.items()), tuple(mistakes), tuple(cautions))
    return Inclusion(tuple(files.items()), tuple(mistakes), tuple(cautions))


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the file of a configuration and those that it includes, as they are named now."""
    try:
        toml = toml_of(read_file(path, MAX_FILE_BYTES).decode("utf-8", "replace"))
    except (OSError, ValueError):
        return (path,)
    names = (name for pattern in patterns_of(toml) for name in _named(path.parent, pattern))
    return (path, *(path.parent / name for name in itertools.islice(names, MAX_FILES)))


def read_file(path: Path, most: int) -> bytes:
    """Return what a regular file holds, its first `most` bytes at the most.

    Raises `OSError`, for a pipe and a device as well: one would wait for ever, the other may have
    no end; and `ValueError` for a NUL in the name.
    """
    # Without O_NONBLOCK opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(handle)


def _named(folder: Path, pattern: str) -> list[str]:
    """Return the files that a pattern names, no hidden ones; a plain name is one, there or not."""
    if not any(char in pattern for char in "*?["):
        return [pattern]
    found = glob.iglob(pattern, root_dir=folder)  # noqa: PTH207 -- Path.glob takes no whole path
    return sorted(itertools.islice(found, MAX_FILES + 1))


def _owner(path: Path) -> str:
    """Return whose a file is that is closed to us; where not even that is open, the service's."""
    try:
        return path.owner()
    except (OSError, KeyError):
        return SERVICE_USER


def lines_of(path: Path, found: Iterable[Mistake]) -> tuple[str, ...]:
    """Return as lines what is wrong with what a valid file names, as `load` does for its own.

    Raises:
        ConfigError: The file cannot be read any longer.
    """
    mistakes = MistakeList()
    mistakes.take((), found)
    if not mistakes:
        return ()
    text = _text(path)
    return lines(path, mistakes.in_order(origins_of(toml_of(text), path, included(path, text))))


def store_place(path: Path) -> StoreSettings | None:
    """Return where the database of a file is that has mistakes elsewhere, or `None`.

    Of the settings `path` and `url` alone are as the file says.

    So that a broken edit hides neither the daemon that still runs nor what it knows.
    """
    try:
        text = read_file(path, MAX_FILE_BYTES).decode("utf-8", "replace")
        found = store_in(text)
    except (OSError, ValueError):
        found = None
    if database := os.environ.get("AGGREGATOR_DATABASE"):  # names the path alone
        return replace(found or StoreSettings(), path=path.parent / database)
    return None if found is None else replace(found, path=path.parent / found.path)


def _text(path: Path) -> str:
    try:
        data = read_file(path, MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise config_error(path, mistake(MistakeKind.NO_FILE)) from error
    except OSError as error:
        detail = error.strerror or str(error)
        owner = _owner(path) if isinstance(error, PermissionError) else None
        unreadable = mistake(MistakeKind.NOT_READABLE, detail=detail, owner=owner)
        raise config_error(path, unreadable) from error
    except ValueError as error:  # a NUL in the name
        raise config_error(path, mistake(MistakeKind.NOT_A_FILE_NAME)) from error
    if len(data) > MAX_FILE_BYTES:
        most = MAX_FILE_BYTES // 1024**2
        raise config_error(path, mistake(MistakeKind.FILE_TOO_LARGE, most=most))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = replace(mistake(MistakeKind.NOT_UTF8), line=line)
        raise config_error(path, where) from error


# --- edited -------------------------------------------------------------------------------------


def edit(path: Path, change: Callable[[str, Config], str]) -> Config:
    """Replace the text of a configuration by what `change` makes of it; return what it means then.

    `change` gets the text and its meaning, and may raise. A reader sees the old file or the new
    one; mode and owner stay, a link stays a link, and a second edit waits for the first.

    Raises `ConfigError` when the file has mistakes before or after, or is written so that no block
    can be appended, and `AggregatorError` when it cannot be written; then nothing is.
    """

    def append(texts: Mapping[Path, str], now: Config) -> Mapping[Path, str]:
        _check_appendable(path, texts[path])
        return {path: change(texts[path], now)}

    return edit_all(path, append)


def edit_all(
    path: Path,
    change: Callable[[Mapping[Path, str], Config], Mapping[Path, str]],
    *,
    dry_run: bool = False,
) -> Config:
    """Do as `edit` does with the texts of a configuration and of the files that it includes.

    `change` returns those that are others, or all. Each is replaced whole, the included ones first;
    of a `dry_run` none is.
    """
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # links in a circle, too
        load(path)  # says what is wrong with it
        raise
    with _alone(path, target.parent):
        before = {path: target.stat()}
        now = _load_regular(path)
        before |= {file: file.stat() for file in now.included}
        texts = {file: _unchanged_text(file) for file in (*now.included, path)}
        fresh = {**texts, **change(texts, now)}
        others = Inclusion(tuple((file, fresh[file]) for file in now.included))
        config = parse(fresh[path], path, others, os.environ)
        for file, text in texts.items():
            if fresh[file] != text and not dry_run:
                _replace(file, file.resolve(), fresh[file].encode("utf-8"), before[file])
    return config


def read(path: Path) -> tuple[str, Config]:
    """Return the text of a configuration, to the last character, and what it means.

    Raises `ConfigError` when it has mistakes, or is written so that no block can be appended.
    """
    config = _load_regular(path)
    text = _unchanged_text(path)
    _check_appendable(path, text)
    return text, config


def _load_regular(path: Path) -> Config:
    if path.exists() and not path.is_file():
        raise AggregatorError(f"{path}: is no file that can be edited")
    return load(path)


def _unchanged_text(path: Path) -> str:
    """Return the text of a file that has just been read."""
    try:
        return read_file(path, MAX_FILE_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _changed_meanwhile(path) from error


def _check_appendable(path: Path, text: str) -> None:
    if (inline := inline_line(text)) is not None:
        told = replace(mistake(MistakeKind.INLINE_SOURCES, "sources"), line=inline)
        raise config_error(path, told)


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


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed_meanwhile(path: Path) -> AggregatorError:
    return AggregatorError(f"{path}: was changed by somebody else meanwhile; try again")


def _not_written(path: Path, error: OSError) -> AggregatorError:
    remedy = "; run this as its owner" if isinstance(error, PermissionError) else ""
    return AggregatorError(f"{path}: cannot be written: {error.strerror or error}{remedy}")
