"""What the operator asks for on pages, done as the commands do it, and logged."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.adding import Adding
from aggregator.daemon.log import event
from aggregator.model.errors import AggregatorError
from aggregator.runtime.late_modules import LateModule
from aggregator.web.addresses import host_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
    from pathlib import Path
    from typing import Any

    from aggregator.config import Config, edit
    from aggregator.daemon.commands import Requests
    from aggregator.daemon.control import Event
    from aggregator.model.candidates import Added, Found
    from aggregator.model.worker_protocols import WorkerPool
else:
    edit = LateModule("aggregator.config.edit")  # seldom does anybody change a file from a page

log = logging.getLogger(__name__)


class OperatorActions:
    """Keeps the promises of `serve.operating.Operating`; `spawn` runs a task of the daemon's."""

    def __init__(
        self,
        requests: Requests,
        spawn: Callable[[Coroutine[Any, Any, object]], object],
        environ: Mapping[str, str],
        workers: WorkerPool,
    ) -> None:
        self._requests = requests
        self._adding = Adding(requests, environ, workers)
        self._spawn = spawn

    async def poll(self, name: str) -> None:
        """Begin to poll a source, due or not."""
        log.info(event("asked from a page", do="poll", source=name))
        told = self._requests.answer({"do": "poll", "names": [name], "force": False})
        first = await anext(told)
        if first["event"] == "error":
            raise AggregatorError(first["text"])
        self._spawn(_to_its_end(told))

    async def switch(self, name: str, *, enabled: bool) -> None:
        """Let a source be polled or not, in config.toml, and take that over."""
        log.info(event("asked from a page", do="enable" if enabled else "disable", source=name))
        change = partial(_switched, name, enabled=enabled)
        try:
            await asyncio.to_thread(edit.edit_all, self._requests.config().path, change)
        except OSError as error:
            raise AggregatorError(
                f"{self._requests.config().path}: cannot be written ({error.strerror}); put "
                f"`enabled = {str(enabled).lower()}` below the source there, and reload"
            ) from error
        await self._requests.reload()

    async def find(self, who: str, typed: str) -> Found:
        """Look up an address."""
        found = await self._adding.find(who, typed)
        log.info(event("asked from a page", do="look up", host=host_of(found.url)))
        return found

    async def add(self, who: str, offer: str, name: str | None, tags: tuple[str, ...]) -> Added:
        """Add a feed that was found."""
        added = await self._adding.add(who, offer, name, tags)
        log.info(event("asked from a page", do="add", source=added.name or "not written"))
        return added

    def note(self, what: str, client: str) -> None:
        """Log what became of a log-in."""
        level = logging.INFO if what in {"in", "out"} else logging.WARNING
        log.log(level, event("log-in from a page", outcome=what, client=client))


async def _to_its_end(told: AsyncIterator[Event]) -> None:
    async for _ in told:
        pass  # the log has it


def _switched(
    name: str, texts: Mapping[Path, str], _: Config, *, enabled: bool
) -> Mapping[Path, str]:
    edits = edit.SourceEdits(texts)
    edits.switch([name], enabled=enabled)
    return edits.texts
