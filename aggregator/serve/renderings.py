"""Feed documents, rendered and compressed once for each change and kept in memory."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.errors import StoreError
from aggregator.publish import Addresses, Format, render
from aggregator.redact import redact
from aggregator.serve.responses import Representation, represent

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Config
    from aggregator.model import Feed
    from aggregator.store import Store

log = logging.getLogger(__name__)

#: How long a reader waits for a new rendering before the last good one is served, or 503: below
#: the time after which readers and proxies give up.
PATIENCE_SECONDS = 10.0

#: Renderings at a time: CPU work that must leave polls and answers their share of two cores.
CONCURRENT_RENDERINGS = 2

Key = tuple[str, Format]


class UnavailableError(Exception):
    """A feed cannot be rendered now and never was."""


@dataclass(frozen=True, slots=True)
class _Rendering:
    """A document with what it was made for: a feed's version under one configuration."""

    config: Config
    version: int
    representation: Representation


class Renderings:
    """The newest rendering of every feed and format asked for.

    At most three a configured feed are held. A hit reads memory only.
    """

    def __init__(self, config: Callable[[], Config], store: Store) -> None:
        self._config = config
        self._store = store
        self._kept: dict[Key, _Rendering] = {}
        self._running: dict[tuple[Key, int, int], asyncio.Task[Representation]] = {}
        self._turns = asyncio.Semaphore(CONCURRENT_RENDERINGS)
        self._failing: set[Key] = set()

    async def get(self, feed: Feed, form: Format) -> Representation:
        """Return the rendering of the feed's present version.

        When the store cannot be read, or not soon enough: the last good one. Raises
        `UnavailableError` where there is none.
        """
        key = (feed.name, form)
        config = self._config()
        version = self._store.feed_version(feed.name)
        kept = self._kept.get(key)
        if kept is not None and kept.config is config and kept.version == version:
            return kept.representation
        if version is not None:
            task = self._rendering(key, feed, config, version)
            try:
                # Others may wait for the same rendering: it goes on when this reader leaves.
                return await asyncio.wait_for(asyncio.shield(task), PATIENCE_SECONDS)
            except (StoreError, TimeoutError) as error:
                self._log_failure(key, error)
            except Exception as error:
                # A bug: it is logged here once, and shown as one to who gets nothing instead.
                if kept is None:
                    raise
                self._log_failure(key, error, is_bug=True)
        if kept is None:
            raise UnavailableError
        return kept.representation

    def _log_failure(self, key: Key, error: Exception, *, is_bug: bool = False) -> None:
        """Log the first failure after a success; readers come by the minute."""
        if key not in self._failing:
            self._failing.add(key)
            reason = redact(str(error)) or type(error).__name__
            log.warning(
                "feed not rendered feed=%s format=%s error=%r",
                *key,
                reason,
                exc_info=error if is_bug else None,
            )

    def _rendering(
        self, key: Key, feed: Feed, config: Config, version: int
    ) -> asyncio.Task[Representation]:
        """Return the task that renders this version, started if nobody has."""
        job = (key, version, id(config))
        task = self._running.get(job)
        if task is None:
            task = asyncio.create_task(self._render(key, feed, config, version))
            self._running[job] = task
            task.add_done_callback(lambda _: self._running.pop(job))
        return task

    async def _render(self, key: Key, feed: Feed, config: Config, version: int) -> Representation:
        async with self._turns:
            representation = await asyncio.to_thread(
                _render, self._store, feed, key[1], Addresses(config.server.base_url)
            )
        self._failing.discard(key)
        if config is self._config():
            self._keep(key, _Rendering(config, version, representation))
        return representation

    def _keep(self, key: Key, rendering: _Rendering) -> None:
        """Keep a rendering for the present configuration, unless a newer one was faster.

        Its version was read before its stories, so those are of that version or a newer one.
        """
        kept = self._kept.get(key)
        if kept is None or kept.config is not rendering.config or kept.version < rendering.version:
            self._kept[key] = rendering
        names = {feed.name for feed in rendering.config.feeds}
        for stale in [stale for stale in self._kept if stale[0] not in names]:
            del self._kept[stale]


def _render(store: Store, feed: Feed, form: Format, addresses: Addresses) -> Representation:
    selection = store.select(feed)
    body = render(selection, form, addresses)
    return represent(body, f"{form.media_type}; charset=utf-8", selection.changed_at)
