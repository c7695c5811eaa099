"""When lists of sources are asked, beside polls: those that are due, or that somebody names."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon import list_polls
    from aggregator.daemon.list_polls import ListResult
    from aggregator.daemon.poll import Tools
    from aggregator.store import ListStore
else:
    list_polls = LateModule("aggregator.daemon.list_polls")  # most configurations have no list


class ListJobs:
    """Polls the lists of a configuration, one after the other, whoever asks for it.

    `config` and `tools` are those of the moment; `take_over` makes what is stored of lists count,
    where it does not yet.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        tools: Callable[[], Tools],
        store: ListStore,
        take_over: Callable[[], Awaitable[object]],
    ) -> None:
        self._config, self._tools, self._store = config, tools, store
        self._take_over = take_over
        self._polling = asyncio.Lock()
        self._looked: tuple[Config | None, datetime | None] = (None, None)

    async def poll_due(self) -> list[ListResult]:
        """Poll what is due, if anything can be."""
        config, tools = self._config(), self._tools()
        for_config, next_at = self._looked
        if not config.lists:
            return []
        if config is for_config and next_at is not None and tools.clock() < next_at:
            return []
        found = await self.poll()
        stored = await tools.in_thread(self._store.lists)
        config = self._config()
        self._looked = config, list_polls.next_due(config, stored, tools.clock())
        return found

    async def poll(self, names: Collection[str] | None = None) -> list[ListResult]:
        """Poll what is due, or the lists that are named, due or not."""
        async with self._polling:  # what is known of a list is what the poll before it has stored
            config, tools = self._config(), self._tools()
            stored = await tools.in_thread(self._store.lists)
            find = list_polls.due_lists if names is None else partial(list_polls.named, names)
            results = [
                await list_polls.poll_list(of, known, config, tools, self._store)
                for of, known in find(config, stored, tools.clock())
            ]
            await self._take_over()
            return results
