"""The processes of a fleet that is measured: publishers, schedulers that only hand out, workers."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from tests.ports import free_port

if TYPE_CHECKING:
    from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
PROGRAM = "aggregator"
#: How long anything may take that a busy machine does at once.
PATIENCE_S = 120.0

_CONFIG = """
[store]
url = "{url}"
path = "{folder}/{name}.db"
[network]
allow_private = ["127.0.0.0/8"]
[server]
listen = "127.0.0.1:{listen}"
[log]
level = "warning"
"""
#: Of a database whose sources are in no configuration.
_ONE = '[[sources]]\nname = "s0"\nurl = "http://127.1.0.0:1/0.xml"\n'


class Members:
    """Starts them in a folder, and ends all of them with its `with` block.

    Publishers are at `port`; `sources` are of each member's configuration, as TOML.
    """

    def __init__(self, url: str, folder: Path, port: int, *, sources: str = _ONE) -> None:
        self._url = url
        self._sources = sources
        self._folder = folder
        self._port = port
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._start("benchmarks.fleet.responder", str(self._port))
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)):
                return self
            time.sleep(0.05)
        raise TimeoutError("the publishers did not start")

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Start one that hands out."""
        return self._start("benchmarks.fleet.ticking", self._url, str(self._folder))

    def worker(self, name: str, slots: int) -> subprocess.Popen[bytes]:
        """Start `aggregator worker`, which polls so many sites at a time."""
        return self.member(name, "worker", "--concurrency", str(slots))

    def member(self, name: str, role: str, *words: str) -> subprocess.Popen[bytes]:
        """Start `aggregator ROLE` with further words."""
        config = self._folder / f"{name}.toml"
        if not config.exists():
            said = {"url": _as_url(self._url), "folder": self._folder, "name": name}
            config.write_text(_CONFIG.format(listen=free_port(), **said) + self._sources)
        return self._start(PROGRAM, role, "--config", str(config), "--name", name, *words)

    def wait_for(self, asked: int) -> None:
        """Wait until so many documents were asked for."""
        deadline = time.monotonic() + PATIENCE_S
        while self.asked() < asked:
            if time.monotonic() > deadline:
                raise TimeoutError("the workers poll nothing")
            time.sleep(0.2)

    def counted(self) -> dict[str, Any]:
        """Return what the publishers have counted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/counted") as answer:
            counted: dict[str, Any] = json.load(answer)
        return counted

    def asked(self) -> int:
        """Return how many documents were asked for so far."""
        return sum(self.counted()["statuses"].values())

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{module}.{len(self._processes)}.log").open("wb")
        command = [sys.executable, "-m", module, *words]
        if module == PROGRAM:
            command = [str(Path(sys.executable).with_name(PROGRAM)), *words]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        log.close()
        self._processes.append(process)
        return process


def ended(*processes: subprocess.Popen[bytes]) -> None:
    """Let processes end as they should, and wait for that."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(PATIENCE_S)


def _as_url(url: str) -> str:
    """Return a connection string as `[store] url` says it."""
    said = conninfo_to_dict(url)
    user, dbname = said.pop("user"), said.pop("dbname")
    return f"postgresql://{user}@/{dbname}?{urlencode(said, quote_via=quote)}"
