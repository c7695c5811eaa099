"""Which story lies in which file: read, decided upon, and written on, line by line.

A manifest is a list of JSON arrays, one a line, of which a later one replaces an earlier. Adding a
post costs one line, and a line that a power cut tore is passed over.

    ["post", feed, story's id, path, digest of the file as written, digest of the story]
    ["done", feed, cursor, what the posts were made for]

A path belongs to one post: a line for another feed takes the post over, and its file with it.
"""

from __future__ import annotations

import json
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

#: Both are hidden: Hexo, Hugo and Jekyll pass over them.
FILE_NAME = ".aggregator-posts.jsonl"
LOCK_NAME = ".aggregator-posts.lock"

#: A manifest is written anew when more than half of its lines are outdated, and these many beside.
_OUTDATED_LINES = 1000


@dataclass(frozen=True, slots=True)
class Written:
    """One post as it was written last."""

    feed: str
    story_id: str
    path: str
    file_digest: str
    story_digest: str

    @property
    def line(self) -> bytes:
        """The manifest's line."""
        fields = (self.feed, self.story_id, self.path, self.file_digest, self.story_digest)
        return _line("post", *fields)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the posts of a feed have got, and of which settings and template they are."""

    feed: str
    cursor: int
    made_for: str

    @property
    def line(self) -> bytes:
        """The manifest's line."""
        return _line("done", self.feed, self.cursor, self.made_for)

    @property
    def is_void(self) -> bool:
        """Tell whether it says nothing: the feed's posts are looked through from the first on."""
        return not self.cursor


@dataclass(slots=True)
class Manifest:
    """The posts of a directory, by feed and story, and the marks of its feeds."""

    posts: dict[tuple[str, str], Written] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    lines: int = 0
    is_torn: bool = False  # the last line has no end
    _owners: dict[str, tuple[str, str]] = field(default_factory=dict)  # of paths

    def add(self, new: Written | Mark) -> bytes:
        """Take in a post or a mark; return the bytes to add to the file."""
        if isinstance(new, Written):
            self._own(new)
        else:
            self.marks[new.feed] = new
        self.lines += 1
        before = b"\n" if self.is_torn else b""
        self.is_torn = False
        return before + new.line

    def void_marks(self, feeds: Collection[str]) -> bytes:
        """Void the marks of all feeds but these; return the bytes to add to the file.

        What another feed does to posts from now on, such a feed has not seen should it come back.
        """
        gone = [m.feed for m in self.marks.values() if m.feed not in feeds and not m.is_void]
        return b"".join(self.add(Mark(feed, 0, "")) for feed in gone)

    def ownerless(self, feeds: Collection[str]) -> dict[str, Written]:
        """Return by story the posts of all feeds but these, of several the last."""
        return {post.story_id: post for post in self.posts.values() if post.feed not in feeds}

    def _own(self, new: Written) -> None:
        key = new.feed, new.story_id
        if (before := self.posts.get(key)) is not None:
            self._owners.pop(before.path, None)
        if (owner := self._owners.get(new.path)) is not None:
            del self.posts[owner]
        self.posts[key] = new
        self._owners[new.path] = key

    @property
    def is_wasteful(self) -> bool:
        """Tell whether it is time to write the file anew, as `whole`."""
        return self.lines > 2 * (len(self.posts) + len(self.marks)) + _OUTDATED_LINES

    @property
    def whole(self) -> bytes:
        """The file with nothing outdated in it."""
        posts = b"".join(post.line for post in self.posts.values())
        return posts + b"".join(mark.line for mark in self.marks.values())


class Choice(Enum):
    """What becomes of a post that was written before, and why."""

    SAME = "it is as it should be"
    CHANGED = "written: the story changed"
    RESTYLED = "written: the settings or the template changed"
    DELETED = "left alone: it was deleted by hand"
    EDITED = "left alone: it was edited by hand"
    RICHER = "left alone: it has the publisher's own HTML, which is no longer kept"


def read(body: bytes) -> Manifest:
    """Return what a manifest's bytes say; what is no line of ours is passed over."""
    manifest = Manifest()
    lines = body.split(b"\n")
    for line in lines[:-1]:
        if (found := _read_line(line)) is not None:
            manifest.add(found)
    manifest.lines = len(lines) - 1
    manifest.is_torn = bool(lines[-1])
    return manifest


def choose(
    known: Written,
    *,
    on_disk: str | None,
    file_digest: str,
    story_digest: str,
    is_poorer: bool,
) -> Choice:
    """Decide about the post of a story that was written before.

    `on_disk` is the digest of the file as it lies there, `None` where it is gone. What people did
    to a file stays until the story itself changes; other settings or another template do not undo
    it. `is_poorer`: the new body has sanitised text where the publisher's own HTML was asked for.
    """
    if on_disk == file_digest:
        return Choice.SAME
    if story_digest != known.story_digest:
        return Choice.CHANGED
    if on_disk is None:
        return Choice.DELETED
    if on_disk != known.file_digest:
        return Choice.EDITED
    return Choice.RICHER if is_poorer else Choice.RESTYLED


def _line(*fields: str | int) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read_line(line: bytes) -> Written | Mark | None:
    try:
        match json.loads(line):
            case ["post", str(feed), str(story), str(path), str(file), str(text)] if _leads_in(
                path
            ):
                return Written(feed, story, path, file, text)
            case ["done", str(feed), int(cursor), str(made_for)]:
                return Mark(feed, cursor, made_for)
            case _:
                return None
    except (ValueError, RecursionError):
        return None


def _leads_in(path: str) -> bool:
    return "\0" not in path and all(part not in {"", ".", ".."} for part in path.split("/"))
