"""What the daemon tells systemd (sd_notify(3)), heard by a socket that stands in for it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import PATIENCE
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

    def start(self, watchdog_pid: str = "$$") -> None:
        """Start the daemon as systemd does; `$$` is its own pid, as it should be."""
        microseconds = str(WATCHDOG // timedelta(microseconds=1))
        self.daemon = subprocess.Popen(
            ["sh", "-c", f'WATCHDOG_PID={watchdog_pid} exec "$@"', "sh", PROGRAM, "run",
             "--config", self.config],
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

    def health(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def supervisor(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, abstract=getattr(request, "param", False))
    try:
        yield made
    finally:
        made.end()
        made.socket.close()


@pytest.mark.parametrize("supervisor", [False, True], ids=["path", "abstract"], indirect=True)
def test_ready_means_serving_and_stopping_is_announced(supervisor: Supervisor) -> None:
    supervisor.start()
    supervisor.wait_for("READY=1")
    assert supervisor.health() == 200
    for _ in range(3):
        supervisor.wait_for("WATCHDOG=1")
    assert any(line.startswith("STATUS=") for line in supervisor.heard)
    supervisor.signal(signal.SIGTERM)
    supervisor.wait_for("STOPPING=1")
    assert supervisor.daemon is not None
    assert supervisor.daemon.wait(PATIENCE) == 0
    assert supervisor.heard.index("READY=1") < supervisor.heard.index("STOPPING=1")


def test_a_refused_reload_is_named_in_the_status_line_until_it_is_mended(
    supervisor: Supervisor,
) -> None:
    supervisor.start()
    supervisor.wait_for("READY=1")
    supervisor.configure("window = 7\n")
    supervisor.signal(signal.SIGHUP)
    status = supervisor.wait(
        lambda line: line.startswith("STATUS=") and "config.toml:" in line, "status with a place"
    )
    assert "window" in status
    assert supervisor.health() == 200
    supervisor.configure('window = "7d"\n')
    supervisor.signal(signal.SIGHUP)
    supervisor.wait(
        lambda line: line.startswith("STATUS=") and "config.toml:" not in line, "status without it"
    )


def test_a_watchdog_that_is_meant_for_another_process_is_left_alone(supervisor: Supervisor) -> None:
    supervisor.start(watchdog_pid="1")
    supervisor.wait_for("READY=1")
    time.sleep(2 * WATCHDOG.total_seconds())  # in which a daemon that is watched must speak
    supervisor.signal(signal.SIGTERM)
    supervisor.wait_for("STOPPING=1")
    assert "WATCHDOG=1" not in supervisor.heard


def test_a_mistake_in_the_configuration_ends_a_start_with_status_78(supervisor: Supervisor) -> None:
    supervisor.configure("window = 7\n")
    supervisor.start()
    assert supervisor.daemon is not None
    assert supervisor.daemon.wait(PATIENCE) == 78
    assert "config.toml:" in supervisor.end()
    supervisor.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        supervisor.socket.recv(65536)
