"""Documents that are no feed's: made when they are asked for, and not again all too soon."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.serve.timeouts import PATIENCE, Patience, UnavailableError
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Config
    from aggregator.serve.responses import Representation

log = logging.getLogger(__name__)


class Made:
    """What was made last, by key, under the present configuration.

    Good for `fresh_seconds`, or for as long as the configuration is the same, so that asking for
    it again and again does not become work for the database. The keys are few. `what` it is, is
    for the log.
    """

    def __init__(
        self, what: str, fresh_seconds: float | None = None, patience: Patience = PATIENCE
    ) -> None:
        self._what = what
        self._fresh_seconds = fresh_seconds
        self._patience = patience
        self._config: Config | None = None
        self._made: dict[str, tuple[float, Representation]] = {}
        self._running: dict[str, asyncio.Task[Representation | None]] = {}
        self._turn = asyncio.Lock()

    async def get(
        self, config: Config, key: str, make: Callable[[], Representation]
    ) -> Representation:
        """Return what is kept, else what `make`, called in a thread, returns.

        When the store cannot be read, or not soon enough: what was kept, however old. Raises
        `UnavailableError` where there is nothing.
        """
        if self._config is not config:
            self._config = config
            self._made.clear()
            self._running.clear()
        made_at, kept = self._made.get(key, (0.0, None))
        age = asyncio.get_running_loop().time() - made_at
        if kept is not None and (self._fresh_seconds is None or age < self._fresh_seconds):
            return kept
        task = self._task(config, key, make)
        seconds = self._patience.without if kept is None else self._patience.with_kept
        try:
            # Others may wait for the same document: it goes on when this reader leaves.
            made = await asyncio.wait_for(asyncio.shield(task), seconds)
        except TimeoutError:
            made = None
        representation = made or kept
        if representation is None:
            raise UnavailableError
        return representation

    def _task(
        self, config: Config, key: str, make: Callable[[], Representation]
    ) -> asyncio.Task[Representation | None]:
        """Return the task that makes the document, started if nobody has."""
        task = self._running.get(key)
        if task is None or task.done():
            task = asyncio.create_task(self._make(config, key, make))
            self._running[key] = task
        return task

    async def _make(
        self, config: Config, key: str, make: Callable[[], Representation]
    ) -> Representation | None:
        async with self._turn:
            now = asyncio.get_running_loop().time()
            try:
                representation = await asyncio.to_thread(make)
            except StoreError as error:
                log.warning("%s not rendered error=%r", self._what, redact(str(error)))
                return None  # as a value: there may be nobody left to whom it could be raised
        if self._config is config:
            self._made[key] = (now, representation)
        return representation
