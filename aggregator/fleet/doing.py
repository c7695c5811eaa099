"""Doing jobs until the process stops, whatever happens to the server meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.fleet.queue import TROUBLE, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from aggregator.fleet.queue import Doing

log = logging.getLogger(__name__)


async def do_jobs(make: Callable[[], Doing], stop: asyncio.Event, pause: timedelta) -> None:
    """Do jobs until `stop` is set; one begun then may end within the worker's grace.

    A worker that ends by itself has lost its server: after a `pause` another is made. Jobs that it
    had begun are found by whoever rescues, as those of a process that died.
    """
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            worker = make()
            working = asyncio.create_task(worker.run())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            worker.stop()
            try:
                await working
            except TROUBLE as error:
                log.warning(event("jobs not done", because=told(error)))
            if not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause.total_seconds())
    finally:
        stopping.cancel()
