"""What the daemon takes while nothing is due: CPU of a core, and memory, with so many sources."""

from __future__ import annotations

import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.config import load
from aggregator.model import NotModified
from aggregator.store.sqlite import open_store
from benchmarks.speed.figures import Figure
from benchmarks.speed.peers import Ours, configuration
from benchmarks.speed.starting import cpu_of
from benchmarks.speed.tree import pss_of
from tests.making import finish
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

WATCHED_S = 60
_SETTLED_CPU = 0.05
_PATIENCE_S = 600


def run(home: Path, count: int) -> list[Figure]:
    """Return per cent of a core over a minute, and PSS, of a daemon whose sources all rest."""
    listen = f'[server]\nlisten = "127.0.0.1:{free_port()}"\n[defaults]\ninterval = "31d"\n'
    urls = [f"http://127.0.0.1:9/{number}" for number in range(count)]
    path = home / "config.toml"
    path.write_text(listen + configuration(urls), encoding="utf-8")
    config = load(path)
    store = open_store(config.store.path)
    try:
        store.apply(config.sources, config.feeds, now=datetime.now(UTC))
        rested = datetime.now(UTC) + timedelta(days=20)
        for source in config.sources:
            finish(store, NotModified(source.urls[0]), rested, name=source.name)
    finally:
        store.close()
    with (home / "daemon.log").open("wb") as log:
        process = subprocess.Popen([Ours.program, "run"], cwd=home, stdout=log, stderr=log)
    try:
        _settle(process.pid)
        before = cpu_of(process.pid)
        time.sleep(WATCHED_S)
        share = (cpu_of(process.pid) - before) * 100 / WATCHED_S
        memory = pss_of(process.pid) / 1e6
        if process.poll() is not None:
            raise RuntimeError(f"the daemon ended: {(home / 'daemon.log').read_text()[-800:]}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return [
        Figure(f"idle/{count} sources, CPU", "%", (share,)),
        Figure(f"idle/{count} sources, PSS", "MB", (memory,)),
    ]


def _settle(process: int) -> None:
    """Wait until what it does at its start is over."""
    deadline = time.monotonic() + _PATIENCE_S
    time.sleep(5)
    while time.monotonic() < deadline:
        before = cpu_of(process)
        time.sleep(3)
        if cpu_of(process) - before < 3 * _SETTLED_CPU:
            return
