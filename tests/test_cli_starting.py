"""Commands while a daemon waits for its database: they all say the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.control import starting
from aggregator.store.engines.lock import Hold, holder, lock_path
from tests.config_texts import source_toml
from tests.program import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.program import Program
    from tests.web import Publisher


def locked(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


@pytest.fixture
def waiting(aggregator: Program) -> Iterator[subprocess.Popen[str]]:
    """Yield a daemon that waits, as another program has locked the database."""
    aggregator.configure(source_toml("a", "http://127.0.0.1:9/a"))
    if not aggregator.database.exists():
        aggregator.database.touch(0o600)
    with closing(locked(aggregator.database)), aggregator.log.open("w") as log:
        daemon = subprocess.Popen(
            [PROGRAM, "run", "--config", aggregator.config], stdout=log, stderr=log, text=True
        )
        try:
            aggregator.wait(lambda: "waits" in aggregator.log.read_text(), "a daemon that waits")
            yield daemon
        finally:
            daemon.kill()
            daemon.wait()


def test_every_command_says_of_a_daemon_that_waits_that_it_waits(
    aggregator: Program, waiting: subprocess.Popen[str]
) -> None:
    said = f"a daemon (process {waiting.pid}) is starting and waits for its database"
    for command, status in (("status", (69, 74)), ("reload", (69,)), ("poll", (75,))):
        told = aggregator.run(command)
        assert said in told.stderr, (command, told)
        assert told.returncode in status, (command, told)
    waiting.kill()
    waiting.wait()
    told = aggregator.run("reload")  # what a killed daemon leaves is no daemon
    assert "no daemon runs on" in told.stderr


def test_status_prints_its_table_beside_a_daemon_that_waits(
    aggregator: Program, web: Publisher
) -> None:
    aggregator.configure(source_toml("a", web.url("/404")))
    aggregator.run("poll")
    assert "daemon: not running" in aggregator.run("status").stdout
    hold = Hold(aggregator.database)
    try:
        told = aggregator.run("status")
    finally:
        hold.release()
    assert told.returncode == 0
    assert f"daemon: a daemon (process {os.getpid()}) is starting" in told.stdout
    assert "daemon: not running" in aggregator.run("status").stdout


def test_a_command_that_polls_is_no_daemon(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    assert starting(path) is None
    hold = Hold(path, is_daemon=False)
    found = holder(path)
    assert found is not None
    assert (found.pid, found.is_daemon) == (str(os.getpid()), False)
    assert starting(path) is None
    hold.release()
    assert holder(path) is None


def test_a_pid_that_was_left_behind_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    lock_path(path).write_text(f"{os.getpid()}\n")
    assert holder(path) is None
    assert starting(path) is None


def test_a_daemon_that_serves_is_not_starting(aggregator: Program) -> None:
    aggregator.configure(source_toml("a", "http://127.0.0.1:9/a"))
    aggregator.start()
    assert holder(aggregator.database) is not None
    assert starting(aggregator.database) is None
    assert aggregator.stop(signal.SIGTERM) == 0
