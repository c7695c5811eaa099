"""The torture in seconds: each part of benchmarks/torture once, with few of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.torture import clocks, disks, kills, readers, soak
from benchmarks.torture.findings import MOST_MEMORY_MIB, Findings

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_found_is_told() -> None:
    findings = Findings("part", ("what", "figure"))
    findings.row("one", 1)
    findings.expect(True, "holds")
    findings.expect(False, "does not hold")
    findings.took(MOST_MEMORY_MIB + 1)
    findings.took(3)
    assert findings.broken == ["does not hold", "401 MiB, more than 400"]
    assert "| one | 1 |" in findings.text()
    assert "BROKEN: does not hold" in findings.text()


def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    findings = kills.run(tmp_path, 1, kills.SHORT)
    assert not findings.broken, findings.text()
    assert sum(row[1] for row in findings.rows if isinstance(row[1], int)) >= 10


def test_disks_in_trouble_end_nothing_and_lose_nothing(tmp_path: Path) -> None:
    findings = disks.run(tmp_path, short=True)
    assert not findings.broken, findings.text()
    assert len(findings.rows) == len(disks.SHORT)


def test_clocks_that_jump_make_neither_storm_nor_silence(tmp_path: Path) -> None:
    findings = clocks.run(tmp_path, short=True)
    assert not findings.broken, findings.text()
    assert len(findings.rows) == len(clocks.SHORT)


def test_readers_are_answered_while_sources_are_polled(tmp_path: Path) -> None:
    findings = readers.run(tmp_path, 1, readers.SHORT, judge_time=False)
    assert not findings.broken, findings.text()


def test_a_daemon_takes_no_more_as_it_grows_older(tmp_path: Path) -> None:
    findings = soak.run(tmp_path, soak.SHORT)
    assert not findings.broken, findings.text()
