"""Documents, rendered and compressed once for each change and kept in memory within a bound."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.publish.max_age import SHORTEST
from aggregator.publish.rendering import make_edition
from aggregator.serve.responses import Representation, represent
from aggregator.serve.timeouts import PATIENCE, Patience, UnavailableError
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    from datetime import timedelta

    from aggregator.publish import Format
    from aggregator.publish.catalogue import Catalogue, Document
    from aggregator.store import FeedStore

log = logging.getLogger(__name__)

#: Renderings at a time: CPU work that must leave polls and answers their share of two cores.
CONCURRENT_RENDERINGS = 2

#: What is kept in memory: about a hundred documents of a few hundred kilobytes in three encodings.
KEPT_BYTES = 64 * 1024 * 1024

Key = tuple[str, "Format", str | None]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A document, and for how long it is good; `final`: it never changes again."""

    representation: Representation
    fresh_for: timedelta
    final: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """A rendering with what it was made for, besides the feed's version."""

    made_for: str
    version: int
    rendering: Rendering


class Renderings:
    """The newest renderings of what is asked for most recently. A hit reads memory only."""

    def __init__(
        self, store: FeedStore, *, most_bytes: int = KEPT_BYTES, patience: Patience = PATIENCE
    ) -> None:
        self._store = store
        self._patience = patience
        self._most_bytes = most_bytes
        self.bytes_held = 0
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._running: dict[tuple[Key, int, str], asyncio.Task[Rendering | StoreError | None]] = {}
        self._turns = asyncio.Semaphore(CONCURRENT_RENDERINGS)
        self._failing: set[str] = set()

    async def get(self, catalogue: Catalogue, document: Document) -> Rendering | None:
        """Return the document as it is now, `None` for a part that no archive has.

        When the store cannot be read, or not soon enough: the last good rendering, if the
        settings that it was made for are still the feed's. Raises `UnavailableError` where there
        is none.
        """
        key = (document.feed.name, document.form, document.part)
        made_for = catalogue.rendered_for(document.feed)
        version = self._store.feed_version(document.feed.name)
        kept = self._kept.get(key)
        if kept is not None and kept.made_for != made_for:
            kept = None  # it may show what no longer may be shown
        if kept is not None:
            self._kept.move_to_end(key)
            if kept.rendering.final or kept.version == version:
                return kept.rendering
        if version is not None:
            task = self._task(key, catalogue, document, version)
            seconds = self._patience.without if kept is None else self._patience.with_kept
            try:
                # Others may wait for the same rendering: it goes on when this reader leaves.
                rendering = await asyncio.wait_for(asyncio.shield(task), seconds)
                if not isinstance(rendering, StoreError):
                    return rendering
                self._log_failure(key, rendering)
            except TimeoutError as error:
                self._log_failure(key, error)
            except Exception as error:
                # A bug: it is logged here once, and shown as one to who gets nothing instead.
                if kept is None:
                    raise
                self._log_failure(key, error, is_bug=True)
        if kept is None:
            raise UnavailableError
        return replace(kept.rendering, fresh_for=SHORTEST)

    def _log_failure(self, key: Key, error: Exception, *, is_bug: bool = False) -> None:
        """Log a feed's first failure after a success; readers come by the minute."""
        feed, form, part = key
        if feed not in self._failing:
            self._failing.add(feed)
            log.warning(
                "feed not rendered feed=%s format=%s error=%r",
                feed,
                form if part is None else f"{part}.{form}",
                redact(str(error)) or type(error).__name__,
                exc_info=error if is_bug else None,
            )

    def _task(
        self, key: Key, catalogue: Catalogue, document: Document, version: int
    ) -> asyncio.Task[Rendering | StoreError | None]:
        """Return the task that renders this version, started if nobody has."""
        job = (key, version, catalogue.rendered_for(document.feed))
        task = self._running.get(job)
        if task is None:
            task = asyncio.create_task(self._render(key, catalogue, document, version))
            self._running[job] = task
            task.add_done_callback(lambda _: self._running.pop(job))
        return task

    async def _render(
        self, key: Key, catalogue: Catalogue, document: Document, version: int
    ) -> Rendering | StoreError | None:
        """Render and keep; an error of the store is a value: nobody may be left to raise it to."""
        async with self._turns:
            try:
                rendering = await asyncio.to_thread(_render, catalogue, self._store, document)
            except StoreError as error:
                return error
        self._failing.discard(document.feed.name)
        if rendering is not None:
            self._keep(key, _Kept(catalogue.rendered_for(document.feed), version, rendering))
        return rendering

    def _keep(self, key: Key, fresh: _Kept) -> None:
        """Keep a rendering, unless a newer one was faster; what was asked for longest ago goes.

        Its version was read before its stories, so those are of that version or a newer one.
        """
        kept = self._kept.get(key)
        if kept is not None and kept.made_for == fresh.made_for and kept.version > fresh.version:
            return
        if kept is not None:
            self._drop(key)
        self._kept[key] = fresh
        self.bytes_held += fresh.rendering.representation.bytes_held
        while self.bytes_held > self._most_bytes and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        self.bytes_held -= self._kept.pop(key).rendering.representation.bytes_held


def _render(catalogue: Catalogue, store: FeedStore, document: Document) -> Rendering | None:
    edition = make_edition(catalogue, store, document)
    if edition is None:
        return None
    return Rendering(
        represent(edition.body, edition.media_type, edition.changed_at),
        edition.fresh_for,
        edition.final,
    )
