"""Publishers that take 200 ms to answer: how near to the ideal a hundred polls at once come."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.speed import documents
from benchmarks.speed.figures import Figure
from benchmarks.speed.peers import Ours, configuration
from benchmarks.speed.publisher import MOST_SITES, ROOT, address
from benchmarks.speed.tree import measure
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

DELAY_MS = 200
AT_ONCE = 100


def run(home: Path, count: int, rounds: int) -> list[Figure]:
    """Return the wall time of polling `count` sources on 250 sites, all 304, over the ideal.

    From the first request to the last answer, as the publisher saw them: start-up is apart.
    """
    written = documents.write(home / "documents", count)
    sites = min(count, MOST_SITES)
    port = free_port()
    urls = [
        f"http://{address(number, sites)}:{port}/{documents.name(number)}"
        for number in range(count)
    ]
    place = home / "ours"
    place.mkdir()
    config = configuration(urls, polling=f"concurrency = {AT_ONCE}")
    (place / "config.toml").write_text(config, encoding="utf-8")
    ideal = count * DELAY_MS / 1000 / AT_ONCE
    ratios, cpus = [], []
    for turn in range(rounds + 1):
        log = home / f"answers-{turn}.log"
        delay = DELAY_MS if turn else 0
        words = [
            str(written.first),
            str(port),
            str(sites),
            "--delay",
            str(delay),
            "--log",
            str(log),
        ]
        publisher = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.plain_publisher", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        try:
            assert publisher.stdout is not None  # noqa: S101 - as it was started
            publisher.stdout.readline()
            command: list[str | Path] = [Ours.program, "poll", "--force"]
            used = measure(command, cwd=place, log=home / f"poll-{turn}.log")
        finally:
            publisher.terminate()
            publisher.wait()
        if turn:
            moments = [float(line.split()[1]) for line in log.read_text().splitlines()]
            ratios.append((max(moments) - min(moments) + DELAY_MS / 1000) / ideal)
            cpus.append(used.cpu_s * 1000 / count)
        time.sleep(0.1)
    return [
        Figure(f"slow/{count} sources, wall over ideal", "×", tuple(ratios)),
        Figure(f"slow/{count} sources, CPU a source", "ms", tuple(cpus)),
    ]
