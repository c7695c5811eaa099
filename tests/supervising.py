"""A stand-in for systemd: the socket that hears sd_notify(3), and the daemon that it starts."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests import PATIENCE, ROOT
from tests.ports import free_port
from tests.program import PROGRAM

#: WatchdogSec= of these tests.
WATCHDOG = timedelta(milliseconds=900)


class Supervisor:
    """The receiving end of NOTIFY_SOCKET, and the daemon that was started with it."""

    def __init__(self, folder: Path, *, abstract: bool = False) -> None:
        self.heard: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = f"@aggregator-test-{uuid.uuid4()}" if abstract else str(folder / "notify")
        self.socket.bind(self.address.replace("@", "\0", 1) if abstract else self.address)
        self.port = free_port()
        self.config = folder / "config.toml"
        self.configure()
        self.daemon: subprocess.Popen[str] | None = None

    def configure(self, more: str = "") -> None:
        self.config.write_text(
            f'[server]\nlisten = "127.0.0.1:{self.port}"\n'
            '[network]\nallow_private = ["127.0.0.1:9"]\n'
            '[[sources]]\nname = "silent"\nurl = "http://127.0.0.1:9/"\n'
            '[[feeds]]\nname = "all"\ntitle = "All"\n' + more,
            encoding="utf-8",
        )

    def start(self, watchdog_pid: str = "$$", *, before: str = ":", brisk: bool = False) -> None:
        """Start the daemon (or a brisk one) as systemd does; `$$` is its own pid, as it should be.

        `before` is shell that its process runs first.
        """
        usual: list[str | Path] = [PROGRAM, "run", "--config", self.config]
        quick: list[str | Path] = [sys.executable, "-m", "tests.brisk_daemon", self.config]
        microseconds = str(WATCHDOG // timedelta(microseconds=1))
        self.daemon = subprocess.Popen(
            ["sh", "-c", f'{before}; WATCHDOG_PID={watchdog_pid} exec "$@"', "sh",
             *(quick if brisk else usual)],
            cwd=ROOT,
            env=os.environ | {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": microseconds},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def wait(self, wanted: Callable[[str], bool], what: str) -> str:
        """Return the first line from now on that is `wanted`."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                lines = self.socket.recv(65536).decode().splitlines()
            except TimeoutError:
                break
            self.heard += lines
            for line in lines:
                if wanted(line):
                    return line
        pytest.fail(f"no {what} came; heard {self.heard}; {self.end()}")

    def wait_for(self, line: str) -> None:
        self.wait(lambda heard: heard == line, line)

    def wait_until_it_says(self, words: str) -> None:
        """Wait for a line of the daemon's log; what it says before that is not in `end`."""
        assert self.daemon is not None
        assert self.daemon.stdout is not None
        impatience = threading.Timer(PATIENCE, self.daemon.kill)
        impatience.start()
        try:
            if not any(words in line for line in self.daemon.stdout):
                pytest.fail(f"it ended, and never said {words!r}; heard {self.heard}")
        finally:
            impatience.cancel()

    def watch_start(self, until: Callable[[], bool], *, patience: timedelta, speed: float) -> None:
        """Watch over a start until something is so, as systemd would with TimeoutStartSec=.

        A second of the daemon's is `1 / speed` of ours. Fails when the daemon says neither READY=1
        nor that it needs more time (EXTEND_TIMEOUT_USEC=).
        """
        deadline = time.monotonic() + patience.total_seconds() / speed
        self.socket.settimeout(0.1)
        while not until():
            assert self.daemon is not None
            assert self.daemon.poll() is None, f"ended; heard {self.heard}; {self.end()}"
            assert time.monotonic() < deadline, f"too late; heard {self.heard}; {self.end()}"
            try:
                lines = self.socket.recv(65536).decode().splitlines()
            except TimeoutError:
                continue
            self.heard += lines
            for line in lines:
                name, _, value = line.partition("=")
                if name == "EXTEND_TIMEOUT_USEC":
                    more = timedelta(microseconds=int(value)).total_seconds()
                    deadline = max(deadline, time.monotonic() + more / speed)

    def signal(self, number: signal.Signals) -> None:
        assert self.daemon is not None
        self.daemon.send_signal(number)

    def end(self) -> str:
        """End the daemon if it still runs; return what it said."""
        if self.daemon is None:
            return ""
        self.daemon.terminate()
        try:
            said, _ = self.daemon.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            said, _ = self.daemon.communicate()
        return said

    def health(self, path: str = "/healthz") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()
