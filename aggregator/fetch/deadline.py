"""The seconds that a poll's requests may take; the time in our own queues is not among them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Deadline:
    """A clock that is stopped between requests, and whenever it is our turn to wait."""

    def __init__(self, seconds: float) -> None:
        self._remaining_seconds = seconds
        self._timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the clock run; raises `TimeoutError` when it has run out. One at a time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._remaining_seconds) as self._timeout:
                yield
        finally:
            self._timeout = None
            self._remaining_seconds -= loop.time() - began

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop a running clock for as long as we make a publisher wait."""
        timeout = self._timeout
        until = None if timeout is None else timeout.when()
        if timeout is None or until is None or timeout.expired():
            yield
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        timeout.reschedule(None)
        try:
            yield
        finally:
            waited = loop.time() - began
            timeout.reschedule(until + waited)
            self._remaining_seconds += waited
