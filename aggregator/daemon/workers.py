"""Worker processes that run untrusted work and can be killed: parsing and refining, mostly.

A worker is this module started as a program. Parent and worker speak in frames over two pipes, a
kind, a length and a pickle each; functions travel as their names, so a worker imports only what its
work needs. One call is served by one thread, which blocks on the pipes: nothing is copied or
unpickled on the event loop.

The worker bounds itself (anonymous memory, no core file, an alarm that outlives a lost parent); the
parent bounds the time and kills. What a worker answers is read with a list of allowed types only:
a worker that hostile input has taken over gains nothing here.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.daemon.admission import Admission
from aggregator.model import Problem, ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.model.worker_protocols import MAX_RESULT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

#: Starting Python and importing the steps, on a slow and busy machine.
_START_LIMIT = timedelta(seconds=60)
#: How much later than the deadline a worker ends itself when nobody is left to kill it.
_ALARM_GRACE = timedelta(seconds=30)
#: A worker whose heap stays above this share of its limit after a call is replaced.
_WORN_SHARE = 0.5

#: A process closes its pipes a moment before its exit status can be read.
_EXIT_GRACE = timedelta(seconds=1)
_TOO_MUCH_MEMORY = "reading it took more memory than a worker has"
#: A worker's own limit ends it otherwise; this is the kernel's doing, or somebody's.
_KILLED = "the worker was killed (signal 9): the machine ran out of memory, or by hand"

_FRAME = struct.Struct("!cQ")
_REQUEST, _STARTED, _RESULT, _PROBLEM = b"q", b"s", b"r", b"p"
#: Where the types that a result may be made of are defined; everything else is refused.
_RESULT_TYPES = ("aggregator.model", "datetime")


class Workers:
    """At most `count` worker processes, started on demand and ended when idle."""

    def __init__(
        self,
        *,
        count: int = 2,
        idle: timedelta = timedelta(seconds=60),
        data_limit_bytes: int = 256 * 1024 * 1024,
        python: str = sys.executable,
    ) -> None:
        """Start nothing yet. `data_limit_bytes` bounds each worker's anonymous memory.

        `python` is the interpreter that workers run.
        """
        self._python = python
        self._idle = idle
        self._data_limit_bytes = data_limit_bytes
        self._slots = Admission(count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker-call")
        self._live: set[Worker] = set()
        self._resting: dict[Worker, asyncio.TimerHandle] = {}
        self._closed = False

    async def run(
        self,
        steps: tuple[Callable[[Any], Any], ...],
        argument: object,
        *,
        deadline: timedelta,
        size_bytes: int = 0,
    ) -> Any:
        """Return what `steps`, applied in turn to `argument`, give, computed in a worker.

        `steps` are functions of a module; results are made of the model's types and plain values.
        Waits for a free worker first, in the order that `next_in_turn` gives to work of this size;
        `deadline` counts from the start of the work. Raises the `UnreadableError` that a step
        raised, or one of its own: PARSE_TIMEOUT, PARSE_MEMORY, TOO_LARGE (the result), INTERNAL (a
        step or the worker failed). Cancelling kills the worker.
        """
        await self._slots.enter(size_bytes)
        try:
            return await self._run(steps, argument, deadline)
        finally:
            self._slots.leave()

    async def _run(
        self, steps: tuple[Callable[[Any], Any], ...], argument: object, deadline: timedelta
    ) -> Any:
        if self._closed:
            raise UnreadableError(Problem(ProblemKind.INTERNAL, "the workers are closed"))
        worker = self._take()
        call = asyncio.get_running_loop().run_in_executor(
            self._threads, worker.call, steps, argument, deadline
        )
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            worker.interrupt()  # its thread sees the pipe close, and only then is the slot free
            await asyncio.gather(call, return_exceptions=True)
            raise
        finally:
            self._put_back(worker)

    async def aclose(self) -> None:
        """End all workers, also those at work, whose calls fail."""
        self._closed = True
        for timer in self._resting.values():
            timer.cancel()
        self._resting.clear()
        for worker in self._live:
            worker.interrupt()
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(_end_all, tuple(self._live))

    def _take(self) -> Worker:
        if not self._resting:
            worker = Worker(self._data_limit_bytes, self._python)
            self._live.add(worker)
            return worker
        worker, timer = self._resting.popitem()
        timer.cancel()
        return worker

    def _put_back(self, worker: Worker) -> None:
        if not worker.is_alive:
            self._live.discard(worker)
        elif not self._closed:
            self._resting[worker] = asyncio.get_running_loop().call_later(
                self._idle.total_seconds(), self._retire, worker
            )

    def _retire(self, worker: Worker) -> None:
        del self._resting[worker]
        self._live.discard(worker)
        self._threads.submit(worker.end)


def _end_all(workers: tuple[Worker, ...]) -> None:
    for worker in workers:
        worker.end()


# --- the parent's end of the pipes: runs in threads ---------------------------------------------


class _LostError(Exception):
    """The pipe is closed: the process has ended."""


class _LateError(Exception):
    """Nothing came in time."""


class Worker:
    """One worker process, started by its first call; a call blocks the thread that makes it."""

    def __init__(self, data_limit_bytes: int, python: str = sys.executable) -> None:
        self._data_limit_bytes = data_limit_bytes
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._interrupted = False

    @property
    def is_alive(self) -> bool:
        """Whether there is a process that can serve another call."""
        return self._process is not None

    def call(
        self, steps: tuple[Callable[[Any], Any], ...], argument: object, deadline: timedelta
    ) -> Any:
        """Run the steps in the process; see `Workers.run` for what is raised."""
        try:
            process = self._started()
            request = pickle.dumps((steps, argument, deadline), pickle.HIGHEST_PROTOCOL)
            _write(_pipe(process.stdin), _REQUEST, request, _START_LIMIT)
            del request  # as large as the document, and the worker has it now
            kind, payload = _read(_pipe(process.stdout), _START_LIMIT)
            if kind == _STARTED:
                kind, payload = _read(_pipe(process.stdout), deadline)
            answer, worn = _ResultUnpickler(_Payload(payload)).load()
        except _LateError:
            self.end()
            detail = f"not read within {deadline.total_seconds():g} s"
            raise UnreadableError(Problem(ProblemKind.PARSE_TIMEOUT, detail)) from None
        except _LostError:
            raise UnreadableError(self._post_mortem()) from None
        except pickle.UnpicklingError as error:
            self.end()
            detail = f"the worker answered with what no result is made of: {error}"
            raise UnreadableError(Problem(ProblemKind.INTERNAL, detail)) from None
        except BaseException:
            self.end()
            raise
        if worn:
            self.end()
        if kind == _PROBLEM:
            raise UnreadableError(answer)
        return answer

    def interrupt(self) -> None:
        """Make a call under way fail soon; safe from any thread, does not wait."""
        self._interrupted = True
        if self._process is not None:
            self._process.kill()

    def end(self, *, grace: timedelta = timedelta()) -> int | None:
        """Reap the process, killed unless it ends within `grace`; return its exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        with process:  # closes the pipes and reaps
            try:
                process.wait(grace.total_seconds())
            except subprocess.TimeoutExpired:
                process.kill()
        return process.returncode

    def _post_mortem(self) -> Problem:
        """Return why the process is gone: by its exit status, negative for a signal."""
        status = self.end(grace=_EXIT_GRACE)
        if self._interrupted:
            return Problem(ProblemKind.INTERNAL, "the worker was stopped")
        if status == -signal.SIGABRT:  # Rust aborts when an allocation fails (nh3)
            return Problem(ProblemKind.PARSE_MEMORY, _TOO_MUCH_MEMORY)
        if status == -signal.SIGKILL:
            return Problem(ProblemKind.PARSE_MEMORY, _KILLED, "see the kernel's log (dmesg)")
        return Problem(ProblemKind.INTERNAL, f"the worker ended with status {status}")

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.end()  # somebody ended it while it rested
        if self._process is None:
            # -P: no module is taken from the working directory unless this program's path says so.
            try:
                self._process = self._spawned()
            except OSError as error:  # no right to it, no process or memory left, another upgrade
                detail = f"no worker can be started: {self._python}: {error.strerror}"
                raise UnreadableError(Problem(ProblemKind.INTERNAL, detail)) from error
            for pipe in (self._process.stdin, self._process.stdout):
                os.set_blocking(_pipe(pipe), False)
        if self._interrupted:
            raise _LostError
        return self._process

    def _spawned(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - this interpreter, this module
            [
                self._python,
                "-P",
                "-m",
                "aggregator.daemon.workers",
                str(self._data_limit_bytes),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"},
        )


class _Payload:
    """A file of bytes in memory that gives way to other threads at each read.

    io.BytesIO would copy all of a bytearray first, and the event loop waits for that.
    """

    def __init__(self, payload: bytearray) -> None:
        self._view = memoryview(payload)

    def read(self, count: int) -> bytes:
        part, self._view = self._view[:count], self._view[count:]
        return bytes(part)

    def readinto(self, buffer: bytearray) -> int:
        part, self._view = self._view[: len(buffer)], self._view[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def readline(self) -> bytes:
        raise pickle.UnpicklingError("a worker answered in an old protocol")


class _ResultUnpickler(pickle.Unpickler):
    """Reads what a worker answers; refuses every type that no result is made of."""

    def find_class(self, module: str, name: str) -> Any:
        home = module if module in _RESULT_TYPES else module.rpartition(".")[0]
        if home in _RESULT_TYPES and "." not in name:
            found = super().find_class(module, name)
            # A module also holds what it imports; only the types that it defines are allowed.
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name}")


def _pipe(file: Any) -> int:
    return int(file.fileno())


def _write(pipe: int, kind: bytes, payload: bytes, limit: timedelta) -> None:
    until = time.monotonic() + limit.total_seconds()
    for part in (_FRAME.pack(kind, len(payload)), payload):
        rest = memoryview(part)
        while rest:
            _wait(pipe, select.POLLOUT, until)
            try:
                rest = rest[os.write(pipe, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _LostError from None


def _read(pipe: int, limit: timedelta) -> tuple[bytes, bytearray]:
    until = time.monotonic() + limit.total_seconds()
    kind, length = _FRAME.unpack(_read_exactly(pipe, _FRAME.size, until))
    if length > MAX_RESULT_BYTES:
        raise _LostError
    return kind, _read_exactly(pipe, length, until)


def _read_exactly(pipe: int, length: int, until: float) -> bytearray:
    buffer = bytearray(length)
    rest = memoryview(buffer)
    while rest:
        _wait(pipe, select.POLLIN, until)
        count = os.readv(pipe, [rest])
        if count == 0:
            raise _LostError
        rest = rest[count:]
    return buffer


def _wait(pipe: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    remaining = until - time.monotonic()
    if remaining <= 0 or not poll.poll(remaining * 1000):
        raise _LateError


# --- the worker's end: a process of its own -----------------------------------------------------


def main() -> None:
    """Serve calls until the parent closes the pipe."""
    data_limit_bytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_DATA, (data_limit_bytes, data_limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A terminal's Ctrl-C and a service's SIGTERM reach all processes; the parent decides when.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)  # what a library prints must not reach the protocol
    os.dup2(nowhere, 1)
    while header := requests.read(_FRAME.size):
        _, length = _FRAME.unpack(header)
        kind, payload = _serve(requests.read(length), answers)
        answers.write(_FRAME.pack(kind, len(payload)) + payload)
        answers.flush()


def _serve(request: bytes, answers: Any) -> tuple[bytes, bytes]:
    """Run one call; return the frame that answers it."""
    try:
        steps, result, deadline = pickle.loads(request)  # noqa: S301 - from the parent, who may
        answers.write(_FRAME.pack(_STARTED, 0))
        answers.flush()
        alarm = deadline + _ALARM_GRACE
        signal.setitimer(signal.ITIMER_REAL, alarm.total_seconds())
        for step in steps:
            result = step(result)
        payload = pickle.dumps((result, _is_worn()), pickle.HIGHEST_PROTOCOL)
        if len(payload) <= MAX_RESULT_BYTES:
            return _RESULT, payload
        size = f"{len(payload) >> 20} MiB of entries, {MAX_RESULT_BYTES >> 20} at most"
        problem, worn = Problem(ProblemKind.TOO_LARGE, f"the document gives {size}"), True
    except UnreadableError as error:
        problem, worn = error.problem, _is_worn()
    except MemoryError:
        problem, worn = Problem(ProblemKind.PARSE_MEMORY, _TOO_MUCH_MEMORY), True
    except Exception as error:  # noqa: BLE001 - a defect met by one document must not stop the rest
        problem, worn = Problem(ProblemKind.INTERNAL, _told(error), "please report this"), True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return _PROBLEM, pickle.dumps((problem, worn), pickle.HIGHEST_PROTOCOL)


def _told(error: Exception) -> str:
    """Return one line: what went wrong, and where in the code."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"


def _is_worn() -> bool:
    """Tell whether this process holds so much memory that the next call should have a new one."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:  # no /proc here
        return False
    data = next(line for line in status.splitlines() if line.startswith("VmData:"))
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return int(data.split()[1]) * 1024 > limit * _WORN_SHARE


if __name__ == "__main__":
    main()
