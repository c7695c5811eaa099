"""A scheduler that hands out and does nothing else: no configuration has a million sources.

    python -m benchmarks.fleet.ticking URL FOLDER

Several may run; one is active, as `aggregator scheduler` decides it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aggregator.daemon.pace import Pace
from aggregator.daemon.terms import utc_now
from aggregator.fleet import queue
from aggregator.fleet.handing_out import HandingOut
from aggregator.store import postgres
from aggregator.store.engines.roles import Role


async def tick(url: str, folder: Path) -> None:
    """Hand out until the process is killed."""
    store = postgres.open_store(url, folder / "tick.db", role=Role.SCHEDULER)
    async with queue.opened(url, Pace().heartbeat) as jobs:
        handing_out = HandingOut(
            store,
            jobs,
            may=lambda: asyncio.to_thread(store.is_active),
            in_thread=asyncio.to_thread,
            clock=utc_now,
        )
        while not await asyncio.to_thread(store.is_active):  # noqa: ASYNC110 -- the server's word
            await asyncio.sleep(1)  # as `SchedulerRole` does
        handing_out.begin()
        await jobs.worker(queue.HOUSE, slots=2, grace_s=2).run()


if __name__ == "__main__":
    asyncio.run(tick(sys.argv[1], Path(sys.argv[2])))
