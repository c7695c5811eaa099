"""What stood at an address that is no feed's today, as far as the database remembers it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError

if TYPE_CHECKING:
    from aggregator.publish.catalogue import Address
    from aggregator.store import FeedStore

#: Lookups at a time, so that those that a broken database holds up do not take every thread.
CONCURRENT_LOOKUPS = 1


@dataclass(frozen=True, slots=True)
class Gone:
    """The feed was removed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The feed of a renamed source: what was asked for, and what the feed is called now."""

    address: Address
    name: str


class Past:
    """Answers from the database, in a bounded time."""

    def __init__(self, store: FeedStore, patience_seconds: float) -> None:
        self._store = store
        self._patience_seconds = patience_seconds
        self._turns = asyncio.Semaphore(CONCURRENT_LOOKUPS)
        self._running: set[asyncio.Task[Gone | Moved | None]] = set()

    async def of(self, addresses: tuple[Address, ...]) -> Gone | Moved | None:
        """Return what is remembered of the first of `addresses` of which anything is.

        `None` also where the database cannot be read soon enough: then nobody can say. It is not
        asked of addresses that no configuration can have had.
        """
        asked = tuple(address for address in addresses if address.may_have_been)
        if not asked:
            return None
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._turns.acquire()
                # A thread cannot be stopped: it keeps its turn when nobody waits for it any more.
                task = asyncio.create_task(self._look(asked))
                self._running.add(task)
                task.add_done_callback(self._end)
                return await asyncio.shield(task)
        except TimeoutError:
            return None

    def _end(self, task: asyncio.Task[Gone | Moved | None]) -> None:
        self._running.discard(task)
        self._turns.release()

    async def _look(self, addresses: tuple[Address, ...]) -> Gone | Moved | None:
        try:
            return await asyncio.to_thread(_remembered, self._store, addresses)
        except StoreError:
            return None


def _remembered(store: FeedStore, addresses: tuple[Address, ...]) -> Gone | Moved | None:
    for address in addresses:
        removed = store.removed_feed(address.name)
        if removed is not None and address.was_of(removed):
            return Gone()
        # Only automatic feeds of sources move, and those have no token.
        name = store.renamed_feed(address.name) if address.path[0] == "sources" else None
        if name is not None:
            return Moved(address, name)
    return None
