"""What each role of a fleet starts with, and how the process begins and ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.event_loop import new_event_loop
from aggregator.daemon.further_secrets import all_secrets, further_secrets
from aggregator.daemon.joined import with_lists
from aggregator.daemon.log import conceal, event, set_up
from aggregator.daemon.patience import Patience, StoppedError
from aggregator.daemon.process_signals import Signals
from aggregator.daemon.systemd_notify import Notifier
from aggregator.daemon.terms import utc_now
from aggregator.daemon.workers import Workers
from aggregator.fleet import queue
from aggregator.fleet.session import Session
from aggregator.runtime.garbage import keep_what_there_is
from aggregator.runtime.values import dataclass
from aggregator.store.engines.roles import Role
from aggregator.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon.pace import Pace
    from aggregator.daemon.zygote import Starter
    from aggregator.fleet.queue import JobQueue
    from aggregator.store import Store
    from aggregator.store.engines.roles import Role

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What there is when a role begins its work: a store, a queue and a session that are open."""

    role: Role
    session: Session
    config: Config
    store: Store
    queue: JobQueue
    environ: Mapping[str, str]
    signals: Signals
    notifier: Notifier
    patience: Patience
    workers: Callable[[], Workers]
    pace: Pace
    clock: Callable[[], datetime]

    @property
    def name(self) -> str:
        """What others call this member."""
        return self.session.name


def run(
    config: Config,
    role: Role,
    work: Callable[[Start], Awaitable[None]],
    *,
    pace: Pace,
    name: str | None = None,
    starting: Starter | None = None,
) -> int:
    """Do the work of a role until the process is told to stop; return its exit status.

    `name` is what others call it, else its machine and process. A database that cannot be used now
    is waited for. Raises `BusyError` while one process works alone there, or another one has the
    name, another `StoreError` when somebody must mend it.
    """
    set_up(config.log.level, os.environ, config.log.format)
    queue.quiet()
    conceal(all_secrets(config, os.environ))
    with (
        contextlib.suppress(StoppedError),
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        runner.run(_run(config, role, work, pace=pace, name=name, starting=starting))
    return 0


async def _run(
    config: Config,
    role: Role,
    work: Callable[[Start], Awaitable[None]],
    *,
    pace: Pace,
    name: str | None,
    starting: Starter | None,
) -> None:
    keep_what_there_is()
    notifier, signals = Notifier(os.environ), Signals()
    signals.catch()
    patience = Patience(notifier, signals.stop, pace.retry)
    try:
        opening = partial(asyncio.to_thread, open_store, config.store, role)
        store = await patience.wait_for(opening)
        try:
            config = with_lists(config, await asyncio.to_thread(store.lists))
            further = await asyncio.to_thread(further_secrets, config, os.environ)
            await patience.wait_for(partial(asyncio.to_thread, store.follow, further))
            async with AsyncExitStack() as opened:
                url = config.store.url or ""
                jobs = await patience.wait_for(
                    lambda: opened.enter_async_context(queue.opened(url, pace.heartbeat))
                )
                session = Session(
                    url,
                    role=role.value,
                    name=name,
                    schema=jobs.schema,
                    silence_s=jobs.silence_s,
                    tick=pace.tick,
                    heartbeat=pace.heartbeat,
                    give_up=patience.give_up,
                    wants_lead=role is Role.SCHEDULER,
                    listens=role is Role.WEB,
                )
                opened.push_async_callback(session.close)
                await patience.wait_for(session.begin)
                brief = asyncio.create_task(_brief(signals.stop, jobs))
                opened.callback(brief.cancel)
                start = Start(
                    role=role,
                    session=session,
                    config=config,
                    store=store,
                    queue=jobs,
                    environ=os.environ,
                    signals=signals,
                    notifier=notifier,
                    patience=patience,
                    workers=lambda: Workers(starting=starting),
                    pace=pace,
                    clock=utc_now,
                )
                log.info(event("begins", role=role.value, name=session.name, pid=os.getpid()))
                await work(start)
                patience.check()
        finally:
            await asyncio.to_thread(store.close)
    finally:
        patience.end()


async def _brief(stop: asyncio.Event, jobs: JobQueue) -> None:
    await stop.wait()
    jobs.be_brief()
