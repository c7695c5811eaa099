"""Whether config.toml, or a file that it includes, has been saved: looked for, without inotify.

An editor may write in several steps, and network file systems tell nobody: a file counts as saved
when it has stayed the same from one look to the next. What has been read once, right or wrong, is
not read again until it differs. One that a save has left empty is not taken over: a full disk does
that to editors which write in place, and no source is what such a file says.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from aggregator.config import files_of
from aggregator.config.config_file import MAX_FILE_BYTES, read_file
from aggregator.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

#: A file as a look at its folder shows it: its name, inode, size and time of change.
Stamp = tuple[tuple[str, int, int, int], ...]


class SavedEdits:
    """The files of one configuration, and what of them has been taken over or refused.

    At first that is nothing: what is saved while a daemon starts is not missed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._is_settled = True
        self._handled = ""
        self._empty = _empty(path)

    def handle(self) -> None:
        """Take what the files say now for handled. Blocks on the disk."""
        self._handled = _digest(self._path)
        self._empty = _empty(self._path)

    def refuse_emptied(self) -> None:
        """Raise `ConfigError` where a file is empty that was not when it was handled last."""
        emptied = sorted(_empty(self._path) - self._empty)
        if emptied:
            raise ConfigError(
                tuple(
                    f"{path}: is empty now, as a save that was cut off leaves it; `aggregator "
                    "reload` takes it over all the same"
                    for path in emptied
                )
            )

    def look(self) -> bool:
        """Tell, once, whether they have been saved and say something else. Blocks on the disk."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp, self._is_settled = stamp, False
            return False
        if self._is_settled:
            return False
        self._is_settled = True
        digest = _digest(self._path)
        if digest == self._handled:
            return False
        self._handled = digest
        return True


def _stamp(path: Path) -> Stamp:
    found = []
    for file in files_of(path):
        try:
            stat = file.stat()
        except (OSError, ValueError):  # between two names, or gone
            continue
        found.append((str(file), stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _empty(path: Path) -> frozenset[Path]:
    found = []
    for file in files_of(path):
        try:
            if not read_file(file, MAX_FILE_BYTES).strip():
                found.append(file)
        except (OSError, ValueError):
            continue
    return frozenset(found)


def _digest(path: Path) -> str:
    digest = sha256()
    for file in files_of(path):
        try:
            data = read_file(file, MAX_FILE_BYTES)
        except (OSError, ValueError):
            data = b""
        digest.update(f"{file}\0{len(data)}\0".encode("utf-8", "replace"))
        digest.update(data)
    return digest.hexdigest()
