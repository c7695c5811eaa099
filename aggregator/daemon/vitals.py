"""How the daemon itself is: looked for again and again, told in words, never by silence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from aggregator.daemon.commands import State
from aggregator.daemon.log import event
from aggregator.model.errors import AggregatorError, BusyError, StoreOutgrownError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from datetime import datetime

    from aggregator.daemon.jobs import Jobs
    from aggregator.daemon.pace import Pace
    from aggregator.daemon.patience import Patience
    from aggregator.daemon.systemd_notify import Notifier
    from aggregator.store import Store
    from aggregator.store.engines.lock import Hold

log = logging.getLogger(__name__)

#: A scheduler that has begun nothing for longer than this has stopped: it ticks every second.
STALE_TICK = timedelta(seconds=15)

#: The store must answer the heartbeat within this time, a busy disk included.
PING_TIMEOUT_S = 20.0


class Polling(Protocol):
    """What is asked of the polls of a process."""

    @property
    def trouble(self) -> str | None:
        """Why nothing that is polled could be kept, or `None`."""

    @property
    def offline_since(self) -> datetime | None:
        """Since when our own network has been down, or `None`."""


class Vitals:
    """What `/healthz`, `/readyz`, `status` and systemd are told of the daemon.

    `threads` are those of the store; `summary` says in a line how all is, with what is
    wrong with the daemon itself.
    """

    def __init__(
        self,
        store: Store,
        *,
        jobs: Jobs,
        polls: Polling,
        notifier: Notifier,
        patience: Patience,
        hold: Hold | None,
        pace: Pace,
        is_stopping: Callable[[], bool],
        threads: Executor,
        summary: Callable[[str | None], str],
    ) -> None:
        self.health: str | None = None
        self.is_ready = False
        self._store = store
        self._jobs = jobs
        self._polls = polls
        self._notifier = notifier
        self._patience = patience
        self._hold = hold
        self._pace = pace
        self._is_stopping = is_stopping
        self._threads = threads
        self._summary = summary
        self._damage: str | None = None
        self._status = ""

    @property
    def status_line(self) -> str:
        """What systemd shows."""
        return f"STATUS={self._summary(self.health)}"

    def ready(self) -> None:
        """Tell systemd that the daemon serves and polls."""
        self._status, self.is_ready = self.status_line, True
        self._patience.end()
        self._notifier.send("READY=1", self._status)

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """Tell systemd for how long a configuration is read again."""
        if self.is_ready:
            self._notifier.reloading()
        try:
            yield
        finally:
            if self.is_ready:
                self._notifier.send("READY=1", self.status_line)

    async def look_through(self) -> None:
        """Look for damaged pages after an end that we did not make: a kill, a loss of power."""
        if self._hold is None or not self._hold.is_after_crash:
            return
        log.info(event("looking for damage", because="the last end was not a clean one"))
        try:
            # Not in our own threads, for whose end a stop waits.
            damage = await asyncio.to_thread(self._store.find_damage)
        except AggregatorError as error:
            log.warning(event("not looked for damage", because=error))
            return
        if damage is None:
            self._hold.found_whole()
            log.info(event("no damage found"))
        else:
            self._damage = str(damage)
            log.error(event("damage found", because=damage))

    async def beat(self) -> None:
        """Keep the scheduler going, and tell systemd that it goes.

        Trouble is told in words (STATUS=, /healthz), never by silence: a restart makes no room on
        a disk, and ends what still works.
        """
        usual_s = self._pace.heartbeat.total_seconds()
        pause_s = min(usual_s, (self._notifier.watchdog_s or usual_s * 3) / 3)
        while True:
            silent = self._jobs.silent
            if silent > STALE_TICK / 3:
                self._jobs.hurry()
            if silent <= STALE_TICK and self._notifier.watchdog_s is not None:
                self._notifier.send("WATCHDOG=1")
            await asyncio.sleep(pause_s)

    async def examine(self) -> None:
        """Look after the database and the scheduler, and say how they are."""
        while True:
            await self.look()
            await asyncio.sleep(self._pace.heartbeat.total_seconds())

    async def look(self) -> None:
        """Find out how all is now, and tell systemd."""
        self.health = await self._ailment()
        if self.is_ready and self._status != (status := self.status_line):
            self._status = status
            self._notifier.send(status)

    async def _ailment(self) -> str | None:
        if self._patience.trouble is not None:
            return self._patience.trouble
        if self._jobs.silent > STALE_TICK:
            return f"the scheduler has not run for {self._jobs.silent.seconds} s"
        trouble = self._damage or self._polls.trouble
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await asyncio.get_running_loop().run_in_executor(self._threads, self._store.ping)
        except TimeoutError:
            return trouble or "the database does not answer"
        except (BusyError, StoreOutgrownError) as error:
            self._patience.give_up(error)
            return str(error)
        except AggregatorError as error:
            return trouble or str(error)
        return trouble

    def unready(self) -> str | None:
        """Return why readers are not to be sent here yet, or any more."""
        if self._is_stopping():
            return "stopping"
        return None if self.is_ready else "starting: no poll is planned yet"

    def state(self) -> State:
        """Return how the daemon is, for whoever asks at its socket."""
        works = self.health is None
        fine = works and self._polls.offline_since is None
        return State(works=works, fine=fine, text=self.health or self._summary(self.health))
