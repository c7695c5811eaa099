"""Runs a command and tells what its whole process tree used; started as a program of its own.

    python -m benchmarks.speed.tree RESULT.json -- COMMAND …

Processes whose parents end become this program's children (it is their subreaper), so that their
CPU counts, too, whoever waits for them. Memory is read while they live: the sum over the tree of
RSS, and of PSS, which counts a page that several share once.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_RSS_EVERY_S = 0.05
_PSS_EVERY_S = 0.25
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Used:
    """What one run of a command took."""

    status: int
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    peak_pss_mb: float
    read_mb: float
    written_mb: float


class CommandFailedError(Exception):
    """The command ended with another status than it should."""


def measure(
    command: list[str | Path],
    *,
    cwd: Path,
    log: Path,
    environment: dict[str, str] | None = None,
    accept: tuple[int, ...] = (0,),
) -> Used:
    """Run a command to its end and return what it used; raises if its status is not accepted."""
    result = log.with_suffix(".json")
    root = Path(__file__).parent.parent.parent
    with log.open("wb") as output:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.speed.tree", result, "--", *command],
            cwd=cwd,
            env=dict(os.environ) | {"PYTHONPATH": str(root)} | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=True,
        )
    used = Used(**json.loads(result.read_text()))
    if used.status not in accept:
        said = log.read_text(errors="replace")[-1500:]
        raise CommandFailedError(f"{' '.join(map(str, command))}: status {used.status}\n{said}")
    return used


def run(command: list[str]) -> Used:
    """Run a command here, as the parent of everything that it leaves behind."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    rss = pss = 0
    pss_at = wall = 0.0
    status: int | None = None
    while True:
        tree = descendants(os.getpid())
        resident = sum(map(_rss, tree))
        if resident > rss * 1.02 or time.perf_counter() >= pss_at:
            pss = max(pss, sum(map(_pss, tree)))
            pss_at = time.perf_counter() + _PSS_EVERY_S
        rss = max(rss, resident)
        try:
            ended, code = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if ended == process.pid:
            status, wall = os.waitstatus_to_exitcode(code), time.perf_counter() - began
        if not ended:
            time.sleep(_RSS_EVERY_S)
    process.returncode = status  # it was waited for here
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Used(
        status=-1 if status is None else status,
        wall_s=wall,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_rss_mb=rss / 1e6,
        peak_pss_mb=pss / 1e6,
        read_mb=used.ru_inblock * 512 / 1e6,
        written_mb=used.ru_oublock * 512 / 1e6,
    )


def descendants(root: int) -> list[int]:
    """Return the processes below `root`, itself apart."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat[stat.rindex(")") + 2 :].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = list(children.get(root, ()))
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, ())
    return found


def pss_of(root: int) -> int:
    """Return the PSS in bytes of a process and everything below it."""
    return sum(map(_pss, [root, *descendants(root)]))


def _rss(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _pss(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Run what the command line says."""
    result, separator, *command = sys.argv[1:]
    if separator != "--":
        sys.exit(__doc__)
    Path(result).write_text(json.dumps(asdict(run(command))))


if __name__ == "__main__":
    main()
