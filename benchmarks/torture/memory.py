"""How much memory a process and its children take, as the kernel counts it (proc(5))."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

#: Between two looks.
EVERY_S = 0.1


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it, as far as they live."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                with suppress(OSError):
                    found += map(int, (task / "children").read_text().split())
    return found


def tree_kib(pid: int) -> int:
    """Return the resident memory of a tree; what processes share is counted for each of them."""
    return sum(figure(one, "VmRSS") for one in tree(pid))


def figure(pid: int, name: str) -> int:
    """Return a figure of /proc/PID/status, 0 where there is none (any more)."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open."""
    with suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return 0


class Peak:
    """Watches a process tree from now until `end`, which returns the most that it took, in MiB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._mib = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Stop watching."""
        self._over.set()
        self._thread.join()
        return self._mib

    def _watch(self) -> None:
        while True:
            self._mib = max(self._mib, tree_kib(self._pid) / 1024)
            if self._over.wait(EVERY_S):
                return
