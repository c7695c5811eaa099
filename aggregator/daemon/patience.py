"""A start that waits, inside the process, for what passes: a full disk, a lock, an I/O error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from aggregator.daemon.log import event
from aggregator.model.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aggregator.daemon.systemd_notify import Notifier
    from aggregator.model.errors import AggregatorError

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Each sign of life while we start moves systemd's TimeoutStartSec= this far ahead (sd_notify(3)).
EXTENSION = timedelta(minutes=1)


class StoppedError(Exception):
    """The daemon was asked to stop before its start was over."""


class Patience:
    """Lets a start take the time that it needs, and systemd know that it goes on.

    `trouble` is what is waited for, or `None`; `lost` is what no waiting mends. Until `end` the
    manager is asked for more time every `retry`, too: a migration of a large database takes
    minutes.
    """

    def __init__(self, notifier: Notifier, stop: asyncio.Event, retry: timedelta) -> None:
        self.trouble: str | None = None
        self.lost: AggregatorError | None = None
        self._notifier = notifier
        self._stop = stop
        self._retry_s = retry.total_seconds()
        self._extending = asyncio.create_task(self._extend())

    async def wait_for(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, tried again for as long as the database cannot be used now.

        Raises `StoppedError` when the daemon is asked to stop meanwhile, and what else `work` does.
        """
        while True:
            try:
                result = await work()
            except StoreUnavailableError as error:
                self._tell(str(error))
            else:
                if self.trouble is not None:
                    log.info(event("goes on"))
                self.trouble = None
                return result
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._retry_s)
                raise StoppedError

    def give_up(self, error: AggregatorError) -> None:
        """Let the process stop as if it were asked to: nothing that it does could be kept."""
        if self.lost is None:
            log.error(event("stopping", because=error))
            self.lost = error
            self._stop.set()

    def check(self) -> None:
        """Raise what the process has stopped for, if there is such a thing."""
        if self.lost is not None:
            raise self.lost

    def end(self) -> None:
        """Ask for no more time: the start is over."""
        self._extending.cancel()

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error(event("waits", because=trouble))
        self.trouble = trouble
        self._notifier.send(f"STATUS=waits: {trouble}", _extension())

    async def _extend(self) -> None:
        while True:
            await asyncio.sleep(self._retry_s)
            self._notifier.send(_extension())


def _extension() -> str:
    return f"EXTEND_TIMEOUT_USEC={EXTENSION // timedelta(microseconds=1)}"
