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
BACKUP = SYSTEMD / "aggregator-backup.service"
TIMER = SYSTEMD / "aggregator-backup.timer"
#: Those of a fleet; of a template an instance is judged.
SCHEDULER = SYSTEMD / "aggregator-scheduler.service"
WORKER = SYSTEMD / "aggregator-worker@.service"
WEB = SYSTEMD / "aggregator-web@.service"
FLEET = (SCHEDULER, WORKER, WEB)

#: Of 10; a bare unit with User= scores 9.5.
HIGHEST_EXPOSURE = 1.5


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; on Debian: apt install systemd")
    return path


def settings(unit: Path = UNIT) -> dict[str, list[str]]:
    """Return a unit's directives; one that stands twice has two values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", [UNIT, *FLEET], ids=lambda unit: unit.name)
def test_the_unit_exposes_little(unit: Path, tmp_path: Path) -> None:
    named = tmp_path / unit.name.replace("@", "@8420")
    named.write_text(unit.read_text(encoding="utf-8"), encoding="utf-8")
    report = subprocess.run(
        [tool("systemd-analyze"), "security", "--offline=true", "--no-pager", named],
        capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    level = re.search(r"exposure level for aggregator\S*\.service: ([0-9.]+)", report)
    assert level is not None, report
    assert float(level[1]) <= HIGHEST_EXPOSURE, report


@pytest.mark.parametrize("unit", [UNIT, BACKUP, TIMER, *FLEET], ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    for one in (UNIT, BACKUP, TIMER, *FLEET):  # a timer is judged with what it starts
        text = one.read_text(encoding="utf-8")
        text = re.sub(r"^(Exec\w+=)\S+ ", rf"\g<1>{sys.executable} ", text, flags=re.MULTILINE)
        (tmp_path / one.name.replace("@", "@8420")).write_text(text, encoding="utf-8")
    judged = subprocess.run(
        [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no",
         tmp_path / unit.name.replace("@", "@8420")],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    said = judged.stdout + judged.stderr
    assert not [line for line in said.splitlines() if "aggregator" in line], said
    assert judged.returncode == 0, said


@pytest.mark.parametrize(
    ("unit", "key"),
    [
        (UNIT, "ExecStart"), (UNIT, "ExecReload"), (BACKUP, "ExecStart"),
        (SCHEDULER, "ExecStart"), (SCHEDULER, "ExecReload"), (WORKER, "ExecStart"),
        (WEB, "ExecStart"),
    ],
)  # fmt: skip
def test_what_a_unit_runs_is_a_command_of_ours_and_of_the_services_configuration(
    unit: Path, key: str
) -> None:
    """A broken file is then an error of `systemctl reload`: `aggregator reload` ends with 78."""
    program, command, *words = settings(unit)[key][0].split()
    assert program == settings()["ExecStart"][0].split()[0]
    assert command in {"run", "reload", "backup", "scheduler", "worker", "web"}
    if unit in {WORKER, WEB}:
        assert words[:2] == ["--name", "%H-%i"]
        words = words[2:]
    assert words[:2] == ["--config", "/etc/aggregator/config.toml"]


def test_the_backup_is_written_where_its_walls_let_it() -> None:
    found = settings(BACKUP)
    assert found["ExecStart"][0].split()[-1] == "/var/lib/aggregator/backups"
    assert found["StateDirectory"] == settings()["StateDirectory"] == ["aggregator"]
    assert found["User"] == settings()["User"]
    assert "PrivateUsers" not in found, "its daemon is asked by lock and socket, as the same user"


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
