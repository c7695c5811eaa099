"""`aggregator doctor`: each thing that can be wrong is found, and has a remedy."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.cli import doctor_checks as checks
from aggregator.cli.looking_through import LEAST, looking_through
from aggregator.config import parse
from aggregator.store.sqlite import open_store
from aggregator.store.upkeep.measuring import measure
from tests import PATIENCE
from tests.damaging import damage
from tests.hiding import HIDING
from tests.making import START, absorb, document, entry, feed, source
from tests.program import Program, run_in

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.cli.doctor_checks import Checked
    from aggregator.config import Config

NOW = datetime(2026, 11, 30, tzinfo=UTC)
SOURCE = '[[sources]]\nname = "a"\nurl = "http://127.0.0.1:9/"\n'


def configured(folder: Path, text: str = "") -> Config:
    return parse(text, folder / "config.toml")


def filled(folder: Path) -> Path:
    path = folder / "aggregator.db"
    with closing(open_store(path)) as store:
        store.apply((source(),), (feed(),), now=START)
        absorb(store, document(*(entry(n, text="words " * 500) for n in range(50))), START)
    return path


def levels(findings: tuple[Checked, ...]) -> dict[str, str]:
    return {one.what: one.level for one in findings}


def test_one_that_is_well_is_told_so_and_nothing_is_changed(aggregator: Program) -> None:
    aggregator.configure("")
    aggregator.start()
    told = aggregator.run("doctor", "--json")
    findings = json.loads(told.stdout)
    assert told.returncode == 0, told.stdout
    found = {one["what"]: one for one in findings}
    assert set(found) >= {
        "configuration", "permissions", "database", "clock", "disk", "daemon", "DNS", "guard",
        "TLS", "libraries",
    }  # fmt: skip
    assert found["daemon"]["level"] == found["database"]["level"] == found["guard"]["level"] == "ok"
    assert all(one["remedy"] for one in findings if one["level"] != "ok")
    assert f"SQLite {sqlite3.sqlite_version}" in found["libraries"]["found"]


def test_a_broken_configuration_hides_nothing_that_needs_none(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[nonsense]\n", encoding="utf-8")
    told = run_in("doctor", cwd=tmp_path)
    assert told.returncode == 1
    assert "PROBLEM configuration: config.toml:1: nonsense: " in told.stdout
    assert "`aggregator check`" in told.stdout
    assert "SQLite" in told.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_damage_is_found_and_the_backup_named(tmp_path: Path) -> None:
    damage(filled(tmp_path), "entries")
    found = tuple(checks.database(configured(tmp_path), NOW))
    assert [one.level for one in found if one.what == "database"] == ["problem"]
    assert any("restore" in one.remedy or "Trouble" in one.remedy for one in found)


def test_texts_that_cannot_be_unpacked_are_named(tmp_path: Path) -> None:
    with closing(sqlite3.connect(filled(tmp_path))) as db, db:
        db.execute("UPDATE texts SET packed = x'00112233' WHERE entry_id IN (3, 4)")
        (known,) = db.execute("SELECT public_id FROM entries WHERE id = 3").fetchone()
    (found,) = (one for one in checks.database(configured(tmp_path), NOW) if one.what == "database")
    assert found.level == "problem"
    assert f"2 of 50 entries cannot be read: {known} of {source().name}, " in found.found
    assert "`aggregator restore` the newest backup" in found.remedy
    # Whoever meets one of them is told which it is, and where all of them are told.
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    words = f"the text of {known} of {source().name} cannot be unpacked: "
    for command in (("explain", "entry", known), ("export", "database")):
        told = run_in(*command, cwd=tmp_path)
        assert told.returncode == 78, command
        assert words in told.stderr, command
        assert "`aggregator doctor` names all" in told.stderr


def test_how_far_a_long_look_is_shows_at_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for is_terminal, count, shown in (
        (True, LEAST, "\rlooking through texts: 50 %\n"),
        (True, LEAST - 1, ""),
        (False, LEAST, ""),
    ):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
        with looking_through() as tell:
            tell(count // 2, count)
        assert capsys.readouterr().err == shown


def test_each_library_that_is_absent_is_told_with_what_is_lost() -> None:
    code = (
        "HIDDEN = {'httptools', 'uvloop', 'brotli'}\n"
        f"{HIDING}from aggregator.cli.doctor_checks import libraries\n"
        "for one in libraries(): print(one.level, one.found, one.remedy, sep=';')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=PATIENCE
    )
    told = [line for line in done.stdout.splitlines() if "is not installed" in line]
    assert [line.partition(" ")[0] for line in told] == [
        "warning;brotli",
        "warning;httptools",
        "warning;uvloop",
    ]
    assert all("install it where" in line for line in told)


def test_the_sources_with_the_most_text_are_named(tmp_path: Path) -> None:
    path = filled(tmp_path)
    (name, size), *_ = measure(path).largest
    assert name == source().name
    assert size > 50 * 3_000
    (told,) = (one for one in checks.database(configured(tmp_path), NOW) if "largest" in one.what)
    assert told.found.startswith(f"{name} ")


def test_room_that_nothing_holds_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE junk AS SELECT randomblob(1000000) AS junk")
        db.execute("DROP TABLE junk")
    monkeypatch.setattr(checks, "UNUSED_LEAST", 1)
    found = tuple(checks.database(configured(tmp_path), NOW))
    assert any("aggregator compact" in one.remedy for one in found)


def test_a_journal_that_is_never_folded_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path)
    monkeypatch.setattr(checks, "MOST_JOURNAL", 1)
    with closing(open_store(path)) as store:
        absorb(store, document(entry("more")), START)
        found = tuple(checks.database(configured(tmp_path), NOW))
    assert any("write-ahead log" in one.found for one in found)


def test_a_clock_behind_the_newest_poll_is_a_problem() -> None:
    assert checks.clock(NOW, NOW + timedelta(days=1)).level == "problem"
    assert checks.clock(NOW, NOW + timedelta(minutes=1)).level != "problem"
    assert checks.clock(NOW, None).level != "problem"


def test_a_full_disk_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    assert checks.disk(configured(tmp_path)).level == "problem"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 40))
    assert checks.disk(configured(tmp_path)).level == "ok"


def test_what_everybody_may_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(0o644)
    assert levels(tuple(checks.permissions(configured(tmp_path)))) == {"permissions": "warning"}
    path.chmod(0o640)
    assert levels(tuple(checks.permissions(configured(tmp_path)))) == {"permissions": "ok"}


def test_hosts_that_no_name_server_knows_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(host: str, _: int) -> list[object]:
        if host.startswith("gone"):
            raise OSError(-2, "Name or service not known")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    text = "".join(
        f'[[sources]]\nname = "{name}"\nurl = "https://{name}.example/"\n'
        for name in ("gone", "there")
    )
    found = checks.names(configured(tmp_path, text))
    assert (found.level, found.found) == ("warning", "gone.example: Name or service not known")
    assert checks.names(configured(tmp_path, SOURCE)).level == "ok", "an address is not asked for"


def test_the_guard_is_tried_as_it_is_configured(tmp_path: Path) -> None:
    assert checks.guard(configured(tmp_path)).level == "ok"
    opened = '[network]\nallow_private = ["127.0.0.1:1200", "192.168.0.0/16", "localhost"]\n'
    assert checks.guard(configured(tmp_path, opened)).level == "ok", "for its own source alone"


def test_it_counts_the_warnings_that_check_tells(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[[sources]]\nname = "a"\nurl = "http://127.0.0.1/"\ntoken_file = "none"\n'
    )
    warned = run_in("check", cwd=tmp_path).stderr.count("warning: config.toml:")
    told = run_in("doctor", cwd=tmp_path).stdout
    assert f"config.toml: 1 source, {warned} warnings; `aggregator check` has them" in told
