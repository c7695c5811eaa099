"""Bad nights of a daemon that runs as a service: full disks, locks, clocks that jump, signals.

Real processes, real signals and real disks without room; systemd is played by `supervising`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from apscheduler.schedulers.asyncio import (  # type: ignore[import-untyped]  # ships no types
    AsyncIOScheduler,
)
from hypothesis import given
from hypothesis import strategies as st

from aggregator.daemon.jobs import FromNow, Jobs
from aggregator.daemon.log import set_up
from aggregator.model.errors import StoreUnavailableError
from tests import FIXTURES, PATIENCE, ROOT
from tests.config_texts import source_toml
from tests.damaging import damage, damage_around
from tests.feed_documents import item, rss
from tests.program import PROGRAM, Program, program
from tests.supervising import WATCHDOG, Supervisor
from tests.web import Publisher, Reply, Request, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = ROOT / "systemd" / "aggregator.service"

#: The unit's seconds pass so many times as fast in these tests.
SPEED = 10.0

#: How long a disk is full, in the unit's time: longer than TimeoutStartSec=, and than ten restarts.
BAD_TIME = timedelta(minutes=2)

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def unit_seconds(name: str) -> timedelta:
    found = re.search(rf"^{name}=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return timedelta(seconds=int(found[1]))


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path)
    try:
        yield made
    finally:
        made.end()
        made.socket.close()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Yield a file system of 2 MiB; only root may make one."""
    folder.mkdir()
    mounting: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)


def fill(disk: Path) -> Path:
    """Take all the room of a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def sit_out(supervisor: Supervisor) -> None:
    """Watch over a start that cannot succeed for a while, under the lines of the unit."""
    begun = time.monotonic()
    length = BAD_TIME.total_seconds() / SPEED
    supervisor.watch_start(
        lambda: time.monotonic() - begun > length,
        patience=unit_seconds("TimeoutStartSec"),
        speed=SPEED,
    )
    assert "READY=1" not in supervisor.heard
    told = [line for line in supervisor.heard if line.startswith("STATUS=waits: ")]
    assert told
    assert all("aggregator.db" in line for line in told)


def check_well(supervisor: Supervisor) -> None:
    """Expect a daemon that goes on by itself, and has never shown a traceback."""
    supervisor.wait_for("READY=1")
    supervisor.wait_for("WATCHDOG=1")
    assert supervisor.health() == 200
    supervisor.signal(signal.SIGTERM)
    supervisor.wait_for("STOPPING=1")
    said = supervisor.end()
    assert supervisor.daemon is not None
    assert supervisor.daemon.returncode == 0
    assert "Traceback" not in said
    assert said.count("waits because=") == len(set(re.findall("waits because=.*", said))) > 0


def test_a_start_without_room_for_a_byte_waits_and_then_serves(supervisor: Supervisor) -> None:
    supervisor.start(before="ulimit -S -f 0", brisk=True)
    sit_out(supervisor)
    assert supervisor.daemon is not None
    resource.prlimit(supervisor.daemon.pid, resource.RLIMIT_FSIZE, UNLIMITED)
    check_well(supervisor)


@pytest.mark.parametrize("trouble", ["full", "full before an upgrade", "read-only"])
def test_a_start_on_a_disk_in_trouble_waits_and_then_serves(
    supervisor: Supervisor, tmp_path: Path, trouble: str
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        supervisor.configure(f'[store]\npath = "{disk}/aggregator.db"\n')
        if trouble == "full before an upgrade":
            with closing(sqlite3.connect(disk / "aggregator.db")) as old:
                fixture = ROOT / "tests" / "fixtures" / "schema" / "0002.sql"
                old.executescript(fixture.read_text(encoding="utf-8"))
        if trouble == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        else:
            filler = fill(disk)
        supervisor.start(brisk=True)
        supervisor.watch_start(
            lambda: any(line.startswith("STATUS=waits: ") for line in supervisor.heard),
            patience=unit_seconds("TimeoutStartSec"),
            speed=1,
        )
        if trouble == "read-only":
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        else:
            filler.unlink()
        check_well(supervisor)


@pytest.fixture
def made(supervisor: Supervisor) -> Path:
    """Make the database, by a first poll; return its path."""
    subprocess.run([PROGRAM, "poll", "--config", supervisor.config], check=False)
    path = supervisor.config.with_name("aggregator.db")
    assert path.exists()
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the database as an operator's own sqlite3 does with an open transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_start_on_a_locked_database_waits_and_then_serves(
    supervisor: Supervisor, made: Path
) -> None:
    with locked(made):
        supervisor.start(brisk=True)
        supervisor.wait(lambda line: "another program holds it" in line, "word of the lock")
    check_well(supervisor)


def test_a_start_that_waits_obeys_signals(supervisor: Supervisor) -> None:
    supervisor.start(before="ulimit -S -f 0", brisk=True)
    supervisor.wait(lambda line: line.startswith("STATUS=waits: "), "word of what it waits for")
    supervisor.signal(signal.SIGHUP)
    supervisor.signal(signal.SIGTERM)
    assert supervisor.daemon is not None
    assert supervisor.daemon.wait(PATIENCE) == 0


def test_what_does_not_pass_is_not_waited_for(supervisor: Supervisor, made: Path) -> None:
    made.write_text("[server]\n" * 100)
    supervisor.start()
    assert supervisor.daemon is not None
    assert supervisor.daemon.wait(PATIENCE) == 78
    assert "not a usable database" in supervisor.end()


def test_trouble_at_work_is_told_and_never_by_silence(supervisor: Supervisor, made: Path) -> None:
    supervisor.start(brisk=True)
    supervisor.wait_for("READY=1")
    with locked(made):
        told = supervisor.wait(lambda line: "another program holds it" in line, "word of the lock")
        assert told.startswith("STATUS=")
        assert supervisor.health() == 503
        for _ in range(10):
            supervisor.wait_for("WATCHDOG=1")
    supervisor.wait(lambda line: line.startswith("STATUS=") and line != told, "an end of it")
    assert supervisor.health() == 200
    said = supervisor.end()
    assert "Traceback" not in said


def test_a_scheduler_that_stands_still_is_told_by_silence(supervisor: Supervisor) -> None:
    supervisor.start(brisk=True)
    supervisor.wait_for("READY=1")
    supervisor.signal(signal.SIGSTOP)
    supervisor.socket.settimeout(2 * WATCHDOG.total_seconds())
    with contextlib.suppress(TimeoutError):  # which is what comes, after what was under way
        while True:
            supervisor.socket.recv(65536)
    supervisor.signal(signal.SIGCONT)
    supervisor.wait_for("WATCHDOG=1")


def test_a_command_on_a_full_disk_says_so_and_may_be_tried_again(supervisor: Supervisor) -> None:
    command = [str(PROGRAM), "poll", "--config", str(supervisor.config)]
    told = subprocess.run(
        ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert told.returncode == StoreUnavailableError.exit_status == 74
    assert re.search(r"aggregator\.db: .*look at", told.stderr)
    assert "Traceback" not in told.stderr


# --- damage ---------------------------------------------------------------------------------------


def kill(supervisor: Supervisor) -> None:
    supervisor.start(brisk=True)
    supervisor.wait_for("READY=1")
    supervisor.signal(signal.SIGKILL)
    assert supervisor.daemon is not None
    assert supervisor.daemon.wait(PATIENCE) == -signal.SIGKILL
    supervisor.daemon.communicate()


def said_of_damage(supervisor: Supervisor) -> str:
    """Start the daemon and end it once it has said what it does."""
    supervisor.start(brisk=True)
    supervisor.wait_for("READY=1")
    supervisor.wait_for("WATCHDOG=1")
    supervisor.signal(signal.SIGTERM)
    return supervisor.end()


def test_after_a_kill_the_database_is_looked_through_once(supervisor: Supervisor) -> None:
    kill(supervisor)
    supervisor.start(brisk=True)
    supervisor.wait_until_it_says("no damage found")
    supervisor.signal(signal.SIGTERM)
    supervisor.end()
    assert "damage" not in said_of_damage(supervisor)


def test_damage_is_told_with_path_and_remedy_and_what_works_goes_on(
    supervisor: Supervisor, made: Path
) -> None:
    kill(supervisor)
    damage(made, "frozen")
    for _ in range(2):  # a restart does not forget it
        supervisor.start(brisk=True)
        supervisor.wait_for("READY=1")
        told = supervisor.wait(lambda line: "damaged" in line, "word of the damage")
        assert told.startswith("STATUS=")
        assert f"{made}: damaged (" in told
        assert "restore a backup" in told
        assert supervisor.health() == 503
        supervisor.wait_for("WATCHDOG=1")
        supervisor.signal(signal.SIGTERM)
        said = supervisor.end()
        assert supervisor.daemon is not None
        assert supervisor.daemon.returncode == 0
        assert "Traceback" not in said


def test_damaged_pages_of_one_source_hold_up_no_other_of_its_host(slow: Program) -> None:
    marks = [f"needle {number} {'x' * 200}" for number in range(200)]
    with ThreadedPublisher() as web:
        web.route("/a.xml", body=rss(*(item(n, title=mark) for n, mark in enumerate(marks))))
        web.route("/b.xml", body=rss(item(1)))
        slow.configure(
            source_toml("a", web.url("/a.xml"), 'interval = "1s"')
            + source_toml("b", web.url("/b.xml"), 'interval = "1s"')
        )
        slow.start(brisk=True)
        slow.wait(lambda: slow.status()["a"]["entries"] == len(marks), "the entries")
        # Else its first entry would be written where the damage is.
        slow.wait(lambda: slow.status()["b"]["entries"] == 1, "the entry of the other source")
        slow.stop()
        damage_around(slow.database, marks[0].encode())
        web.route("/a.xml", body=rss(*(item(n, title=f"{m}!") for n, m in enumerate(marks))))
        before = Counter(request.path for request in web.requests)
        slow.start(brisk=True)

        def asked(path: str) -> int:
            return Counter(request.path for request in web.requests)[path] - before[path]

        slow.wait(lambda: "store damaged" in slow.log.read_text(), "word of the damage")
        slow.wait(lambda: asked("/b.xml") >= 5, "polls of the other source")
        assert asked("/a.xml") == 1
        assert "cannot be stored" in slow.status()["a"]["problem"]
        assert slow.stop() == 0
    log = slow.log.read_text()
    assert "Traceback" not in log
    assert f"{slow.database}: damaged (" in log


@pytest.mark.parametrize("call", ["write", "read", "sync"])
def test_a_disk_that_fails_ends_nothing_and_loses_nothing(
    slow: Program, tmp_path: Path, call: str
) -> None:
    """EIO from the kernel, as of a bad sector or of a disk that is gone (failing_disk.c)."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    library, control = tmp_path / "failing_disk.so", tmp_path / "failing"
    source = FIXTURES / "failing_disk.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    environ = {"FAILING_DISK": str(control), "LD_PRELOAD": str(library)}
    count = 0

    def document(_: Request) -> Reply:
        nonlocal count
        count += 1
        # Enough that SQLite moves its log into the database now and then, where it syncs.
        return Reply(body=rss(*(item(n, text="x" * 20_000) for n in range(count, 0, -1))))

    with ThreadedPublisher() as web:
        web.route("/a.xml", document)
        slow.configure(source_toml("a", web.url("/a.xml"), 'interval = "1s"'))
        slow.start(environ, brisk=True)
        slow.wait(lambda: slow.status()["a"]["entries"] >= 2, "the entries")
        control.write_text(call)
        if call == "sync":
            # Commits are in SQLite's log, which is moved into the database at another time.
            seen = slow.status()["a"]["entries"]
            slow.wait(lambda: slow.status()["a"]["entries"] >= seen + 3, "polls that are kept")
        else:
            slow.wait(lambda: slow.get("/healthz").status == 503, "word of the disk")
        assert slow.get("/feeds/all.atom").status in {200, 503}
        control.unlink()
        if call == "read":  # it may be damaged for good, and is told to be until the next start
            assert slow.stop() == 0
            slow.start(environ, brisk=True)
        before = slow.status()["a"]["entries"]
        slow.wait(lambda: slow.status()["a"]["entries"] > before, "a poll that is kept")
        slow.wait(slow.serves, "health")
        assert slow.stop() == 0
    log = slow.log.read_text()
    assert "Traceback" not in log
    assert (f"{slow.database}: " in log) == (call != "sync")
    with closing(sqlite3.connect(slow.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- signals --------------------------------------------------------------------------------------


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path, allow_private=["127.0.0.1/32"]) as made:
        yield made


async def begin_slow_poll(slow: Program, web: Publisher) -> None:
    """Start a daemon in the middle of a poll that outlasts its end."""
    asked = asyncio.Event()

    def never(_: Request) -> Reply:
        asked.set()
        return Reply(delay=3600)

    web.route("/a.xml", never)
    slow.configure(source_toml("a", web.url("/a.xml")))
    await asyncio.to_thread(slow.start)
    await asked.wait()


@pytest.mark.asyncio
async def test_two_signals_within_a_second_are_one(slow: Program) -> None:
    async with Publisher() as web:
        await begin_slow_poll(slow, web)
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
            slow.send(number)
        assert await asyncio.to_thread(slow.stop) == 0
    assert "stopped at once" not in slow.log.read_text()


@pytest.mark.asyncio
async def test_a_second_signal_later_ends_at_once(slow: Program) -> None:
    async with Publisher() as web:
        await begin_slow_poll(slow, web)
        slow.send(signal.SIGTERM)
        await asyncio.sleep(1.5)
        assert await asyncio.to_thread(slow.stop) == 1
    assert "stopped at once" in slow.log.read_text()


# --- the clock ------------------------------------------------------------------------------------

MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 -- Hypothesis adds the zone itself
    max_value=datetime(2400, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(previous=st.none() | MOMENTS, now=MOMENTS, period=st.timedeltas(timedelta(milliseconds=1)))
def test_what_was_missed_is_never_listed(
    previous: datetime | None, now: datetime, period: timedelta
) -> None:
    period = min(period, timedelta(days=400))
    assert FromNow(period).get_next_fire_time(previous, now) == now + period


class Counted(FromNow):
    """Counts how often the scheduler asks for a time."""

    asked = 0

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        Counted.asked += 1
        return super().get_next_fire_time(previous_fire_time, now)


@pytest.mark.asyncio
async def test_a_job_that_slept_since_1970_runs_once() -> None:
    scheduler, ran = AsyncIOScheduler(timezone=UTC), asyncio.Event()

    async def work() -> None:
        ran.set()

    scheduler.add_job(
        work, Counted(timedelta(seconds=1)),
        next_run_time=datetime(1970, 1, 1, tzinfo=UTC), misfire_grace_time=None,
    )  # fmt: skip
    scheduler.start()
    for _ in range(2):
        await ran.wait()
        ran.clear()
    scheduler.shutdown(wait=False)
    assert Counted.asked <= 2 * 3


@pytest.fixture
def clock(tmp_path: Path) -> ShiftedClock:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler, which a clock that can be moved needs")
    library, shift = tmp_path / "shifted_clock.so", tmp_path / "shift"
    source = FIXTURES / "shifted_clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    made = ShiftedClock(library, shift)
    made.move(timedelta(0))
    return made


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """The wall clock of one process (tests/fixtures/shifted_clock.c)."""

    library: Path
    shift: Path

    def move(self, by: timedelta) -> None:
        """Let it be so far from the true time."""
        with self.shift.open("r+b" if self.shift.exists() else "wb") as file:
            file.write(struct.pack("l", by // timedelta(seconds=1)))

    @property
    def environ(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "CLOCK_SHIFT": str(self.shift)}


def peak_bytes(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) << 10


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (timedelta(0), timedelta(days=90)),
        (timedelta(0), timedelta(days=400)),
        (datetime(1970, 1, 2, tzinfo=UTC) - datetime.now(UTC), timedelta(0)),
        (timedelta(0), -timedelta(hours=1)),
    ],
    ids=["90 days on", "400 days on", "from 1970 to today", "an hour back"],
)
def test_a_clock_that_jumps_costs_nothing(
    slow: Program, clock: ShiftedClock, before: timedelta, after: timedelta
) -> None:
    clock.move(before)
    with ThreadedPublisher() as web:
        web.route("/a.xml", body=rss(item(1)))
        slow.configure(source_toml("a", web.url("/a.xml"), 'interval = "1s"'))
        slow.start(clock.environ, brisk=True)
        slow.wait(lambda: web.requests, "a poll")
        assert slow.process is not None
        peak = peak_bytes(slow.process.pid)
        clock.move(after)
        asked = len(web.requests)
        slow.wait(lambda: len(web.requests) > asked + 1, "polls under the new clock")
        # Of a day's missed ticks alone a list would take 5 MiB, of 90 days' 500.
        assert peak_bytes(slow.process.pid) - peak < 64 << 20
        assert slow.get("/healthz").status == 200
        assert slow.stop() == 0
    assert "Traceback" not in slow.log.read_text()


@pytest.mark.asyncio
async def test_a_slow_work_holds_up_neither_the_scheduler_nor_itself() -> None:
    jobs, slow, quick, go = Jobs(), 0, asyncio.Semaphore(0), asyncio.Event()

    async def wait() -> None:
        nonlocal slow
        slow += 1
        await go.wait()

    async def tell() -> None:
        quick.release()

    jobs.every(timedelta(milliseconds=1), wait, name="slow", at_once=True)
    jobs.every(timedelta(milliseconds=1), tell, name="quick", at_once=True)
    jobs.start()
    for _ in range(20):
        await quick.acquire()
    assert slow == 1
    go.set()
    while slow == 1:
        await quick.acquire()
    jobs.pause()
    jobs.stop()


@pytest.mark.asyncio
async def test_expected_trouble_of_a_job_is_logged_once_and_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs, turns = Jobs(), asyncio.Semaphore(0)

    async def fail() -> None:
        turns.release()
        raise StoreUnavailableError("a.db: no room")

    jobs.every(timedelta(milliseconds=1), fail, name="windows", at_once=True)
    jobs.start()
    for _ in range(10):
        await turns.acquire()
    jobs.stop()
    (record,) = caplog.records
    assert (record.getMessage(), record.exc_info) == (
        'not done what=windows because="a.db: no room"',
        None,
    )


# --- the log --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_readers_who_hang_up_are_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger("aggregator").level
    set_up("debug", {})
    try:
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        theirs.close()
        for _ in range(20):
            transport.write(b"more")
        transport.abort()
        logging.getLogger("asyncio").warning("something else")
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger("aggregator").setLevel(level)
    said = capfd.readouterr().err
    assert "something else" in said
    assert "raised exception" not in said
