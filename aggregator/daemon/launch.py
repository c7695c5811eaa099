"""From a configuration to a daemon that runs: the lock, the database, then everything else."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from aggregator.daemon.app import Daemon
from aggregator.daemon.configuring import apply_first
from aggregator.daemon.event_loop import new_event_loop
from aggregator.daemon.further_secrets import all_secrets
from aggregator.daemon.log import conceal, set_up
from aggregator.daemon.pace import Pace
from aggregator.daemon.patience import Patience, StoppedError
from aggregator.daemon.process_signals import Signals
from aggregator.daemon.systemd_notify import Notifier
from aggregator.daemon.terms import utc_now
from aggregator.daemon.workers import Workers
from aggregator.runtime.garbage import keep_what_there_is
from aggregator.store.engines.lock import Hold
from aggregator.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.daemon.zygote import Starter
    from aggregator.schedule.price import Pricing
    from aggregator.store import Store

USUAL_PACE = Pace()


def run(
    config: Config,
    pace: Pace = USUAL_PACE,
    clock: Callable[[], datetime] = utc_now,
    *,
    starting: Starter | None = None,
) -> int:
    """Run the daemon until it is told to stop; return its exit status.

    `starting` makes its workers' processes.

    A database that cannot be used now is waited for. Raises `BusyError` when another process holds
    it, another `StoreError` when somebody must mend it, and `AggregatorError` when the address to
    listen on cannot be had.
    """
    set_up(config.log.level, os.environ, config.log.format)
    conceal(all_secrets(config, os.environ))
    with (
        contextlib.suppress(StoppedError),
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        runner.run(_run(config, pace, clock, starting))
    return 0


async def _run(
    config: Config, pace: Pace, clock: Callable[[], datetime], starting: Starter | None
) -> None:
    keep_what_there_is()
    notifier, signals = Notifier(os.environ), Signals()
    signals.catch()
    patience = Patience(notifier, signals.stop, pace.retry)
    hold = await patience.wait_for(lambda: asyncio.to_thread(Hold, config.store.path))
    try:
        store, pricing, config = await patience.wait_for(
            lambda: asyncio.to_thread(_open, config, clock())
        )
        keep_what_there_is()
        try:
            await Daemon(
                config,
                store,
                os.environ,
                pricing=pricing,
                signals=signals,
                notifier=notifier,
                patience=patience,
                hold=hold,
                clock=clock,
                pace=pace,
                workers=Workers(starting=starting),
            ).run()
            patience.check()
        finally:
            await asyncio.to_thread(store.close)
    finally:
        patience.end()
        hold.release()


def _open(config: Config, now: datetime) -> tuple[Store, Pricing, Config]:
    """Return the database with the configuration applied to it, and what `apply_first` does."""
    store = open_store(config.store)
    try:
        pricing, config = apply_first(config, store, os.environ, now)
    except BaseException:
        store.close()
        raise
    return store, pricing, config
