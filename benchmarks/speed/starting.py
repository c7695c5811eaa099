"""How soon it begins: `--help`, a poll of one source, and the daemon until its first request."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from benchmarks.speed import documents
from benchmarks.speed.figures import Figure
from benchmarks.speed.peers import Ours, configuration
from benchmarks.speed.publisher import Publisher
from benchmarks.speed.tree import descendants, measure

_PATIENCE_S = 300


def commands(home: Path, rounds: int) -> list[Figure]:
    """Return the CPU ms of `--help`, and of a poll of one source that has nothing new."""
    written = documents.write(home / "documents", 1)
    asked, polled = [], []
    with Publisher(home / "publisher", 1) as publisher:
        publisher.serve(written.first)
        ours = Ours(home / "ours", [publisher.url(0, documents.name(0))])
        ours.prepare()
        ours.poll("first")
        for _ in range(rounds):
            log = home / "help.log"
            asked.append(measure([ours.program, "--help"], cwd=home, log=log).cpu_s * 1000)
            command: list[str | Path] = [ours.program, "poll", "s0"]
            polled.append(measure(command, cwd=ours.home, log=home / "poll.log").cpu_s * 1000)
    return [
        Figure("start/--help", "ms", tuple(asked)),
        Figure("start/poll of one source", "ms", tuple(polled)),
    ]


def daemon(home: Path, counts: tuple[int, ...], rounds: int) -> list[Figure]:
    """Return seconds from the start of the daemon, with an empty database, to its first request."""
    figures = []
    for count in counts:
        runs = [_first_request(home / f"start-{count}-{turn}", count) for turn in range(rounds)]
        walls, cpus = zip(*runs, strict=True)
        figures.append(Figure(f"start/first poll, {count} sources, wall", "s", walls))
        figures.append(Figure(f"start/first poll, {count} sources, CPU", "s", cpus))
    return figures


def _first_request(home: Path, count: int) -> tuple[float, float]:
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as publisher, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        publisher.settimeout(_PATIENCE_S)
        port = publisher.getsockname()[1]
        urls = [f"http://127.0.0.1:{port}/{documents.name(number)}" for number in range(count)]
        listen = f'[server]\nlisten = "127.0.0.1:{free.getsockname()[1]}"\n'
        free.close()
        (home / "config.toml").write_text(listen + configuration(urls), encoding="utf-8")
        began = time.perf_counter()
        with (home / "daemon.log").open("wb") as log:
            process = subprocess.Popen(
                [Ours.program, "run"], cwd=home, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            connection, _ = publisher.accept()
            wall = time.perf_counter() - began
            cpu = cpu_of(process.pid)
            connection.close()
        finally:
            for one in [process.pid, *descendants(process.pid)]:
                os.kill(one, signal.SIGKILL)
            process.wait()
    return wall, cpu


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process and all below it that live, to the nanosecond."""
    total = 0
    for one in [process, *descendants(process)]:
        for thread in Path(f"/proc/{one}/task").glob("*/schedstat"):
            try:
                total += int(thread.read_text().split()[0])
            except (OSError, IndexError):
                continue
    return total / 1e9
