"""Backups: whole while the daemon writes, and put back with nothing lost of what was there."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.errors import (
    AggregatorError,
    BusyError,
    NoStoreError,
    StoreError,
    StoreUnavailableError,
)
from aggregator.store.copies import backups
from aggregator.store.copies.backups import back_up, dated, drop_surplus, restore, surplus
from aggregator.store.engines.lock import Hold
from aggregator.store.sqlite import open_store
from benchmarks.torture.ledger import is_sound
from tests import ROOT
from tests.damaging import damage
from tests.making import START, absorb, document, entry, feed, source
from tests.whole_databases import stored

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "aggregator.db"
    with closing(open_store(path)) as store:
        store.apply((source(),), (feed(),), now=START)
        absorb(store, document(entry("one")), START)
    return path


def entries(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM entries").fetchone()[0])


def test_a_backup_is_one_whole_file_for_its_owner_while_the_daemon_writes(path: Path) -> None:
    copy = path.parent / "copy.db"
    with closing(open_store(path)) as store:
        absorb(store, document(entry("two")), START)
        assert path.with_name("aggregator.db-wal").stat().st_size > 0
        before = stored(path)
        done = back_up(path, copy)
        absorb(store, document(entry("three")), START)
        assert entries(path) == 3
    assert (done.file, done.size) == (copy, copy.stat().st_size)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stored(copy) == before
    assert [one.name for one in path.parent.glob("copy*")] == ["copy.db"]


def test_what_is_written_while_it_is_made_neither_waits_nor_is_in_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread commits entries as fast as it can while pages are copied one by one."""
    monkeypatch.setattr(backups, "SLICE_PAGES", 1)
    copy, done = path.parent / "copy.db", threading.Event()
    with closing(open_store(path)) as store:
        absorb(store, document(*(entry(n, text="words " * 500) for n in range(50))), START)

        def write() -> None:
            number = 0
            while not done.is_set():
                number += 1
                absorb(store, document(entry(f"more {number}")), START)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            back_up(path, copy)
        finally:
            done.set()
            writer.join()
    assert is_sound(copy)
    assert 51 <= entries(copy) <= entries(path)


def test_one_that_fails_leaves_the_older_one_as_it_was(path: Path) -> None:
    copy = path.parent / "copy.db"
    back_up(path, copy)
    before = copy.read_bytes()
    with closing(open_store(path)) as store:
        absorb(store, document(*(entry(n, text="words " * 500) for n in range(50))), START)
    damage(path, "entries")
    with pytest.raises(StoreError):
        back_up(path, copy)
    assert copy.read_bytes() == before
    assert [one.name for one in path.parent.glob("copy*")] == ["copy.db"]


def test_the_database_itself_is_no_place_for_a_backup(path: Path) -> None:
    link = path.parent / "link.db"
    link.symlink_to(path)
    before = stored(path)
    for place in (path, link):
        with pytest.raises(StoreError, match="is the database itself"):
            back_up(path, place)
        with pytest.raises(StoreError, match="is the database itself"):
            restore(path, place, NOW)
    assert stored(path) == before


def test_a_folder_of_backups_is_no_backup(path: Path) -> None:
    before = stored(path)
    with pytest.raises(StoreError, match="is a folder; name one of the backups in it"):
        restore(path, path.parent, NOW)
    assert stored(path) == before


@pytest.mark.parametrize("name", ["config.toml", "foreign.db", "pipe", "used.db", "taken.db"])
def test_what_is_no_backup_is_never_replaced_by_one(path: Path, name: str) -> None:
    place = path.parent / name
    match name:
        case "config.toml":
            place.write_text("[server]")
        case "foreign.db":
            with closing(sqlite3.connect(place)) as db:
                db.execute("CREATE TABLE notes (text)")
        case "pipe":
            os.mkfifo(place)
        case "used.db":
            Hold(place).release()
            shutil.copy(path, place)
        case _:
            place.with_name("taken.db.part").write_text("a chapter of a book")
    before = {one: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}
    with pytest.raises(AggregatorError, match=re.escape(str(place))):
        back_up(path, place)
    assert {one: one.read_bytes() for one in path.parent.iterdir() if one.is_file()} == before
    assert place.is_fifo() is (name == "pipe")


def test_no_name_that_the_database_uses_beside_itself_is_one_for_a_backup(path: Path) -> None:
    """Those of the code, found where they stand: a new one must be known here, too."""
    calls = re.compile(r'\b(?:beside|building)\([\w.]+, f?"([a-z]+-?)')
    code = (one.read_text(encoding="utf-8") for one in (ROOT / "aggregator").rglob("*.py"))
    endings = {f".{found}" for text in code for found in calls.findall(text)}
    assert {".lock", ".sock", ".password", ".first-", ".before-", ".search"} < endings
    endings |= {".part", ".migrating", "-wal", "-shm", "-journal", ".search-wal"}
    endings.add(".replaced-2026-11-30-040000")
    (path.parent / "link.db").symlink_to(path)
    before = set(path.parent.iterdir())
    for ending in sorted(endings):
        for folder in (path.parent, path.parent / "x" / ".."):
            with pytest.raises(AggregatorError, match="the database has its own files there"):
                back_up(path.parent / "link.db", folder / f"{path.name}{ending}")
    assert set(path.parent.iterdir()) == before
    back_up(path, path.with_name(f"{path.name}.bak"))


def test_a_backup_is_for_its_owner_alone_whatever_was_there(path: Path) -> None:
    copy = path.parent / "copy.db"
    copy.touch()
    for _ in range(2):
        copy.chmod(0o644)
        assert back_up(path, copy).file == copy
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    copy.with_name("copy.db.part").write_bytes(b"\0" * 4096)  # of one that was killed
    back_up(path, copy)
    assert stored(copy) == stored(path)


@pytest.mark.parametrize("there", ["another program's", "a pipe"])
def test_nothing_is_restored_in_the_place_of_what_is_not_ours(path: Path, there: str) -> None:
    copy, place = path.parent / "copy.db", path.parent / "there.db"
    back_up(path, copy)
    if there == "a pipe":
        os.mkfifo(place)
    else:
        with closing(sqlite3.connect(place)) as db:
            db.execute("PRAGMA application_id = 99")
            db.execute("CREATE TABLE notes (text)")
    with pytest.raises(StoreError, match=r"set another path in \[store\]"):
        restore(place, copy, NOW)
    with pytest.raises(StoreError, match=r"no regular file|belongs to another"):
        restore(path, place, NOW)
    assert not list(path.parent.glob("*replaced*"))


def test_a_kept_database_can_never_be_read_by_others(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = path.parent / "copy.db"
    back_up(path, copy)
    modes = []
    copied = shutil.copy2

    def copy2(part: Path, to: Path) -> object:
        modes.append(stat.S_IMODE(to.stat().st_mode))
        return copied(part, to)

    monkeypatch.setattr(shutil, "copy2", copy2)
    restore(path, copy, NOW)
    assert set(modes) == {0o600}


def test_a_restored_database_is_that_of_the_backup_and_the_other_one_is_kept(path: Path) -> None:
    copy = path.parent / "copy.db"
    back_up(path, copy)
    expected = stored(copy)
    with closing(open_store(path)) as store:
        absorb(store, document(entry("later")), START)
    later = stored(path)
    path.chmod(0o640)
    kept = restore(path, copy, NOW)
    assert kept == path.with_name("aggregator.db.replaced-2026-11-30-040000")
    assert stored(kept) == later
    assert stored(path) == expected == stored(copy)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with closing(open_store(path)) as store:
        assert absorb(store, document(entry("later")), START).tally.new == 1


def test_a_damaged_database_is_replaced_and_kept_with_its_journal(path: Path) -> None:
    copy = path.parent / "copy.db"
    back_up(path, copy)
    broken = b"no database at all" * 1000
    path.write_bytes(broken)
    path.with_name("aggregator.db-wal").write_bytes(b"nor a journal")
    kept = restore(path, copy, NOW)
    assert kept is not None
    assert kept.read_bytes() == broken
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"nor a journal"
    assert stored(path) == stored(copy)


def test_nothing_is_restored_while_another_program_reads_the_database(path: Path) -> None:
    copy = path.parent / "copy.db"
    back_up(path, copy)
    before = stored(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(StoreUnavailableError):
            restore(path, copy, NOW)
    assert stored(path) == before
    assert not list(path.parent.glob("*replaced*"))


def test_where_there_is_none_yet_nothing_is_kept(path: Path) -> None:
    moved = path.parent / "moved.db"
    shutil.move(path, moved)
    assert restore(path, moved, NOW) is None
    assert stored(path) == stored(moved)


def test_nothing_is_restored_while_somebody_holds_the_database(path: Path) -> None:
    copy = path.parent / "copy.db"
    back_up(path, copy)
    before = stored(path)
    hold = Hold(path)
    with pytest.raises(BusyError):
        restore(path, copy, NOW)
    hold.release()
    assert stored(path) == before


@pytest.mark.parametrize("wrong", ["damaged", "foreign", "empty", "newer", "text", "gone"])
def test_what_is_no_backup_changes_nothing(path: Path, wrong: str) -> None:
    copy = path.parent / "copy.db"
    with closing(open_store(path)) as store:
        absorb(store, document(*(entry(n, text="words " * 500) for n in range(50))), START)
    back_up(path, copy)
    match wrong:
        case "damaged":
            damage(copy, "entries")
        case "foreign" | "newer":
            with closing(sqlite3.connect(copy)) as db:
                pragma = "application_id" if wrong == "foreign" else "user_version"
                db.execute(f"PRAGMA {pragma} = 99")
        case "empty":
            copy.write_bytes(b"")
        case "text":
            copy.write_text("a letter")
        case _:
            copy.unlink()
    before = stored(path)
    remedy = "take another backup" if wrong in ("damaged", "text") else "copy.db"
    with pytest.raises(NoStoreError if wrong == "gone" else StoreError, match=remedy):
        restore(path, copy, NOW)
    assert stored(path) == before
    assert not list(path.parent.glob("*replaced*"))
    assert not list(path.parent.glob("*restoring*"))


def test_without_room_nothing_is_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(path.parent)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreUnavailableError, match="no room"):
        back_up(path, path.parent / "copy.db")
    assert not list(path.parent.glob("copy*"))


@given(st.sets(st.integers(0, 10**8)), st.integers(1, 20), st.sets(st.text(max_size=5)))
def test_the_newest_stay_and_nothing_else_is_touched(
    seconds: set[int], keep: int, others: set[str]
) -> None:
    moments = sorted(NOW + timedelta(seconds=one) for one in seconds)
    names = [dated(moment) for moment in moments]
    going = surplus([*others, *names], keep, NOW)
    assert going == names[:-keep]


def test_older_ones_are_removed_from_their_folder(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    names = [dated(NOW + timedelta(days=day)) for day in range(4)]
    cut_off, at_work = (f"{dated(NOW - timedelta(hours=age))}.part" for age in (25, 1))
    for name in names:
        shutil.copy(path, folder / name)
    for name in (cut_off, f"{cut_off}-journal", at_work, "notes.db"):
        (folder / name).touch()
    assert drop_surplus(folder, 2, NOW) == 4
    assert {one.name for one in folder.iterdir()} == {*names[2:], at_work, "notes.db"}


def test_what_has_a_dated_name_and_is_no_backup_stays_and_does_not_count(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    names = [dated(NOW - timedelta(days=day)) for day in range(3, 12)]
    mine, other, link, inner, empty, *ours = names
    for name in ours:
        shutil.copy(path, folder / name)
    (folder / mine).write_text("notes")
    with closing(sqlite3.connect(folder / other)) as db:
        db.execute("CREATE TABLE notes (text)")
    (folder / link).symlink_to(path)
    (folder / inner).mkdir()
    (folder / empty).touch()
    further = [f"{ours[0]}.part.txt", f"{ours[0]}.gz", f"{ours[1]}.part"]
    for name in further:
        (folder / name).write_text("mine")
    assert drop_surplus(folder, 1, NOW) == len(ours) - 1
    assert {one.name for one in folder.iterdir()} == {*names[:5], ours[0], *further}


def test_no_backup_is_called_as_one_that_is_being_made(path: Path) -> None:
    place = path.parent / "x.db.part"
    with pytest.raises(AggregatorError, match="a backup is called so until it is whole"):
        back_up(path, place)
    assert not place.exists()
