"""The worker's end: a process of its own that bounds itself and serves one call after another.

Started as a program (`python -m aggregator.daemon.worker_program`), or forked by the zygote.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import traceback
from datetime import timedelta
from pathlib import Path

from aggregator.daemon import worker_frames as frames
from aggregator.model import Problem, ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.model.worker_protocols import MAX_RESULT_BYTES

TOO_MUCH_MEMORY = "reading it took more memory than a worker has"

#: How much later than the deadline a worker ends itself when nobody is left to kill it.
_ALARM_GRACE = timedelta(seconds=30)
#: A worker whose heap stays above this share of its limit after a call is replaced.
_WORN_SHARE = 0.5


def main() -> None:
    """Serve calls from standard input until the parent closes it."""
    leave_signals_to_the_parent()
    requests, answers = os.dup(0), os.dup(1)
    close_standard_files()
    serve(requests, answers, data_limit_bytes=int(sys.argv[1]))


def leave_signals_to_the_parent() -> None:
    """Ignore a terminal's Ctrl-C and a service's SIGTERM, which reach all processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def close_standard_files() -> None:
    """Let what a library reads and prints come from, and go, nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    os.close(nowhere)


def serve(requests: int, answers: int, *, data_limit_bytes: int) -> None:
    """Serve calls over two pipes until the parent closes the first.

    At most so much anonymous memory, no core file, and an alarm that outlives a lost parent.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (data_limit_bytes, data_limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while (request := frames.take(requests)) is not None:
        kind, payload = _serve(request, answers)
        del request
        frames.put(answers, kind, payload)


def _serve(request: bytearray, answers: int) -> tuple[bytes, bytes]:
    """Run one call; return the frame that answers it."""
    try:
        steps, result, deadline = pickle.loads(request)  # noqa: S301 - from the parent, who may
        frames.put(answers, frames.STARTED)
        alarm = deadline + _ALARM_GRACE
        signal.setitimer(signal.ITIMER_REAL, alarm.total_seconds())
        for step in steps:
            result = step(result)
        payload = pickle.dumps((result, _is_worn()), pickle.HIGHEST_PROTOCOL)
        if len(payload) <= MAX_RESULT_BYTES:
            return frames.RESULT, payload
        size = f"{len(payload) >> 20} MiB of entries, {MAX_RESULT_BYTES >> 20} at most"
        problem, worn = Problem(ProblemKind.TOO_LARGE, f"the document gives {size}"), True
    except UnreadableError as error:
        problem, worn = error.problem, _is_worn()
    except MemoryError:
        problem, worn = Problem(ProblemKind.PARSE_MEMORY, TOO_MUCH_MEMORY), True
    except Exception as error:  # noqa: BLE001 - a defect met by one document must not stop the rest
        problem, worn = Problem(ProblemKind.INTERNAL, _told(error), "please report this"), True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return frames.PROBLEM, pickle.dumps((problem, worn), pickle.HIGHEST_PROTOCOL)


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
