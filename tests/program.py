"""The program as a user runs it: a configuration in a folder, commands, the daemon as a process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import PATIENCE, ROOT
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROGRAM = Path(sys.executable).with_name("aggregator")


def without_machine(told: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Take from standard error what `check` says of the machine's own libraries."""
    lines = told.stderr.splitlines(keepends=True)
    told.stderr = "".join(line for line in lines if not line.startswith("warning: expat "))
    return told


def run_in(
    *words: str | Path, cwd: Path, text: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with `text` on its standard input; "\udcff" is the byte FF."""
    clean = {name: value for name, value in os.environ.items() if name != "AGGREGATOR_CONFIG"}
    told = subprocess.run(
        [PROGRAM, *words],
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        cwd=cwd,
        input=text,
        timeout=PATIENCE,
        env=clean | {"PYTHONIOENCODING": "utf-8"} | environment,
    )
    return without_machine(told)


class Program:
    """A folder with a config.toml, and the program run on it."""

    def __init__(self, folder: Path, *, allow_private: list[str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.allow_private = allow_private
        self.process: subprocess.Popen[str] | None = None
        self.log = folder / "daemon.log"
        self.store = ""  # further lines of [store], each with its line break

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        return self.folder / "aggregator.db"

    def configure(self, sources: str, feeds: str = "", *, top: str = "") -> None:
        self.config.write_text(
            f'[server]\nlisten = "127.0.0.1:{self.port}"\n{top}\n'
            f'[store]\npath = "aggregator.db"\n{self.store}'
            f"[network]\nallow_private = {json.dumps(self.allow_private)}\n"
            f'[log]\nlevel = "debug"\n{sources}\n'
            + (feeds or '[[feeds]]\nname = "all"\ntitle = "全部 · All"\n'),
            encoding="utf-8",
        )

    def run(self, *arguments: str, patience: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [PROGRAM, *arguments, "--config", self.config],
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )

    def status(self) -> dict[str, dict[str, Any]]:
        """Return what `status --json` says, by source."""
        rows = json.loads(self.run("status", "--json").stdout)
        return {row["name"]: row for row in rows}

    def start(self, environ: Mapping[str, str] | None = None, *, brisk: bool = False) -> None:
        """Start the daemon, or a `brisk` one (brisk_daemon.py), and wait until it serves."""
        usual: list[str | Path] = [PROGRAM, "run", "--config", self.config]
        quick: list[str | Path] = [sys.executable, "-m", "tests.brisk_daemon", self.config]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                quick if brisk else usual,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                text=True,
                env=os.environ | dict(environ or {}),
            )
        self.wait(self.serves, "the daemon to serve")

    def serves(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the daemon and return its exit status."""
        assert self.process is not None
        self.send(number)
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def end(self) -> None:
        """Kill the daemon, if one still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch a path from the daemon, whatever the status."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers=dict(headers or {})
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def titles(self, feed: str = "all") -> list[str]:
        """Return the titles in a feed's JSON, in order."""
        return [item["title"] for item in self.items(feed)]

    def items(self, feed: str = "all") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self.get(f"/feeds/{feed}.json").body)["items"]
        return items

    def wait(
        self, condition: Callable[[], object], what: str, *, patience: float = PATIENCE
    ) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"waited for {what}:\n{self.log.read_text()}"
            time.sleep(0.05)


class Answer:
    """One HTTP answer; names of headers are in lower case."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()


@contextlib.contextmanager
def program(folder: Path, *, allow_private: list[str]) -> Iterator[Program]:
    """Yield a program; its daemon, if one still runs then, is killed at the end."""
    made = Program(folder, allow_private=allow_private)
    try:
        yield made
    finally:
        made.end()
