"""Which files in a directory are ours: those that hold what this program wrote there.

A mark is the SHA-256 of a file's bytes. Marks lie in the directory itself, so that they move with
it and outlive the database; they name no file, because names may be the tokens of feeds. Lines are
only added, each before its file is there, and a line that a power cut tore is passed over.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aggregator.outputs.safe_files import (
    append_beneath,
    digest_beneath,
    read_beneath,
    write_beneath,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

__all__ = ["FILE_NAME", "Marks", "refusal"]

FILE_NAME = ".aggregator-written"

_HEADING = b"# SHA-256 of what aggregator wrote here; what holds anything else is left alone.\n"
#: Some millions of documents.
_MOST_BYTES = 1_000_000_000
#: Marks are written anew when more than half are of no file any more, and these many beside.
_OUTDATED = 1000
_LENGTH = hashlib.sha256().digest_size * 2


class Marks:
    """The marks of one directory. Every method blocks on the disk, and raises `AggregatorError`."""

    def __init__(self, directory: Path, known: Iterable[str]) -> None:
        """Read the marks.

        Where there are none, as before 0.3.0, the files at the paths `known` are taken for ours.
        """
        self._directory = directory
        found = read_beneath(directory, FILE_NAME, most=_MOST_BYTES)
        if found is None:
            self._marks = self._of(known)
            self._write()
        else:
            self._marks = {line for line in found.split(b"\n") if len(line) == _LENGTH}

    def is_ours(self, path: str) -> bool | None:
        """Tell whether the file at a path is ours; `None` where nothing is."""
        digest = digest_beneath(self._directory, path)
        return None if digest is None else digest.encode() in self._marks

    def add(self, bodies: Iterable[bytes]) -> None:
        """Know files that are about to be written, by what they will hold."""
        marks = [hashlib.sha256(body).hexdigest().encode() for body in bodies]
        if fresh := [mark for mark in marks if mark not in self._marks]:
            lines = b"".join(mark + b"\n" for mark in fresh)
            # What a power cut left of the line before ends here.
            append_beneath(self._directory, FILE_NAME, b"\n" + lines)
            self._marks.update(fresh)

    def tidy(self, paths: Collection[str]) -> None:
        """Forget the marks of what is no more, where there are many; `paths` are all files."""
        if len(self._marks) > 2 * len(paths) + _OUTDATED:
            self._marks &= self._of(paths)
            self._write()

    def _of(self, paths: Iterable[str]) -> set[bytes]:
        found = (digest_beneath(self._directory, path) for path in paths)
        return {digest.encode() for digest in found if digest}

    def _write(self) -> None:
        lines = b"".join(mark + b"\n" for mark in sorted(self._marks))
        write_beneath(self._directory, FILE_NAME, _HEADING + lines)


def refusal(directory: Path, paths: Iterable[str]) -> str:
    """Return the sentence about files that are somebody else's, of which there is at least one."""
    first, *others = (str(directory / path) for path in paths)
    more = f"; {len(others)} more like it" if others else ""
    return (
        f"{first}: is not ours, and stays as it is; "
        f"move it away, or give [publish] a directory of its own{more}"
    )
