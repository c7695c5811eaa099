"""Secrets, each in a file of its own, read anew for every poll: a changed one counts at once."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from aggregator.fetch.failures import FetchError
from aggregator.model import Problem, ProblemKind
from aggregator.runtime.values import dataclass

#: The longest real tokens (signed ones, JWT) have about 4 KiB.
MAX_SECRET_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where files of secrets lie.

    An absolute name is a path. Any other is looked for in `credentials`, which is
    `$CREDENTIALS_DIRECTORY` (systemd.exec(5)), then in `folder`, the one of the configuration.
    """

    folder: Path = Path()
    credentials: Path | None = None

    def read(self, key: str, name: str) -> str:
        """Return what the file `name` holds, without line ends behind it; `key` names it.

        Blocks as long as a small file takes. Raises `FetchError` (ACCESS) for one that is missing,
        unreadable, empty, too large, or not a line of text; the error never holds its content.
        """
        remedy = f"put the secret, and nothing else, where {key} says, readable for this service"
        text = self.read_text(key, name, most=MAX_SECRET_BYTES, remedy=remedy)
        if any(char < " " or "\x7f" <= char < "\xa0" for char in text):
            detail = f"{key} {self._path(name)}: holds more than one line of text"
            raise FetchError(Problem(ProblemKind.ACCESS, detail, remedy))
        return text

    def read_text(self, key: str, name: str, *, most: int, remedy: str) -> str:
        """Return what the file `name` holds in at most so many bytes, without line ends behind it.

        Blocks as long as the file takes. Raises `FetchError` (ACCESS), with `remedy`, for one that
        is missing, unreadable, empty, too large, or not text; the error never holds its content.
        """
        path = self._path(name)

        def trouble(what: str) -> FetchError:
            return FetchError(Problem(ProblemKind.ACCESS, f"{key} {path}: {what}", remedy))

        try:
            data = _read(path, most)
        except OSError as error:
            raise trouble(f"cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise trouble(str(error)) from error
        try:
            text = data.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise trouble("is not UTF-8 text") from error
        if not text.strip():
            raise trouble("is empty")
        return text

    def _path(self, name: str) -> Path:
        if self.credentials is not None and (self.credentials / name).exists():
            return self.credentials / name
        return self.folder / name


def _read(path: Path, most: int) -> bytes:
    # Without O_NONBLOCK opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:  # noqa: PTH123 -- a handle has no path
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("is not a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"is larger than {most} B")
    return data
