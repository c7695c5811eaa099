"""What the tests of the workers let a worker do; functions travel to it by name."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path

from aggregator.model import Problem, ProblemKind
from aggregator.model.errors import UnreadableError


def double(number: int) -> int:
    return number * 2


def text(number: int) -> str:
    return f"<{number}>"


def pid(_: object) -> int:
    return os.getpid()


def refuse(_: object) -> None:
    raise UnreadableError(Problem(ProblemKind.NOT_A_FEED, "no feed", "look"))


def fail(_: object) -> None:
    raise KeyError("the document's own text")


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def sleep_once_told(path: str) -> None:
    Path(path).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(60)


def spin(_: object) -> None:
    while True:
        pass


def eat_memory(_: object) -> int:
    eaten = [bytearray(16 * 1024 * 1024) for _ in range(1000)]
    return len(eaten)


def die_of(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(60)


def leave(status: int) -> None:
    os._exit(status)


def chatter(_: object) -> str:
    print("this must not reach the protocol", flush=True)  # noqa: T201 - that is the test
    os.write(1, b"nor this")
    sys.stderr.write("nor this")
    return sys.stdin.read()


def many_bytes(count: int) -> bytes:
    return b"x" * count


def count_bytes(data: bytes) -> int:
    return len(data)


def evil(_: object) -> object:
    return Path("/")


def limits(_: object) -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_DATA)[0], resource.getrlimit(resource.RLIMIT_CORE)[0]


def inherited_files(_: object) -> list[str]:
    folder = Path("/proc/self/fd")
    return sorted(
        str(entry.readlink()).partition(":")[0] for entry in folder.iterdir() if entry.exists()
    )


def modules(_: object) -> list[str]:
    return sorted(sys.modules)


def ignores_the_signals_of_a_terminal(_: object) -> bool:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    return True


def parent(_: object) -> int:
    return os.getppid()


def pid_once_told(told: tuple[str, float]) -> int:
    """Say who works, after so many seconds, in a file of its own."""
    folder, seconds = told
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(seconds)
    return os.getpid()


def environment(_: object) -> tuple[dict[str, str], bytes]:
    return dict(os.environ), Path("/proc/self/environ").read_bytes()
