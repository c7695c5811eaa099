"""A fleet as it is packaged: its units, its image, its compose file, as far as these tell."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement

import aggregator
from aggregator.cli import commands
from release import deb
from tests import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTAINER = ROOT / "container"
COMPOSE: dict[str, Any] = yaml.safe_load(
    (CONTAINER / "compose.fleet.yaml").read_text(encoding="utf-8")
)
MEMBERS = ("scheduler", "worker", "web")


def unit_commands() -> Iterator[tuple[str, list[str]]]:
    for unit in deb.UNITS:
        text = deb.installed((ROOT / "systemd" / unit).read_text(encoding="utf-8"))
        for line in re.findall(r"^Exec\w+=(.*)$", text, re.MULTILINE):
            words = shlex.split(line.replace("%H", "rack").replace("%i", "8420"))
            assert words[0] == f"/{deb.HOME}/bin/aggregator"
            yield unit, words[1:]


def compose_commands() -> Iterator[tuple[str, list[str]]]:
    for name in MEMBERS:
        service = COMPOSE["services"][name]
        yield name, service["command"]
        kind, line = service["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        program, *words = shlex.split(line.replace("$$(hostname)-1", "f00d-1"))
        assert program == "aggregator"
        yield name, words


@pytest.mark.parametrize(("where", "words"), [*unit_commands(), *compose_commands()])
def test_each_command_is_one_that_the_program_reads(where: str, words: list[str]) -> None:
    name, *further = words
    assert name in commands.commands, where
    commands.commands[name].make_context(name, further)


def test_the_package_has_every_unit_and_documentation_names_them() -> None:
    kinds = {".service", ".timer"}
    units = {path.name for path in (ROOT / "systemd").iterdir() if path.suffix in kinds}
    assert set(deb.UNITS) == units
    places = {place for _, place, _ in deb.FILES}
    assert places >= {f"usr/lib/systemd/system/{one}" for one in units}
    page = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
    assert all(f"aggregator-{one}" in page for one in MEMBERS)


def test_the_package_and_the_image_have_what_a_fleet_needs_by_its_hash() -> None:
    pinned = deb.all_pins()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {Requirement(one).name for one in project["optional-dependencies"]["fleet"]}
    assert pinned.keys() >= wanted | {"psycopg-binary", "psycopg-pool", "asgiref", "croniter"}
    further = deb.pins((CONTAINER / "fleet-constraints.txt").read_text(encoding="utf-8"))
    rest = deb.pins((ROOT / "release-constraints.txt").read_text(encoding="utf-8"))
    assert not further.keys() & rest.keys()
    versions = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {lines.split(" ")[0] for lines in further.values()} <= set(versions)
    recipe = (CONTAINER / "Containerfile.fleet").read_text(encoding="utf-8")
    assert "--require-hashes" in recipe
    assert "COPY fleet-constraints.txt" in recipe


def test_compose_makes_the_fleet_that_it_says() -> None:
    services = COMPOSE["services"]
    assert {name: services[name]["deploy"]["replicas"] for name in MEMBERS} == {
        "scheduler": 2, "worker": 3, "web": 2,
    }  # fmt: skip
    for name in MEMBERS:
        one = services[name]
        assert one["image"] == f"aggregator-fleet:{aggregator.__version__}"
        assert (CONTAINER / one["build"]["context"] / one["build"]["dockerfile"]).is_file()
        assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
        assert any(place.startswith("/data:") for place in one["tmpfs"])
        assert set(one["networks"]) <= COMPOSE["networks"].keys()
        assert set(one["depends_on"]) <= services.keys()
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert services["postgres"]["networks"] == ["inside"]
    assert "http://web:8420" in services["caddy"]["command"]
