"""The daemon's end of the zygote, and workers that are programs of their own where there is none.

Both start processes that hold nothing of this one: neither its environment, nor its descriptors,
nor its memory, where the configuration's secrets are.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import aggregator
from aggregator.daemon.zygote_program import ASKED, FORK, TOLD, WAIT

if TYPE_CHECKING:
    from datetime import timedelta

#: What workers of the daemon do; importing it all takes longer than reading a document.
PRELOADED = (
    "aggregator.daemon.reading",
    "aggregator.parse.documents",
    "aggregator.refine",
)

#: Starting Python and importing, on a slow and busy machine.
_START_LIMIT_S = 60.0


class Process(Protocol):
    """One worker process that was started; its pipes do not block on this side."""

    requests: int
    answers: int

    def is_alive(self) -> bool:
        """Tell whether it has not ended."""

    def kill(self) -> None:
        """End it at once; safe from any thread, more than once, and when it has ended."""

    def end(self, grace: timedelta) -> int:
        """Close the pipes and reap it, killed unless it ends within `grace`; return its status."""


class Starter(Protocol):
    """Starts worker processes, from any thread."""

    def start(self, data_limit_bytes: int) -> Process:
        """Return a new process, ready for requests; raises `OSError`."""

    def prepare(self) -> None:
        """Begin, without waiting, with what the first start would have to wait for."""

    def end(self) -> None:
        """End whatever was kept for the next start."""


def starter(python: str = sys.executable) -> Starter:
    """Return how the daemon's workers are started: forked where processes have descriptors."""
    return Zygote(python) if hasattr(os, "pidfd_open") else Programs(python)


class Programs:
    """Starts each worker as a program of its own."""

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python

    def start(self, data_limit_bytes: int) -> Process:
        """Start Python anew; `OSError` where that cannot be."""
        return _Program(self._python, data_limit_bytes)

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def end(self) -> None:
        """There is nothing to end."""


class _Program:
    def __init__(self, python: str, data_limit_bytes: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, this module
            [*_command(python, "aggregator.daemon.worker_program"), str(data_limit_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
        )
        assert self._process.stdin is not None  # noqa: S101 - PIPE
        assert self._process.stdout is not None  # noqa: S101
        self.requests = self._process.stdin.fileno()
        self.answers = self._process.stdout.fileno()
        for pipe in (self.requests, self.answers):
            os.set_blocking(pipe, False)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def end(self, grace: timedelta) -> int:
        with self._process as process:  # closes the pipes and reaps
            try:
                process.wait(grace.total_seconds())
            except subprocess.TimeoutExpired:
                process.kill()
        return process.returncode


class Zygote:
    """A process with everything loaded that forks workers; started when first needed, or before."""

    def __init__(
        self, python: str = sys.executable, preloaded: tuple[str, ...] = PRELOADED
    ) -> None:
        self._python = python
        self._preloaded = preloaded
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Start it, and do not wait for what it loads; trouble is told when a worker is wanted."""
        with self._lock, contextlib.suppress(OSError):
            self._running()

    def start(self, data_limit_bytes: int) -> Process:
        """Fork a worker; a zygote that has ended is replaced once."""
        with self._lock:
            try:
                return self._forked(data_limit_bytes)
            except (ConnectionError, TimeoutError):
                self._end()
                return self._forked(data_limit_bytes)

    def end(self) -> None:
        """End the zygote; workers that live still are ended by the end of their pipes."""
        with self._lock:
            self._end()

    def status_of(self, pid: int) -> int:
        """Return the status of one of its workers, which has ended."""
        with self._lock:
            if self._control is None:
                return 1
            try:
                self._control.send(ASKED.pack(WAIT, pid))
                return self._told(self._control)
            except OSError:  # killed, and its workers' statuses are lost with it
                return 1

    def _forked(self, data_limit_bytes: int) -> Process:
        control = self._running()
        theirs_in, requests = os.pipe()
        answers, theirs_out = os.pipe()
        try:
            socket.send_fds(control, [ASKED.pack(FORK, data_limit_bytes)], [theirs_in, theirs_out])
            return _Forked(self, self._pid_told(control), requests, answers)
        except BaseException:
            os.close(requests)
            os.close(answers)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    def _running(self) -> socket.socket:
        if self._control is not None:
            return self._control
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_START_LIMIT_S)
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - this interpreter, this module
                    [*_command(self._python, "aggregator.daemon.zygote_program"), *self._preloaded],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=_environment(),
                )
            except BaseException:
                ours.close()
                raise
        self._control = ours
        return ours

    def _pid_told(self, control: socket.socket) -> int:
        pid = self._told(control)
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid

    def _told(self, control: socket.socket) -> int:
        told = control.recv(TOLD.size)
        if not told:
            raise ConnectionResetError
        (number,) = TOLD.unpack(told)
        return int(number)

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class _Forked:
    """A worker that the zygote forked. It is a zombie, and keeps its pid, until it is reaped."""

    def __init__(self, zygote: Zygote, pid: int, requests: int, answers: int) -> None:
        self.requests = requests
        self.answers = answers
        self._zygote = zygote
        self._pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._lock = threading.Lock()
        for pipe in (requests, answers):
            os.set_blocking(pipe, False)

    def is_alive(self) -> bool:
        return not self._has_ended(0)

    def kill(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def end(self, grace: timedelta) -> int:
        os.close(self.requests)
        os.close(self.answers)
        if not self._has_ended(grace.total_seconds()):
            self.kill()
            self._has_ended(None)
        with self._lock:
            os.close(self._descriptor)
            self._descriptor = -1
        return self._zygote.status_of(self._pid)

    def _has_ended(self, within_s: float | None) -> bool:
        """Tell whether it ends within so many seconds, `None` for however long it takes."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(None if within_s is None else within_s * 1000))


def _command(python: str, module: str) -> list[str]:
    # -P: no module is taken from the working directory unless this program's path says so.
    # -S: folders of packages are told in the path, and what else `site` does takes 10 ms.
    return [python, "-P", "-S", "-m", module]


def _environment() -> dict[str, str]:
    ours = str(Path(aggregator.__file__).parents[1])
    return {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, [*sys.path, ours]))),
        "PYTHONUTF8": "1",
    }
