"""Documents that are no feed's: made when they are asked for, and not again all too soon."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.config import Config
    from aggregator.serve.responses import Representation


class Made:
    """What was made last, by key, under the present configuration.

    Good for `fresh_seconds`, or for as long as the configuration is the same, so that asking for
    it again and again does not become work for the database. The keys are few.
    """

    def __init__(self, fresh_seconds: float | None = None) -> None:
        self._fresh_seconds = fresh_seconds
        self._config: Config | None = None
        self._made: dict[str, tuple[float, Representation]] = {}
        self._turn = asyncio.Lock()

    async def get(
        self, config: Config, key: str, make: Callable[[], Representation]
    ) -> Representation:
        """Return what is kept, else what `make`, called in a thread, returns."""
        async with self._turn:
            if self._config is not config:
                self._config = config
                self._made.clear()
            now = asyncio.get_running_loop().time()
            made_at, representation = self._made.get(key, (now, None))
            is_old = self._fresh_seconds is not None and now - made_at >= self._fresh_seconds
            if representation is None or is_old:
                representation = await asyncio.to_thread(make)
                self._made[key] = (now, representation)
            return representation
