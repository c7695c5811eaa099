"""The database written anew: smaller, the same, and whole whatever interrupts it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from aggregator.model.errors import BusyError, NoStoreError, StoreError, StoreUnavailableError
from aggregator.store.engines import built_aside
from aggregator.store.engines.lock import Hold
from aggregator.store.sqlite import open_store
from aggregator.store.upkeep import compaction
from aggregator.store.upkeep.compaction import compact
from benchmarks.torture.ledger import is_sound
from tests.damaging import damage
from tests.making import DAY, START, absorb, document, entry, feed, source
from tests.whole_databases import stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType
    from typing import Any

#: Where each line of a compaction is followed.
FOLLOWED = {compaction.__file__, built_aside.__file__}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a database of which half was forgotten, and remembers it in its write-ahead log."""
    path = tmp_path / "aggregator.db"
    with closing(open_store(path)) as store:
        store.apply((source(),), (feed(window=DAY, min_entries=1),), now=START)
        # Texts that nothing makes small.
        texts = ((n, random.Random(n).randbytes(20_000).hex()) for n in range(40))  # noqa: S311 -- no secret
        absorb(store, document(*(entry(n, text=text) for n, text in texts)), START)
        store.advance(START + 40 * DAY)
        store.prune(START + 40 * DAY, retention=30 * DAY, keep_raw=DAY)
        absorb(store, document(entry("new")), START + 40 * DAY)
    return path


def left_over(path: Path) -> list[str]:
    """Return what is left beside a database."""
    ours = {path.name, f"{path.name}.lock"}
    return [one.name for one in path.parent.iterdir() if one.name not in ours]


def test_it_is_smaller_and_the_same(path: Path) -> None:
    before, size = stored(path), path.stat().st_size
    done = compact(path)
    assert (done.before, done.after) == (size, path.stat().st_size)
    assert done.after < done.before / 2
    assert stored(path) == before
    assert is_sound(path)
    assert left_over(path) == []
    with closing(open_store(path)) as store:
        assert absorb(store, document(entry("new")), START + 41 * DAY).tally.new == 0


def test_mode_and_link_stay(path: Path) -> None:
    path.chmod(0o640)
    link = path.with_name("link.db")
    link.symlink_to(path.name)
    compact(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def ended(work: Callable[[], object]) -> int:
    """Do something in a process of its own; return its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def die_at(path: Path, line: int) -> None:
    """Compact a database, and die by SIGKILL before the line that is reached as so manieth."""
    reached = 0

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal reached
        if frame.f_code.co_filename not in FOLLOWED:
            return None
        if event == "line":
            reached += 1
            if reached == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return follow

    sys.settrace(follow)
    compact(path)


def die_after(path: Path, seconds: float) -> None:
    """Compact a database, and die so long after its copy was begun."""

    def follow(frame: FrameType, _: str, __: Any) -> None:
        if frame.f_code.co_name == "copy_to":
            sys.settrace(None)
            signal.setitimer(signal.ITIMER_REAL, seconds)

    sys.settrace(follow)
    compact(path)


def test_killed_at_any_line_of_it_nothing_is_lost(path: Path) -> None:
    before, line = stored(path), 1
    while status := ended(partial(die_at, path, line)):
        assert status == -signal.SIGKILL
        assert is_sound(path)
        assert stored(path) == before
        line += 3
    assert line > 50
    assert stored(path) == before
    assert left_over(path) == []


def test_killed_in_the_midst_of_the_copy_nothing_is_lost(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:  # so that it takes some milliseconds
        db.execute("CREATE TABLE ballast (x BLOB) STRICT")
        db.executemany("INSERT INTO ballast VALUES (randomblob(?))", [(100_000,)] * 40)
        db.commit()
    before = stored(path)
    killed = 0
    for seconds in (0.0005, 0.002):
        killed += ended(partial(die_after, path, seconds)) == -signal.SIGALRM
        assert stored(path) == before
    assert killed
    compact(path)
    assert stored(path) == before


def test_one_that_is_held_or_open_is_left_alone(path: Path) -> None:
    before = stored(path)
    hold = Hold(path)
    with pytest.raises(BusyError, match="in use"):
        compact(path)
    hold.release()
    with closing(open_store(path)), pytest.raises(StoreUnavailableError, match="another program"):
        compact(path)
    assert stored(path) == before


def test_without_room_for_it_nothing_is_begun(path: Path) -> None:
    before = stored(path)
    with path.open("r+b") as file:  # a file with a hole, which SQLite takes for nothing
        file.truncate(shutil.disk_usage(path.parent).free)
    with pytest.raises(StoreUnavailableError, match=r"no room for a copy .* make room on its disk"):
        compact(path)
    assert left_over(path) == []
    assert stored(path) == before


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoStoreError, match="no database yet"):
        compact(tmp_path / "aggregator.db")
    assert list(tmp_path.iterdir()) == []


def test_damage_is_told_and_takes_no_place(path: Path) -> None:
    damage(path, "entries")
    before = path.stat()
    with pytest.raises(StoreError, match="damaged"):
        compact(path)
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)
    assert left_over(path) == []
