"""The database in bad nights: starts that end half-way, full disks, two names, damaged pages."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.control import socket_path
from aggregator.model.errors import (
    BusyError,
    StoreDamagedError,
    StoreError,
    StoreUnavailableError,
)
from aggregator.store.engines.connection import connect, open_writer
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.schema_version import SCHEMA_VERSION, copy_name
from aggregator.store.schemas.migrations import empty, migrate
from aggregator.store.schemas.upgrade_copies import copy_before
from aggregator.store.sqlite import open_reader, open_store
from tests import PATIENCE
from tests.damaging import damage
from tests.making import DAY, START, absorb, document, entry, feed, source
from tests.old_databases import as_written_by

if TYPE_CHECKING:
    from collections.abc import Callable

FORK = multiprocessing.get_context("fork")

#: Calls of a first start after which it is killed: each, where tables were made in memory before.
KILLED_AT = range(18)

#: Bytes that a file may have on a disk that is full: around each page of the first start.
ROOM = (0, 1, 100, 4095, 4096, 4097, 8192, 12288, 20480, 40960, 65536, 131072)


def in_a_child(work: Callable[[], object]) -> int | None:
    """Run `work` in a process of its own; return its exit status, negative for a signal."""
    child = FORK.Process(target=work)
    child.start()
    child.join()
    return child.exitcode


def start_until(path: Path, statement: int) -> None:
    """Open the database and kill ourselves before this call of SQLite."""
    empty().close()
    seen = 0

    def watch(_: object, event: str, called: object) -> None:
        nonlocal seen
        if event == "c_call" and isinstance(getattr(called, "__self__", None), sqlite3.Connection):
            seen += 1
            if seen > statement:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    open_writer(path)


def start_with_room(path: Path, room: int) -> None:
    """Open the database where no file may have more bytes than `room`; exit with 3 for no room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        open_writer(path)
    except StoreUnavailableError:
        os._exit(3)


def is_usable(path: Path) -> bool:
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START)
    absorb(store, document(entry(1)), START)
    found = len(store.select(feed()).stories)
    store.close()
    return found == 1


@pytest.mark.parametrize("statement", KILLED_AT)
def test_a_first_start_that_is_killed_leaves_a_database_of_ours(
    tmp_path: Path, statement: int
) -> None:
    path = tmp_path / "aggregator.db"
    assert in_a_child(lambda: start_until(path, statement)) == -signal.SIGKILL
    assert is_usable(path)


@pytest.mark.parametrize("room", ROOM)
def test_a_first_start_on_a_full_disk_can_be_made_again(tmp_path: Path, room: int) -> None:
    path = tmp_path / "aggregator.db"
    assert in_a_child(lambda: start_with_room(path, room)) in {0, 3}
    assert is_usable(path)


def test_there_is_too_little_room_for_a_first_start(tmp_path: Path) -> None:
    assert in_a_child(lambda: start_with_room(tmp_path / "a.db", 8192)) == 3


def test_what_an_earlier_version_left_half_made_is_ours(tmp_path: Path) -> None:
    """Its first table was the list of migrations; what tells our files from others came later."""
    path = tmp_path / "aggregator.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT,"
            " name TEXT, applied_at TEXT);"
            "CREATE UNIQUE INDEX one ON _sqlite_migrations (migration_set, name)"
        )
    assert is_usable(path)


# --- an upgrade that is killed, or has no room ---------------------------------------------------

OLD = 4

#: Calls of an upgrade after which it is killed.
UPGRADE_KILLED_AT = range(0, 130, 9)


def old_database(path: Path) -> Path:
    with closing(open_store(path)) as store:
        store.apply((source(),), (feed(),), now=START)
        absorb(store, document(*(entry(n) for n in range(120))), START)
    as_written_by("0004", path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE IF EXISTS sqlite_stat1")  # of no use, and forgotten
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    return path


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return [str(version), *sorted(connection.iterdump())]  # VACUUM orders tables and indexes


def killed_before_its_end(path: Path) -> bytes:
    """Kill an upgrade when all is written but the end; return what the copy is."""

    def upgrade() -> None:
        connection = connect(path, "rw")
        connection.execute("PRAGMA cache_size = 1")  # pages go to the journal at once
        connection.set_trace_callback(
            lambda statement: (
                os.kill(os.getpid(), signal.SIGKILL)
                if statement.startswith(f"PRAGMA user_version = {SCHEMA_VERSION}")
                else None
            )
        )
        migrate(connection, path)

    assert in_a_child(upgrade) == -signal.SIGKILL
    assert path.with_name("aggregator.db-wal").stat().st_size > 100_000
    return copy_name(path, OLD).read_bytes()


def room_for(monkeypatch: pytest.MonkeyPatch, path: Path, times: float) -> None:
    free = int(path.stat().st_size * times)
    usage = shutil.disk_usage(path.parent)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


@pytest.mark.parametrize("statement", UPGRADE_KILLED_AT)
def test_an_upgrade_that_is_killed_leaves_what_was_there_or_what_is_to_be(
    tmp_path: Path, statement: int
) -> None:
    path = old_database(tmp_path / "aggregator.db")
    before = dump(path)
    assert in_a_child(lambda: start_until(path, statement)) in {-signal.SIGKILL, 0}
    now = dump(path)
    assert now == before or now[0] == str(SCHEMA_VERSION)
    if copy_name(path, OLD).exists():
        assert dump(copy_name(path, OLD)) == before
    with closing(open_store(path)) as store:
        assert len(store.select(feed(window=4000 * DAY, min_entries=200)).stories) == 120
    assert dump(copy_name(path, OLD)) == before
    assert {one.name for one in tmp_path.iterdir()} <= {
        f"aggregator.db{ending}" for ending in ("", "-wal", "-shm", ".lock", ".before-5")
    }


def test_the_copy_of_an_upgrade_that_was_cut_off_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "aggregator")
    path = old_database(tmp_path / "aggregator.db")
    copy = killed_before_its_end(path)
    room_for(monkeypatch, path, 1)
    open_writer(path).close()
    assert copy_name(path, OLD).read_bytes() == copy
    assert dump(path)[0] == str(SCHEMA_VERSION)
    assert f"an upgrade that was cut off copy={copy_name(path, OLD)}" in caplog.text


@pytest.mark.parametrize("why", ["published since", "damaged", "cut off", "of another schema"])
def test_a_copy_that_is_not_of_what_is_there_now_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    path = old_database(tmp_path / "aggregator.db")
    killed_before_its_end(path)
    copy = copy_name(path, OLD)
    if why == "published since":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE entries SET title = 'edited' WHERE id = 120")
    elif why == "of another schema":
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA user_version = 3")
    elif why == "damaged":
        damage(copy, "entries")
    else:
        os.truncate(copy, copy.stat().st_size // 2)
    before, stale = dump(path), copy.read_bytes()
    with monkeypatch.context() as little:
        room_for(little, path, 1.9)
        with pytest.raises(StoreUnavailableError) as told:
            open_writer(path)
    assert f"earlier version (schema {OLD}): nothing has changed" in str(told.value)
    assert f"{copy} (schema {OLD})" in str(told.value)
    assert (dump(path), copy.read_bytes()) == (before, stale)
    open_writer(path).close()
    assert dump(copy) == before


def test_without_room_for_the_upgrade_itself_it_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_database(tmp_path / "aggregator.db")
    killed_before_its_end(path)
    before = dump(path)
    room_for(monkeypatch, path, 0.9)
    with pytest.raises(StoreUnavailableError, match="no room for the upgrade"):
        open_writer(path)
    assert dump(path) == before


def test_copies_are_told_with_the_schema_that_each_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "aggregator")
    path = old_database(tmp_path / "aggregator.db")
    copy_name(path, 2).write_bytes(b"older")
    path.with_name("aggregator.db.before-x").write_bytes(b"not ours")
    open_writer(path).close()
    assert f"{copy_name(path, OLD)} (schema {OLD}), {copy_name(path, 2)} (schema 2)" in caplog.text


# --- the file and its names ----------------------------------------------------------------------


def test_the_copy_before_an_upgrade_is_private_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    connection = open_writer(path)
    connection.execute("CREATE TABLE t AS SELECT randomblob(100000) AS x")
    modes: set[int] = set()

    def look() -> None:
        modes.update(stat.S_IMODE(one.stat().st_mode) for one in tmp_path.glob("*.db.[bc]*"))

    connection.set_progress_handler(look, 1)
    before = os.umask(0)
    try:
        copy_before(connection, path, 2)
    finally:
        os.umask(before)
        connection.close()
    assert modes == {0o600}


def test_a_database_has_one_lock_and_one_socket_whichever_link_leads_there(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path, link = tmp_path / "data" / "aggregator.db", tmp_path / "link.db"
    (tmp_path / "folder").symlink_to("data")
    link.symlink_to("folder/aggregator.db")
    assert socket_path(link) == socket_path(path)
    held = Hold(link)
    for other in (path, tmp_path / "folder" / "aggregator.db"):
        with pytest.raises(BusyError, match=f"process {os.getpid()}"):
            Hold(other)
    # A link to where nothing is yet is no trouble, either.
    assert is_usable(link)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held.release()


def test_a_pipe_is_no_database_and_nobody_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    os.mkfifo(path)
    for opened in (open_store, open_reader):
        with pytest.raises(StoreError, match="is no regular file"):
            opened(path)


def test_a_database_with_a_second_name_is_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "aggregator.db", tmp_path / "other.db"
    open_store(path).close()
    os.link(path, other)
    before = path.read_bytes()
    for name in (path, other):
        for opening in (open_store, open_reader):
            with pytest.raises(StoreError, match=r"second name.*find -samefile"):
                opening(name)
    assert path.read_bytes() == before
    other.unlink()
    assert is_usable(path)


TO_ANOTHER_JOURNAL = """
import sqlite3, sys
print(sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode = DELETE").fetchone())
"""


def test_opening_a_database_twice_drops_none_of_its_locks(tmp_path: Path) -> None:
    """POSIX locks go when any descriptor of the file is closed, whoever opened it."""
    path = tmp_path / "aggregator.db"
    first = open_store(path)
    open_store(path).close()
    first.ping()
    told = subprocess.run(
        [sys.executable, "-c", TO_ANOTHER_JOURNAL, path],
        capture_output=True,
        text=True,
        check=False,
    )
    first.close()
    assert "database is locked" in told.stderr


# --- what is said ---------------------------------------------------------------------------------


def test_a_lock_of_another_program_is_told_and_passes(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    with closing(open_writer(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailableError, match=r"aggregator\.db: another program holds"):
            open_writer(path)
    assert is_usable(path)


def test_a_look_through_finds_damage_that_nothing_has_met_yet(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    assert is_usable(path)
    store = open_store(path)
    assert store.find_damage() is None
    store.close()
    damage(path, "frozen")
    store = open_store(path)
    store.ping()
    found = store.find_damage()
    store.close()
    assert found is not None
    assert str(found).startswith(f"{path}: damaged (")
    assert "\n" not in str(found)


def test_a_look_through_ends_when_the_store_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x INTEGER PRIMARY KEY, y)")
        connection.execute(
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 400000) "
            "INSERT INTO t SELECT x, randomblob(40) FROM n"
        )
        connection.commit()
    looks = 0
    ended: list[str] = []

    def look() -> None:
        nonlocal looks
        try:
            while True:
                store.find_damage()
                looks += 1
        except StoreError as error:
            ended.append(str(error))

    looking = threading.Thread(target=look)
    looking.start()
    while not looks:
        time.sleep(0.01)
    store.close()
    looking.join(PATIENCE)
    # Whether one look was under way, or the next was about to begin.
    assert ended in (
        [f"{path}: the database cannot be used: interrupted"],
        [f"{path}: the database is closed"],
    )


def hold_and_die(path: Path) -> None:
    Hold(path)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_lock_says_whether_its_last_holder_released_it(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    first = Hold(path)
    assert not first.is_after_crash
    first.release()
    assert in_a_child(lambda: hold_and_die(path)) == -signal.SIGKILL
    for _ in range(2):  # a command that does not look leaves it to the next
        seen = Hold(path)
        assert seen.is_after_crash
        seen.release()
    seen = Hold(path)
    seen.found_whole()
    seen.release()
    assert not Hold(path).is_after_crash


@pytest.mark.parametrize("table", ["counters", "entries", "sources", "feeds", "sqlite_schema"])
def test_damaged_pages_are_told_with_path_and_remedy(tmp_path: Path, table: str) -> None:
    path = tmp_path / "aggregator.db"
    assert is_usable(path)
    if table == "sqlite_schema":
        with path.open("r+b") as file:
            file.seek(100)
            file.write(b"\xa5" * 900)
    else:
        damage(path, table)
    told: list[str] = []

    def use() -> None:
        store = open_store(path)
        try:
            for work in (
                store.ping,
                store.status,
                lambda: store.select(feed()),
                lambda: store.apply((source(),), (feed(),), now=START + DAY),
                lambda: absorb(store, document(entry(2)), START + DAY),
            ):
                try:
                    work()
                except StoreDamagedError as error:
                    told.append(str(error))
        finally:
            store.close()

    try:
        use()
    except StoreDamagedError as error:
        told.append(str(error))
    assert told
    for text in told:
        assert text.startswith(f"{path}: ")
        assert "restore a backup" in text


def test_without_room_a_document_stands_since_its_feed_changed(tmp_path: Path) -> None:
    """`Last-Modified` is told although nothing can be remembered; readers come first."""
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START)
    reader = open_reader(path)
    assert (
        reader.standing_since(feed(), "", "atom", digest=b"one", changed_at=START + DAY)
        == START + DAY
    )
    reader.close()
    store.close()
