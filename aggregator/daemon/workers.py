"""Worker processes that run untrusted work and can be killed: parsing and refining, mostly.

A worker is a process with nothing of this one (`zygote`, `worker_program`). Parent and worker speak
in frames over two pipes (`worker_frames`); functions travel as their names. One call is served by
one thread, which blocks on the pipes: nothing is copied or unpickled on the event loop.

The worker bounds itself; the parent bounds the time and kills. What a worker answers is read with a
list of allowed types only.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.daemon import worker_frames as frames
from aggregator.daemon.admission import Admission
from aggregator.daemon.worker_program import TOO_MUCH_MEMORY
from aggregator.daemon.zygote import Programs, starter
from aggregator.model import Problem, ProblemKind
from aggregator.model.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.daemon.zygote import Process, Starter

#: Until a new process takes its first request, on a slow and busy machine.
_START_LIMIT = timedelta(seconds=60)
#: A process closes its pipes a moment before its exit status can be read.
_EXIT_GRACE = timedelta(seconds=1)
#: A worker's own limit ends it otherwise; this is the kernel's doing, or somebody's.
_KILLED = "the worker was killed (signal 9): the machine ran out of memory, or by hand"


class Workers:
    """At most `count` worker processes, started on demand and ended when idle."""

    def __init__(
        self,
        *,
        count: int = 2,
        idle: timedelta = timedelta(seconds=60),
        rest: timedelta = timedelta(minutes=10),
        data_limit_bytes: int = 256 * 1024 * 1024,
        starting: Starter | None = None,
    ) -> None:
        """Start nothing yet. `data_limit_bytes` bounds each worker's anonymous memory.

        A worker ends that has had nothing to do for `idle`. `starting` makes the processes; what
        it keeps for that ends with them, and when there has been no worker for `rest`.
        """
        self._rest = rest
        self._resting_soon: asyncio.TimerHandle | None = None
        self._starting = starting or starter()
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
        self._stay_up()
        for timer in self._resting.values():
            timer.cancel()
        self._resting.clear()
        for worker in self._live:
            worker.interrupt()
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._end_all)

    def _end_all(self) -> None:
        for worker in tuple(self._live):
            worker.end()
        self._starting.end()

    def _take(self) -> Worker:
        self._stay_up()
        if not self._resting:
            worker = Worker(self._data_limit_bytes, self._starting)
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
        if not self._live:
            self._resting_soon = asyncio.get_running_loop().call_later(
                self._rest.total_seconds(), self._threads.submit, self._starting.end
            )

    def _stay_up(self) -> None:
        if self._resting_soon is not None:
            self._resting_soon.cancel()
            self._resting_soon = None


# --- the parent's end of the pipes: runs in threads ---------------------------------------------


class Worker:
    """One worker process, started by its first call; a call blocks the thread that makes it."""

    def __init__(self, data_limit_bytes: int, starting: Starter | None = None) -> None:
        """`starting` makes the process: by default a program that has loaded nothing."""
        self._data_limit_bytes = data_limit_bytes
        self._starting = starting or Programs()
        self._process: Process | None = None
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
            frames.write(process.requests, frames.REQUEST, request, _START_LIMIT)
            del request  # as large as the document, and the worker has it now
            kind, payload = frames.read(process.answers, _START_LIMIT)
            if kind == frames.STARTED:
                kind, payload = frames.read(process.answers, deadline)
            answer, worn = frames.result_of(payload)
        except frames.LateError:
            self.end()
            detail = f"not read within {deadline.total_seconds():g} s"
            raise UnreadableError(Problem(ProblemKind.PARSE_TIMEOUT, detail)) from None
        except frames.LostError:
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
        if kind == frames.PROBLEM:
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
        return None if process is None else process.end(grace)

    def _post_mortem(self) -> Problem:
        """Return why the process is gone: by its exit status, negative for a signal."""
        status = self.end(grace=_EXIT_GRACE)
        if self._interrupted:
            return Problem(ProblemKind.INTERNAL, "the worker was stopped")
        if status == -signal.SIGABRT:  # Rust aborts when an allocation fails (nh3)
            return Problem(ProblemKind.PARSE_MEMORY, TOO_MUCH_MEMORY)
        if status == -signal.SIGKILL:
            return Problem(ProblemKind.PARSE_MEMORY, _KILLED, "see the kernel's log (dmesg)")
        return Problem(ProblemKind.INTERNAL, f"the worker ended with status {status}")

    def _started(self) -> Process:
        if self._process is not None and not self._process.is_alive():
            self.end()  # somebody ended it while it rested
        if self._process is None:
            try:
                self._process = self._starting.start(self._data_limit_bytes)
            except OSError as error:  # no right to it, no process or memory left, another upgrade
                told = error.strerror or type(error).__name__
                where = f"{error.filename}: " if error.filename else ""
                detail = f"no worker can be started: {where}{told}"
                raise UnreadableError(Problem(ProblemKind.INTERNAL, detail)) from error
        if self._interrupted:
            raise frames.LostError
        return self._process
