"""A daemon as a process that can be killed at any moment and costs little to start again.

A fork server has imported the program already; each life is a fork of it, then the daemon itself:
lock, database, sockets, workers, polls. Only its clock and its pace are ours.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator import config as configuration
from aggregator.daemon import launch
from aggregator.daemon.pace import Pace
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

#: What the daemon does in minutes and days it does all the time, so that kills meet it.
HURRIED = Pace(
    tick=timedelta(seconds=0.05),
    outputs=timedelta(seconds=0.5),
    heartbeat=timedelta(seconds=0.2),
    watch=timedelta(seconds=0.5),
    advance=timedelta(seconds=0.3),
    steer=timedelta(seconds=1),
    prune=timedelta(seconds=0.3),
    retry=timedelta(seconds=0.3),
    drain=timedelta(seconds=0.5),
)

#: As the program is shipped.
USUAL = Pace()

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["benchmarks.torture.life", "aggregator.store.sqlite", "aggregator.outputs.static_files"]
)


def fork(work: Callable[..., object], *arguments: Any, log: Path) -> BaseProcess:
    """Start a function in a process of its own; what it prints and how it fails is in `log`."""
    process = _FORKS.Process(target=_child, args=(work, arguments, str(log)), daemon=False)
    process.start()
    return process


@dataclass(frozen=True, slots=True)
class Shifted:
    """A clock that is off by `offset` and goes `speed` times as fast as the true one since `at`."""

    offset: timedelta = timedelta(0)
    speed: float = 1.0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at + self.offset + (datetime.now(UTC) - self.at) * self.speed


def live(config: str, clock: Callable[[], datetime], pace: Pace = HURRIED) -> None:
    """Be the daemon of a configuration until told to stop."""
    launch.run(configuration.load(Path(config)), pace, clock)


def kill(process: BaseProcess) -> bool:
    """End a process by SIGKILL and tell whether that is what ended it."""
    process.kill()
    process.join(PATIENCE)
    return process.exitcode == -9


def stop(process: BaseProcess) -> int | None:
    """End a daemon in good order; return its exit status."""
    process.terminate()
    process.join(PATIENCE)
    return process.exitcode


def get(port: int, path: str, *, patience: float = PATIENCE) -> tuple[int, bytes]:
    """Fetch a path from the daemon: status (0: no answer) and body."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=patience) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return 0, b""


def wait(condition: Callable[[], object], *, patience: float = PATIENCE) -> bool:
    """Wait until a condition holds, and tell whether it came to."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _child(work: Callable[..., object], arguments: tuple[Any, ...], log: str) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    work(*arguments)
