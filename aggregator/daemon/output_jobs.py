"""What the daemon writes besides serving: static files and posts, after feeds have changed."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.daemon.workers import Worker
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.outputs.post_files import Exporter
from aggregator.outputs.static_files import publish_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from datetime import datetime, timedelta

    from aggregator.config import Config
    from aggregator.model import Export
    from aggregator.store import Store

log = logging.getLogger(__name__)

#: Subjects of the notes that `status` shows.
STATIC = "static files"
EXPORTS = "exports"

#: The operations feed, among the versions of feeds.
OPERATIONS = "_status"

Versions = dict[str, int | None]


class Outlets:
    """Writes what the configuration asks for, whenever a feed is another than when it was written.

    What cannot be written is noted for `status`, logged once, and tried again at every look.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        store: Store,
        threads: Executor,
        *,
        clock: Callable[[], datetime],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._config = config
        self._store = store
        self._threads = threads
        self._clock = clock
        self._is_stopping = is_stopping
        self._written: tuple[Config | None, Versions] = (None, {})
        self._troubles: dict[str, str] = {}
        self._told: set[str] = set()  # subjects whose note is as it should be

    async def run(self, every: timedelta) -> None:
        """Look for changes for ever, with a pause in between that gathers them."""
        while True:
            try:
                await self.look()
            except AggregatorError as error:  # the database: the next look may find it well
                log.warning(event("not written", because=error))
            await asyncio.sleep(every.total_seconds())

    async def look(self) -> None:
        """Write what has changed since it was last written."""
        config = self._config()
        if config.publish.directory is None and not config.exports:
            return
        loop = asyncio.get_running_loop()
        versions = {feed.name: self._store.feed_version(feed.name) for feed in config.feeds}
        if config.publish.directory is not None:
            versions[OPERATIONS] = await loop.run_in_executor(
                self._threads, self._operations_version
            )
        written, last = self._written
        if written is config and last == versions and not self._troubles:
            return
        await loop.run_in_executor(self._threads, partial(self._write, config))
        self._written = (config, versions)

    def _operations_version(self) -> int:
        return self._store.operations().version

    def _write(self, config: Config) -> None:
        if config.publish.directory is not None:
            self._attempt(STATIC, lambda: publish_all(config, self._store, self._is_stopping))
        for subject in [one for one in self._troubles if one not in _subjects(config)]:
            del self._troubles[subject]
            self._note(subject, None)
        exporter = Exporter(self._store, config.path.parent, config.exports, make_worker=Worker)
        feeds = {feed.name: feed for feed in config.feeds}
        for export in config.exports:
            if self._is_stopping():
                return
            work = partial(exporter.run, export, feeds[export.feed], is_stopping=self._is_stopping)
            self._attempt(_subject(export), work)

    def _attempt(self, subject: str, work: Callable[[], int]) -> None:
        try:
            written = work()
        except (AggregatorError, OSError) as error:
            text = error.lines[0] if isinstance(error, ConfigError) else str(error)
            if self._troubles.get(subject) != text:
                log.warning(event("not written", what=subject, because=text))
                self._note(subject, text)
            self._troubles[subject] = text
        else:
            if written:
                log.info(event("written", what=subject, files=written))
            if self._troubles.pop(subject, None) is not None or subject not in self._told:
                self._note(subject, None)
            self._told.add(subject)

    def _note(self, subject: str, text: str | None) -> None:
        try:
            self._store.note(subject, text, now=self._clock())
        except AggregatorError as error:
            log.warning(event("not noted", what=subject, because=error))


def _subjects(config: Config) -> set[str]:
    static = {STATIC} if config.publish.directory is not None else set()
    return static | set(map(_subject, config.exports))


def _subject(export: Export) -> str:
    return f"{EXPORTS} {export.directory}"
