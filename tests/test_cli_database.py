"""Commands for the whole database: export it, import it, write it anew."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from aggregator.store.engines.lock import Hold
from tests.make_schema_fixture import fill
from tests.program import run_in
from tests.whole_databases import stored

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = '[store]\npath = "aggregator.db"\n'


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Make a folder of a machine with a database."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG)
    fill(folder / "aggregator.db")
    return folder


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Make a folder of a machine without one."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG)
    return folder


def test_a_database_moves_to_another_machine_as_a_file_or_through_a_pipe(
    old: Path, new: Path
) -> None:
    told = run_in("export", "database", "all.jsonl", cwd=old)
    assert (told.returncode, told.stdout) == (0, "aggregator.db written to all.jsonl\n")
    assert told.stderr.startswith("warning: holds what nobody else should see")
    assert stat.S_IMODE((old / "all.jsonl").stat().st_mode) == 0o600
    piped = run_in("export", "database", cwd=old)
    lines = (old / "all.jsonl").read_text(encoding="utf-8").splitlines()
    assert piped.stdout.splitlines()[1:-1] == lines[1:-1]  # the head has the time
    told = run_in("import", "database", "-", cwd=new, text=piped.stdout)
    assert told.stdout == "aggregator.db: 2 sources and 2 entries\n", told.stderr
    assert stored(new / "aggregator.db") == stored(old / "aggregator.db")
    again = run_in("import", "database", old / "all.jsonl", cwd=new)
    assert (again.returncode, again.stdout) == (78, "")
    assert "there is a database already" in again.stderr


@pytest.mark.parametrize(
    "words", [("backup",), ("export", "database"), ("export", "opml")], ids=" ".join
)
def test_only_what_the_command_has_written_is_replaced(old: Path, words: tuple[str, ...]) -> None:
    others = {
        "backup": ("export", "database"),
        "export database": ("export", "opml"),
        "export opml": ("backup",),
    }
    (old / "list.opml").write_text('<opml version="2.0"><head><title>Mine</title></head></opml>')
    assert run_in(*others[" ".join(words)], "other", cwd=old).returncode == 0
    wanted = {
        "config.toml": 1,
        "list.opml": 1,
        "other": 1,
        "aggregator.db-wal": 1,
        "aggregator.db.lock": 1,
    }
    before = {one.name: one.read_bytes() for one in old.iterdir()}
    for name, status in wanted.items():
        told = run_in(*words, name, cwd=old)
        assert (told.returncode, told.stdout) == (status, ""), told
        assert f"{name}: " in told.stderr
        assert "name another file" in told.stderr
    assert {one.name: one.read_bytes() for one in old.iterdir()} == before
    for _ in range(2):
        assert run_in(*words, "fresh", cwd=old).returncode == 0
        assert stat.S_IMODE((old / "fresh").stat().st_mode) == 0o600


def test_a_wrong_file_is_told_with_its_line(new: Path) -> None:
    told = run_in("import", "database", "config.toml", cwd=new)
    assert told.returncode == 1
    assert told.stderr.startswith("aggregator: config.toml:1: the line is not JSON")
    assert not (new / "aggregator.db").exists()


def test_nothing_is_said_or_made_where_there_is_no_database(new: Path) -> None:
    told = run_in("export", "database", "all.jsonl", cwd=new)
    assert (told.returncode, told.stdout) == (69, "")
    assert "no database yet" in told.stderr
    assert "warning" not in told.stderr
    assert run_in("compact", cwd=new).returncode == 69
    assert [one.name for one in new.iterdir()] == ["config.toml"]


def test_compact_tells_both_sizes_and_leaves_a_running_daemon_alone(old: Path) -> None:
    before = stored(old / "aggregator.db")
    hold = Hold(old / "aggregator.db")
    told = run_in("compact", cwd=old)
    assert told.returncode == 75
    assert "stop that one first" in told.stderr
    hold.release()
    told = run_in("compact", cwd=old)
    assert told.stdout.startswith("aggregator.db: 0.")
    assert told.stdout.endswith(" MiB now\n")
    assert stored(old / "aggregator.db") == before
