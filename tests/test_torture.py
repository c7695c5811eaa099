"""The torture in seconds: each part of benchmarks/torture once, with few of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.torture import kills
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
