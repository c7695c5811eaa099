"""Where in the directory a document lies, and which feeds cannot be files. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.publish.catalogue import FeedDocument

#: What web servers look for beside a file, by content coding.
SUFFIXES = {"gzip": ".gz", "br": ".br"}

#: Of a name in a path, before what is appended to it (NAME_MAX of Linux's file systems is 255).
NAME_BYTES = 255 - len(".atom.gz")


def path_of(document: FeedDocument) -> str:
    """Return the path of a document's URL, decoded: "tags/c/c++.atom"."""
    place = document.feed.path
    if document.part is not None:
        place = f"{place}/archive/{document.part}"
    return f"{place}.{document.form.value}"


def is_of(path: str, place: str) -> bool:
    """Tell whether a path is of the feed whose `Feed.path` is `place`."""
    return path.startswith((f"{place}.", f"{place}/archive/"))


def why_nameless(place: str) -> str | None:
    """Return why a feed at `Feed.path` cannot be files; `None` where they can.

    Only a tag can hold what a path cannot; a server has no trouble with it.
    """
    names = place.split("/")
    if {"", ".", ".."} & set(names) or "\0" in place:
        return "its name is no path"
    if any(len(name.encode(errors="surrogatepass")) > NAME_BYTES for name in names):
        return f"its name has more than {NAME_BYTES} bytes"
    return None


class Taken:
    """The paths that are given away: each to the first who wants it."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, path: str) -> bool:
        """Take a path with all its suffixes; return False where another has it, or its folder."""
        folders = path.split("/")[:-1]
        above = {"/".join(folders[:depth]) for depth in range(1, len(folders) + 1)}
        files = {path, *(path + suffix for suffix in SUFFIXES.values())}
        if above & self._files or files & (self._files | self._folders):
            return False
        self._files |= files
        self._folders |= above
        return True
