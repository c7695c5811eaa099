"""The configuration of a member that another one applies to the store: the scheduler."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aggregator.daemon.further_secrets import further_secrets
from aggregator.daemon.joined import load_with
from aggregator.daemon.log import conceal, event, set_level
from aggregator.model.errors import AggregatorError
from aggregator.rules.held_secrets import secrets_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aggregator.config import Config
    from aggregator.store import Store

log = logging.getLogger(__name__)


class FollowedConfiguration:
    """Has the present configuration, `config`: its file as it is once the scheduler applied it.

    `follow` lets the rest of the process go by another one. What cannot be read is logged, and the
    old one goes on.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        environ: Mapping[str, str],
        follow: Callable[[Config, Config], Awaitable[None]] | None = None,
    ) -> None:
        self.config = config
        self._store = store
        self._environ = environ
        self._follow = follow
        self._applied: int | None = None
        self._reading = asyncio.Lock()

    async def look(self, applied: int) -> None:
        """Read it again where another one was applied; `applied` counts how often one was."""
        if applied != self._applied:
            self._applied = applied
            await self.reload()

    async def reload(self) -> None:
        """Read it again."""
        async with self._reading:
            try:
                fresh = await asyncio.to_thread(load_with, self._store, self.config.path)
                further = await asyncio.to_thread(further_secrets, fresh, self._environ)
                conceal(await asyncio.to_thread(secrets_of, fresh.sources, further))
                await asyncio.to_thread(self._store.follow, further)
            except AggregatorError as error:
                log.error(event("configuration not read", problem=error))  # noqa: TRY400 -- a mistake in a file
                return
            old, self.config = self.config, fresh
            set_level(fresh.log.level)
            if self._follow is not None:
                await self._follow(old, fresh)
