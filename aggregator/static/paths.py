"""Where in the directory a document stands, and what no file can stand for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.editions import Document

#: What web servers look for beside a file, by content coding.
SUFFIXES = {"gzip": ".gz", "br": ".br"}

#: Of a file's name, the suffix included (NAME_MAX of Linux's file systems).
NAME_BYTES = 255
_ROOM = NAME_BYTES - max(map(len, SUFFIXES.values()))


def path_of(document: Document) -> str:
    """Return the path of a document's URL, decoded: "tags/c/c++.atom"."""
    place = document.feed.path
    if document.part is not None:
        place = f"{place}/archive/{document.part}"
    return f"{place}.{document.form.value}"


def is_of(path: str, place: str) -> bool:
    """Tell whether a path is of the feed whose `Feed.path` is `place`."""
    return path.startswith((f"{place}.", f"{place}/archive/"))


class Taken:
    """The paths that are given away: each to the first who wants it."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, path: str) -> str | None:
        """Take a path with all its suffixes, or return why no file can stand there.

        Only a tag can hold what a path cannot; a server has no trouble with it.
        """
        *folders, name = path.split("/")
        if {"", ".", ".."} & {*folders, name} or "\0" in path:
            return "its name is no path"
        if any(len(part.encode()) > _ROOM for part in (*folders, name)):
            return f"its name has more than {_ROOM} bytes"
        above = {"/".join(folders[:depth]) for depth in range(1, len(folders) + 1)}
        files = {path, *(path + suffix for suffix in SUFFIXES.values())}
        if above & self._files or files & (self._files | self._folders):
            return "another feed has its place"
        self._files |= files
        self._folders |= above
        return None
