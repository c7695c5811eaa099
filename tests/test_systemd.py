"""The unit file, judged by systemd itself, and the user that it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

SYSTEMD = ROOT / "systemd"
UNIT = SYSTEMD / "aggregator.service"

#: Of 10; a bare unit with User= scores 9.5.
HIGHEST_EXPOSURE = 1.5


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; on Debian: apt install systemd")
    return path


def settings() -> dict[str, list[str]]:
    """Return the unit's directives; one that stands twice has two values."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_exposes_little() -> None:
    report = subprocess.run(
        [tool("systemd-analyze"), "security", "--offline=true", "--no-pager", UNIT],
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    level = re.search(r"exposure level for aggregator\.service: ([0-9.]+)", report)
    assert level is not None, report
    assert float(level[1]) <= HIGHEST_EXPOSURE, report


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    for program in (settings()["ExecStart"][0].split()[0], settings()["ExecReload"][0].split()[0]):
        text = text.replace(f"={program} ", f"={sys.executable} ")
    copy = tmp_path / UNIT.name
    copy.write_text(text, encoding="utf-8")
    judged = subprocess.run(
        [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", copy],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    said = judged.stdout + judged.stderr
    assert not [line for line in said.splitlines() if "aggregator" in line], said
    assert judged.returncode == 0, said


def test_comments_stand_on_lines_of_their_own() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if not line.startswith("#") and re.search(r"\s[#;]", line)]


def test_a_mistake_in_the_configuration_is_not_tried_again() -> None:
    from aggregator.model.errors import ConfigError

    assert settings()["RestartPreventExitStatus"] == [str(ConfigError.exit_status)]


def test_the_unit_leaves_room_for_the_readers_that_are_promised() -> None:
    from aggregator.serve import ConnectionBounds

    bounds = ConnectionBounds()
    assert bounds.within(int(settings()["LimitNOFILE"][0])) == bounds


def test_the_service_runs_as_a_user_that_stays(tmp_path: Path) -> None:
    user = settings()["User"][0]
    (tmp_path / "etc").mkdir()
    subprocess.run(
        [tool("systemd-sysusers"), f"--root={tmp_path}", SYSTEMD / "aggregator.sysusers"],
        capture_output=True, check=True,
    )  # fmt: skip
    passwd = (tmp_path / "etc" / "passwd").read_text(encoding="utf-8")
    assert re.search(rf"^{user}:[^:]*:\d+:\d+:[^:]*:/var/lib/aggregator:", passwd, re.MULTILINE)


def test_a_bad_night_does_not_end_the_service_for_good() -> None:
    """Ten starts in five minutes would be over in one: RestartSec= is 5."""
    assert settings()["StartLimitIntervalSec"] == ["0"]
    assert settings()["Restart"] == ["on-failure"]
