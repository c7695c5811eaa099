"""What the daemon writes besides serving: static files and posts, after feeds have changed."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.daemon.workers import Worker
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.model.notes import NoteKind, NotWritten, Output, Unwritten
from aggregator.operations.messages import output_name
from aggregator.rules.held_secrets import secrets_of
from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from datetime import datetime, timedelta

    from aggregator.config import Config
    from aggregator.model import Export
    from aggregator.outputs import post_files, static_files
    from aggregator.store import Store
else:  # templates and all that belongs to them, for those who write files
    post_files = LateModule("aggregator.outputs.post_files")
    static_files = LateModule("aggregator.outputs.static_files")

log = logging.getLogger(__name__)

#: The operations feed, among the versions of feeds.
OPERATIONS = "_status"

Versions = dict[str, int | None]

#: Something that is written: what it is, and the directory of an export.
Target = tuple[Output, str | None]


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
        self._troubles: dict[Target, str] = {}
        self._noted: dict[Target, str] | None = None  # what the note says, once that is known

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
        config, loop = self._config(), asyncio.get_running_loop()
        if config.publish.directory is None and not config.exports:
            self._troubles.clear()
            if self._noted != {}:
                await loop.run_in_executor(self._threads, self._note)
            return
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
        targets = _targets(config)
        self._troubles = {one: why for one, why in self._troubles.items() if one in targets}
        if config.publish.directory is not None:
            static = Output.STATIC_FILES, None
            self._attempt(
                static, lambda: static_files.publish_all(config, self._store, self._is_stopping)
            )
        if config.exports and not self._export(config):
            return
        if self._noted != self._troubles:
            self._note()

    def _export(self, config: Config) -> bool:
        """Write every export; tell whether there was time for all."""
        exporter = post_files.Exporter(
            self._store,
            config.path.parent,
            config.exports,
            make_worker=Worker,
            secrets=secrets_of(config.sources),
        )
        for export in config.exports:
            if self._is_stopping():
                return False
            self._attempt(_target(export), partial(self._run, exporter, config, export))
        return True

    def _run(self, exporter: post_files.Exporter, config: Config, export: Export) -> int:
        return exporter.run(export, config.exported(export), is_stopping=self._is_stopping)

    def _attempt(self, target: Target, work: Callable[[], int]) -> None:
        output, directory = target
        name = output_name(output, directory)
        try:
            written = work()
        except (AggregatorError, OSError) as error:
            text = error.lines[0] if isinstance(error, ConfigError) else str(error)
            if self._troubles.get(target) != text:
                log.warning(event("not written", what=name, because=text))
            self._troubles[target] = text
        else:
            if written:
                log.info(event("written", what=name, files=written))
            self._troubles.pop(target, None)

    def _note(self) -> None:
        """Note what cannot be written; a database that cannot be, either, is tried again."""
        outputs = tuple(
            Unwritten(output, because, directory)
            for (output, directory), because in self._troubles.items()
        )
        try:
            if outputs:
                self._store.note(NotWritten(outputs), now=self._clock())
            else:
                self._store.forget_note(NoteKind.NOT_WRITTEN)
            self._noted = dict(self._troubles)
        except AggregatorError as error:
            log.warning(event("not noted", because=error))


def _targets(config: Config) -> set[Target]:
    targets = set(map(_target, config.exports))
    return targets if config.publish.directory is None else targets | {(Output.STATIC_FILES, None)}


def _target(export: Export) -> Target:
    return Output.EXPORT, export.directory
