"""What the daemon tells systemd (sd_notify(3)), heard by a socket that stands in for it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import PATIENCE
from tests.supervising import WATCHDOG, Supervisor


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
    assert supervisor.health("/readyz") == 200
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
