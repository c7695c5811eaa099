"""Stories as files: one export brought up to date, from the store to the directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from aggregator import exports
from aggregator.errors import AggregatorError, ConfigError
from aggregator.exports import Choice
from aggregator.files import (
    append_beneath,
    holding,
    names_beneath,
    read_beneath,
    write_beneath,
)

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.exports import Layout, Manifest
    from aggregator.model import Export, Exportable, Feed
    from aggregator.store import Store

#: Stories that are held in memory at once, and written between two marks in the manifest.
_PAGE_STORIES = 500
#: Templates of people are a page long.
_MOST_TEMPLATE_BYTES = 1_000_000
#: Far above the largest article; a file that is larger is none that we wrote.
_MOST_POST_BYTES = 64_000_000
#: Some millions of posts.
_MOST_MANIFEST_BYTES = 1_000_000_000
#: Counts what changes the posts' bytes besides settings and templates; a new one renders them anew.
_FORM = 1


class Exporter:
    """Writes the stories of feeds as posts.

    It keeps nothing but the manifest in each directory: two processes may export to the same one,
    and one waits for the other.
    """

    def __init__(self, store: Store, base: Path) -> None:
        """Read from `store`; paths of exports that are not absolute start at `base`."""
        self._store = store
        self._base = base

    def run(self, export: Export, feed: Feed) -> int:
        """Bring the posts of `feed` up to date and return how many files were written.

        Blocks on the disk. What was written before an error stands, and the next run goes on there.

        Raises:
            ConfigError: The template has a mistake; its line says where.
            AggregatorError: A file cannot be read or written.
            StoreError: The feed is not in the database yet.
        """
        source, name = self._template(export)
        made_for = _made_for(export, source)
        layout = exports.Layout(source, name, export.kind)
        directory = self._base / export.directory
        with holding(directory, exports.LOCK_NAME):
            known = read_beneath(directory, exports.FILE_NAME, most=_MOST_MANIFEST_BYTES)
            manifest = exports.read(known or b"")
            mark = manifest.marks.get(feed.name)
            cursor = mark.cursor if mark and mark.made_for == made_for else 0
            run = _Run(directory, manifest, export, feed, layout)
            while True:
                page, following = self._store.exportable(feed, after=cursor, most=_PAGE_STORIES)
                cursor = cursor if following is None else following
                run.write(page, exports.Mark(feed.name, cursor, made_for))
                if following is None:
                    break
            if manifest.is_wasteful:
                write_beneath(directory, exports.FILE_NAME, manifest.whole)
        return run.count

    def _template(self, export: Export) -> tuple[str, str]:
        if export.template is None or export.template in exports.SHIPPED:
            return exports.shipped(export.kind, export.template)
        path = self._base / export.template
        try:
            with path.open("rb") as opened:
                body = opened.read(_MOST_TEMPLATE_BYTES + 1)
            if len(body) > _MOST_TEMPLATE_BYTES:
                raise AggregatorError(f"{path}: too large for a template")
            return body.decode("utf-8-sig"), str(path)
        except OSError as error:
            raise AggregatorError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise ConfigError((f"{path}:{line}: not UTF-8",)) from error


class _Run:
    """One export while it is brought up to date."""

    def __init__(
        self, directory: Path, manifest: Manifest, export: Export, feed: Feed, layout: Layout
    ) -> None:
        self.count = 0
        self._directory = directory
        self._manifest = manifest
        self._export = export
        self._feed = feed
        self._layout = layout
        self._taken = {self._key(post.path) for post in manifest.posts.values()}
        self._names: dict[str, dict[str, str]] = {}

    def write(self, page: tuple[Exportable, ...], mark: exports.Mark) -> None:
        """Write the posts of one page, then what the manifest says of them."""
        lines: list[bytes] = []
        try:
            for exportable in page:
                lines += self._write_one(exportable)
            if self._manifest.marks.get(mark.feed) != mark:
                lines.append(self._manifest.add(mark))
        finally:
            # Posts come first: a post that the manifest does not know yet is found again by its
            # bytes, while one that is not there counts as deleted by hand.
            if lines:
                append_beneath(self._directory, exports.FILE_NAME, b"".join(lines))

    def _write_one(self, exportable: Exportable) -> tuple[bytes, ...]:
        """Write a story's post if that is due; return the lines that the manifest gains."""
        story = exportable.story
        story_digest = exports.story_digest(story)
        known = self._manifest.posts.get((self._feed.name, story.id))
        path = known.path if known else self._new_path(exportable)
        body = self._render(exportable, path)
        file_digest = exports.digest(body)
        if known is None:
            self._put(path, body)
            self._taken.add(self._key(path))
        else:
            match exports.choose(
                known,
                on_disk=self._digest_on_disk(path),
                file_digest=file_digest,
                story_digest=story_digest,
                is_poorer=self._export.content == "raw" and exportable.raw_html is None,
            ):
                case Choice.SAME:
                    pass
                case Choice.CHANGED | Choice.RESTYLED:
                    self._put(path, body)
                case Choice.DELETED | Choice.EDITED | Choice.RICHER:
                    return ()
                case other:
                    assert_never(other)
        new = exports.Written(self._feed.name, story.id, path, file_digest, story_digest)
        return () if new == known else (self._manifest.add(new),)

    def _key(self, path: str) -> str:
        return exports.path_key(path, self._export.kind)

    def _render(self, exportable: Exportable, path: str) -> bytes:
        return self._layout.render(exports.post_of(exportable, self._export, path))

    def _put(self, path: str, body: bytes) -> None:
        if write_beneath(self._directory, path, body):
            self.count += 1

    def _digest_on_disk(self, path: str) -> str | None:
        found = read_beneath(self._directory, path, most=_MOST_POST_BYTES)
        return None if found is None else exports.digest(found)

    def _new_path(self, exportable: Exportable) -> str:
        story = exportable.story
        return exports.choose_path(
            exports.categories_of(story, self._export),
            story.title,
            story.id,
            dated_at=story.published_at if self._export.kind == "jekyll" else None,
            is_free=lambda path: self._is_free(path, exportable),
        )

    def _is_free(self, path: str, exportable: Exportable) -> bool:
        """Tell whether a path is nobody's, or this very post's: of a run that was cut short."""
        if self._key(path) in self._taken:
            return False
        folder, _, name = path.rpartition("/")
        if folder not in self._names:
            names = names_beneath(self._directory, folder)
            self._names[folder] = {self._key(one): one for one in names}
        there = self._names[folder].get(self._key(name))
        if there is None:
            return True
        body = self._render(exportable, path)
        return there == name and read_beneath(self._directory, path, most=len(body)) == body


def _made_for(export: Export, template: str) -> str:
    """Return what a post's bytes hang on besides its story."""
    asked = (
        _FORM,
        export.kind,
        export.categories,
        export.author,
        export.content,
        export.with_id,
        template,
    )
    return exports.digest(json.dumps(asked).encode())
