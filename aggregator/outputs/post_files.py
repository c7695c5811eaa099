"""Stories as files: one export brought up to date, from the store to the directory."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from aggregator.config.config_file import read_file
from aggregator.config.text_values import nearest
from aggregator.model import ProblemKind
from aggregator.model.errors import AggregatorError, ConfigError, UnreadableError
from aggregator.model.worker_protocols import MAX_RESULT_BYTES
from aggregator.outputs import posts
from aggregator.outputs.posts import Choice
from aggregator.outputs.safe_files import (
    append_beneath,
    holding,
    names_beneath,
    read_beneath,
    write_beneath,
)
from aggregator.rules.secrets import NO_SECRETS, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from aggregator.model import Export, Exportable, Feed, Problem
    from aggregator.model.worker_protocols import WorkerProcess
    from aggregator.outputs.posts import Manifest, Mark, Post, Template, Written
    from aggregator.store import FeedStore

#: Stories that are held in memory at once, and written between two marks in the manifest.
_PAGE_STORIES = 500
#: Templates of people are a page long.
_MOST_TEMPLATE_BYTES = 1_000_000
#: A thousand times what a post takes; and it keeps a daemon that is to stop waiting no longer.
TEMPLATE_DEADLINE = timedelta(seconds=5)
#: A post of the largest document that is read, a few times over.
_TEMPLATE_MEMORY_BYTES = 256 * 1024 * 1024
#: Far above the largest article; a file that is larger was not written by us.
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

    def __init__(
        self,
        store: FeedStore,
        base: Path,
        configured: Iterable[Export],
        *,
        make_worker: Callable[[int], WorkerProcess],
        deadline: timedelta = TEMPLATE_DEADLINE,
        secrets: Secrets = NO_SECRETS,
    ) -> None:
        """Read from `store`; paths of exports that are not absolute start at `base`.

        `configured` are all exports: posts whose feed none of them has for a directory any longer
        are taken over by the one that does. `make_worker` gives a
        process with so many bytes of memory for an own template, `deadline` is what that may take
        for a post. Where `secrets` are others, posts that were written before are looked at again.
        """
        self._fingerprint = secrets.fingerprint
        self._store = store
        self._base = base
        self._make_worker = make_worker
        self._deadline = deadline
        self._feeds: dict[str, set[str]] = {}
        for export in configured:
            self._feeds.setdefault(self._place(export), set()).add(export.feed)

    def run(
        self, export: Export, feed: Feed, *, is_stopping: Callable[[], bool] = lambda: False
    ) -> int:
        """Bring the posts of `feed` up to date and return how many files were written.

        Blocks on the disk. What was written before an error, or before `is_stopping` said so,
        stays, and the next run goes on there.

        Raises:
            ConfigError: The template has a mistake (its line says where), or never ends.
            AggregatorError: A file cannot be read or written.
            StoreError: The feed is not in the database yet.
        """
        template = _template(export, self._base)
        made_for = _made_for(export, template, self._fingerprint)
        directory = self._base / export.directory
        feeds = self._feeds.get(self._place(export), set()) | {feed.name}
        with (
            _Renderer(template, self._make_worker, self._deadline) as renderer,
            holding(directory, posts.LOCK_NAME),
        ):
            known = read_beneath(directory, posts.FILE_NAME, most=_MOST_MANIFEST_BYTES)
            manifest = posts.read(known or b"")
            mark = manifest.marks.get(feed.name)
            cursor = mark.cursor if mark and mark.made_for == made_for else 0
            if not cursor:
                renderer.check()
            if lines := manifest.void_marks(feeds):
                append_beneath(directory, posts.FILE_NAME, lines)
            left = manifest.ownerless(feeds)
            run = _Run(directory, manifest, left, export, renderer)
            while not is_stopping():
                page, following = self._store.exportable(feed, after=cursor, most=_PAGE_STORIES)
                cursor = cursor if following is None else following
                run.write(page, posts.Mark(feed.name, cursor, made_for), is_stopping)
                if following is None:
                    break
            if manifest.is_wasteful:
                write_beneath(directory, posts.FILE_NAME, manifest.whole)
        return run.count

    def _place(self, export: Export) -> str:
        return os.path.realpath(self._base / export.directory)


def check_template(
    export: Export,
    base: Path,
    *,
    make_worker: Callable[[int], WorkerProcess],
    deadline: timedelta = TEMPLATE_DEADLINE,
) -> None:
    """Raise what `Exporter.run` would of an export's template, before there is any story.

    Raises:
        ConfigError: It has a mistake; its line says where.
        AggregatorError: It cannot be read.
    """
    with _Renderer(_template(export, base), make_worker, deadline) as renderer:
        renderer.check()


def _template(export: Export, base: Path) -> Template:
    if export.template is None or export.template in posts.SHIPPED:
        return posts.shipped(export.kind, export.template)
    path = base / export.template
    try:
        body = read_file(path, _MOST_TEMPLATE_BYTES + 1)
        if len(body) > _MOST_TEMPLATE_BYTES:
            raise AggregatorError(f"{path}: too large for a template")
        return posts.Template(body.decode("utf-8-sig"), str(path), export.kind)
    except OSError as error:
        near = nearest(path.name, posts.SHIPPED)
        meant = f', did you mean "{near}"?' if near else ""
        raise AggregatorError(f"{path}: cannot be read: {error.strerror}{meant}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError((f"{path}:{line}: not UTF-8",)) from error


class _Renderer:
    """A template at work: a shipped one here, an own one in a process that can be ended.

    No bound inside a template would hold: one multiplication, filter or constant is enough to take
    all time or memory, and nothing interrupts a thread.
    """

    def __init__(
        self, template: Template, make_worker: Callable[[int], WorkerProcess], deadline: timedelta
    ) -> None:
        self._template = template
        self._deadline = deadline
        is_own = template.name not in posts.SHIPPED
        self._worker = make_worker(_TEMPLATE_MEMORY_BYTES) if is_own else None

    def __enter__(self) -> _Renderer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.end()

    def check(self) -> None:
        """Compile the template; a mistake is a `ConfigError`."""
        self._attempt(None)

    def render(self, post: Post) -> bytes:
        """Return the post's file; a mistake is a `ConfigError`."""
        return self._attempt(post)

    def _attempt(self, post: Post | None) -> bytes:
        asked = (self._template, post)
        if self._worker is None:
            made = posts.attempt(asked)
        else:
            try:
                made = self._worker.call((posts.attempt,), asked, self._deadline)
            except UnreadableError as error:
                told = f"{self._template.name}: {self._excess(error.problem)}"
                raise ConfigError((told,)) from error
        if isinstance(made, str):
            raise ConfigError((made,))
        return made

    def _excess(self, problem: Problem) -> str:
        match problem.kind:
            case ProblemKind.PARSE_TIMEOUT:
                return f"takes longer than {self._deadline.total_seconds():g} s for one post"
            case ProblemKind.PARSE_MEMORY:
                most = _TEMPLATE_MEMORY_BYTES
                return f"takes more than {most >> 20} MiB of memory for one post"
            case ProblemKind.TOO_LARGE:
                return f"makes more than {MAX_RESULT_BYTES >> 20} MiB of one post"
            case _:
                return f"cannot be used: {problem.detail}"


class _Run:
    """One export while it is brought up to date."""

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        left: dict[str, Written],
        export: Export,
        renderer: _Renderer,
    ) -> None:
        self.count = 0
        self._directory = directory
        self._manifest = manifest
        self._left = left  # of feeds that are not exported to the directory any longer
        self._export = export
        self._renderer = renderer
        self._taken = {self._key(post.path) for post in manifest.posts.values()}
        self._names: dict[str, dict[str, str]] = {}

    def write(
        self, page: tuple[Exportable, ...], mark: Mark, is_stopping: Callable[[], bool]
    ) -> None:
        """Write the posts of one page, then what the manifest says of them."""
        lines: list[bytes] = []
        try:
            for exportable in page:
                if is_stopping():
                    return
                lines += self._write_one(exportable)
            if self._manifest.marks.get(mark.feed) != mark:
                lines.append(self._manifest.add(mark))
        finally:
            # Posts come first: a post that the manifest does not know yet is found again by its
            # bytes, while one that is not there counts as deleted by hand.
            if lines:
                append_beneath(self._directory, posts.FILE_NAME, b"".join(lines))

    def _write_one(self, exportable: Exportable) -> tuple[bytes, ...]:
        """Write a story's post if that is due; return the lines that the manifest gains."""
        story = exportable.story
        story_digest = posts.story_digest(story)
        known = self._known(story.id)
        path = known.path if known else self._new_path(exportable)
        body = self._render(exportable, path)
        file_digest = posts.digest(body)
        if known is None:
            self._put(path, body)
            self._taken.add(self._key(path))
        else:
            match posts.choose(
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
                    return self._remember(known)
                case other:
                    assert_never(other)
        return self._remember(
            posts.Written(self._export.feed, story.id, path, file_digest, story_digest)
        )

    def _known(self, story_id: str) -> Written | None:
        """Return the post of a story: the feed's, else one that is no feed's any longer."""
        own = self._manifest.posts.get((self._export.feed, story_id))
        if own is None and (left := self._left.get(story_id)) is not None:
            return replace(left, feed=self._export.feed)
        return own

    def _remember(self, post: Written) -> tuple[bytes, ...]:
        is_new = self._manifest.posts.get((post.feed, post.story_id)) != post
        return (self._manifest.add(post),) if is_new else ()

    def _key(self, path: str) -> str:
        return posts.path_key(path, self._export.kind)

    def _render(self, exportable: Exportable, path: str) -> bytes:
        return self._renderer.render(posts.post_of(exportable, self._export, path))

    def _put(self, path: str, body: bytes) -> None:
        if write_beneath(self._directory, path, body):
            self.count += 1

    def _digest_on_disk(self, path: str) -> str | None:
        found = read_beneath(self._directory, path, most=_MOST_POST_BYTES)
        return None if found is None else posts.digest(found)

    def _new_path(self, exportable: Exportable) -> str:
        story = exportable.story
        return posts.choose_path(
            posts.categories_of(story, self._export),
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


def _made_for(export: Export, template: Template, secrets: str) -> str:
    """Return what a post's bytes depend on besides its story."""
    asked: tuple[object, ...] = (
        _FORM,
        export.kind,
        export.categories,
        export.author,
        export.content,
        export.with_id,
        template.source,
    )
    if secrets:
        asked += (secrets,)
    return posts.digest(json.dumps(asked).encode())
