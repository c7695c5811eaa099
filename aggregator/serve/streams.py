"""Streams of server-sent events: that a feed has changed, told to open pages of it.

Each looks at its feed's version in memory every few seconds. There are few at a time; a page that
gets none is told of new stories when it is loaded again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

#: Streams that are open at a time: each holds a connection.
MOST_STREAMS = 100

#: How soon an open page hears of a change.
LOOK_SECONDS = 5.0

#: A stream says something at least this often, so that proxies keep it and a reader who is gone is
#: noticed; and it ends after so long, so that those who wait for one get theirs.
BEAT_SECONDS = 25.0
LIFE_SECONDS = 3600.0

#: In which time a browser comes back to a stream that has ended, in ms.
_RETRY = b"retry: 30000\n\n"
_BEAT = b":\n\n"


class Streams:
    """How many streams there are, and their common end."""

    def __init__(self, *, look_seconds: float = LOOK_SECONDS) -> None:
        self.look_seconds = look_seconds
        self._open = 0
        self._ended = asyncio.Event()

    @property
    def are_full(self) -> bool:
        """Whether no further stream may be opened."""
        return self._open >= MOST_STREAMS or self._ended.is_set()

    def end(self) -> None:
        """End every stream, and open no other."""
        self._ended.set()

    async def of_versions(self, version: Callable[[], int | None]) -> AsyncIterator[bytes]:
        """Yield an event whenever `version` returns another number; `None` ends the stream."""
        self._open += 1
        try:
            known, silent, age = version(), 0.0, 0.0
            yield _RETRY
            while known is not None and age < LIFE_SECONDS and not self._ended.is_set():
                try:
                    await asyncio.wait_for(self._ended.wait(), self.look_seconds)
                except TimeoutError:
                    silent, age = silent + self.look_seconds, age + self.look_seconds
                found = version()
                if found is not None and found != known:
                    yield b"event: changed\ndata: %d\n\n" % found
                    silent = 0.0
                elif silent >= BEAT_SECONDS:
                    yield _BEAT
                    silent = 0.0
                known = found
        finally:
            self._open -= 1
