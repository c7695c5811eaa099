"""Of origins (scheme, host, port): one request at a time, and a bounded memory of some."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Servers whose framing only the second parser reads; they are few, and found again by asking.
MAX_ORIGINS = 1024


class Origins:
    """The newest origins of which something is remembered, in a bound."""

    def __init__(self, most: int = MAX_ORIGINS) -> None:
        self._most = most
        self._known: dict[tuple[str, str, int], None] = {}

    def __contains__(self, origin: tuple[str, str, int]) -> bool:
        return origin in self._known

    def add(self, origin: tuple[str, str, int]) -> None:
        """Remember an origin, and forget the oldest of too many."""
        self._known.pop(origin, None)
        self._known[origin] = None
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]


class Gates:
    """One request at a time for each origin; an origin that nobody waits for takes no room."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str, int], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, origin: tuple[str, str, int]) -> AsyncIterator[None]:
        """Wait for our own request to this origin that is under way, and then keep others out."""
        lock, users = self._locks.get(origin) or (asyncio.Lock(), 0)
        self._locks[origin] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            _, users = self._locks[origin]
            if users == 1:
                del self._locks[origin]
            else:
                self._locks[origin] = lock, users - 1
