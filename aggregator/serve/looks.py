"""Looks at what other processes have committed, before an answer is given from memory.

Where several servers answer for one database, a reader who is sent now to one and now to another
is to see nothing go that was there. Each therefore asks the database for the versions of feeds, in
the time of the request; all who ask at a moment wait for one question.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: How long an answer waits for a database that says nothing; then memory has to do.
PATIENCE_S = 2.0


class Looks:
    """Lets those who ask wait for a look that began after they asked; `made` counts looks.

    `look` is `None` where nobody else writes. One look is under way at a time. What it raises that
    is expected (`AggregatorError`) leaves memory as it is: the database is away.
    """

    def __init__(
        self, look: Callable[[], Awaitable[object]] | None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self.made = 0
        self._look = look
        self._patience_s = patience_s
        self._present: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self._since_s = 0.0

    @property
    def are_needed(self) -> bool:
        """Whether memory alone may be behind what others have committed."""
        return self._look is not None

    async def fresh(self) -> None:
        """Wait until memory is no older than this moment, where the database answers in time."""
        if self._look is None or self._is_stuck():
            return
        if self._next is None:
            self._next = asyncio.create_task(self._do(self._look, self._present))
        await asyncio.wait({self._next}, timeout=self._patience_s)

    def _is_stuck(self) -> bool:
        if self._present is None or self._present.done():
            return False
        return asyncio.get_running_loop().time() - self._since_s > self._patience_s

    async def _do(
        self, look: Callable[[], Awaitable[object]], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        # Who asks from here on may know of a commit that this look does not see.
        self._present, self._next = self._next, None
        self._since_s = asyncio.get_running_loop().time()
        self.made += 1
        try:
            await look()
        except AggregatorError:
            return
