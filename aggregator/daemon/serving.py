"""Serving feeds, pages and the API over HTTP, whatever else the process does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aggregator.daemon.figures import store_figures
from aggregator.model.errors import AggregatorError
from aggregator.serve import (
    ConnectionBounds,
    Site,
    allow_open_files,
    create_app,
    open_operator_sockets,
    open_sockets,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon.vitals import Vitals
    from aggregator.model.measures import Measure
    from aggregator.serve.operating import Operating
    from aggregator.store import Store


class Serving:
    """Listens from the start, and answers from `begin` on until `stop` is set.

    Raises `AggregatorError` when the address to listen on cannot be had.
    """

    def __init__(
        self, config: Callable[[], Config], environ: Mapping[str, str], stop: asyncio.Event
    ) -> None:
        server = config().server
        self._config = config
        self._stop = stop
        self._sockets = open_sockets(server.listen, environ)
        self._own = open_operator_sockets(server.operator_listen)
        self._task: asyncio.Task[None] | None = None

    def begin(
        self,
        store: Store,
        vitals: Vitals,
        *,
        operating: Operating | None,
        counted: Callable[[], tuple[Measure, ...]],
        clock: Callable[[], datetime],
        asked: Callable[[], tuple[Measure, ...]] = tuple,
        look: Callable[[], Awaitable[object]] | None = None,
        unready: Callable[[], str | None] | None = None,
    ) -> None:
        """Answer; `operating`, `counted`, `asked` and `look` are as in `Site`.

        The store's figures are beside those. `unready` is why nobody is to be sent here yet, where
        `vitals` alone do not know.
        """
        site = Site(
            self._config,
            store,
            lambda: vitals.health,
            unready=unready or vitals.unready,
            look=look,
            counted=counted,
            asked=lambda: (*store_figures(store, clock()), *asked()),
            operating=operating,
        )
        self._task = asyncio.create_task(
            serve(
                create_app(site),
                self._sockets,
                self._stop,
                ConnectionBounds().within(allow_open_files()),
                operator=self._own,
                proxies=lambda: self._config().server.trusted_proxies,
            )
        )

    async def last(self) -> None:
        """Wait until `stop` is set; raises what ended the server before that."""
        stopping = asyncio.create_task(self._stop.wait())
        serving = set() if self._task is None else {self._task}
        await asyncio.wait({stopping, *serving}, return_when=asyncio.FIRST_COMPLETED)
        if not self._stop.is_set():
            await asyncio.gather(*serving)  # raises what ended it; systemd starts us again
            raise AggregatorError("the HTTP server ended by itself")

    async def end(self) -> None:
        """Let answers under way end, for a moment."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=2)
