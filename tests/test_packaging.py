"""The image, the compose file and the Debian package, as far as their recipes tell."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]

import aggregator
from aggregator.config import environment, load
from release import deb, make_release
from release.wheels import TO_BUILD
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CONTAINER = ROOT / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """Return the recipe's instructions, each with its words, without comments."""
    lines = (CONTAINER / "Containerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = text.replace("\\\n", " ")
    found = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(name, " ".join(words.split())) for name, _, words in found]


def final() -> list[tuple[str, str]]:
    """Return the instructions of the image itself, without those of what builds it."""
    found = instructions()
    last = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    return found[last:]


def values(name: str) -> list[str]:
    return [words for instruction, words in final() if instruction == name]


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(values("ENV"))))


def test_the_image_is_nobodys_and_writes_two_volumes() -> None:
    (user,) = values("USER")
    assert user == "8420:8420"
    (volumes,) = values("VOLUME")
    assert json.loads(volumes) == ["/config", "/data"]
    made = " ".join(values("RUN"))
    assert all(f"-o 8420 -g 8420 -m {mode} {place}" in made
               for mode, place in (("755", "/config"), ("700", "/data")))  # fmt: skip


def test_the_image_runs_the_daemon_and_asks_it_how_it_is() -> None:
    words = {name: json.loads(values(name)[0]) for name in ("ENTRYPOINT", "CMD")}
    assert [*words["ENTRYPOINT"], *words["CMD"]] == ["aggregator", "run"]
    (health,) = values("HEALTHCHECK")
    assert json.loads(health[health.index("[") :]) == ["aggregator", "status", "--healthy"]


def test_the_image_installs_wheels_by_their_hashes_but_for_one() -> None:
    made = "\n".join(words for name, words in instructions() if name == "RUN")
    installs = re.findall(r"pip install [^&\n]*", made)
    assert len(installs) == 3
    assert all("--require-hashes --only-binary :all:" in one for one in installs[:2])
    assert re.findall(r"--no-binary (\S+)", made) == sorted(TO_BUILD)
    assert "--no-deps" in installs[2]


def test_what_the_image_is_made_of_is_let_through() -> None:
    allowed = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    copied = [
        word
        for name, words in instructions()
        if name == "COPY" and "--from" not in words
        for word in words.split()[:-1]
        if not word.startswith("--")
    ]
    assert {f"!{word}" for word in copied} == {one for one in allowed if one.startswith("!")}


def test_nobody_who_comes_to_the_images_port_is_on_this_machine() -> None:
    """As a port may be forwarded by what comes from loopback itself."""
    from aggregator.config import parse
    from aggregator.serve.callers import Arrival, ListenerKind, is_local

    environ = image_environment()
    config = parse("", CONTAINER / "config.toml", environ=environ)
    assert config.server.listen.host == "0.0.0.0"  # noqa: S104 -- only compared
    arrival = Arrival(ListenerKind.READERS, "127.0.0.1", "1.1", "localhost:8420", frozenset())
    assert not is_local(arrival, config.server)
    assert config.server.operator_listen is not None
    assert config.server.operator_listen.host == "127.0.0.1"
    assert str(config.store.path) == "/data/aggregator.db"


def test_compose_starts_the_image_with_nothing_to_write_but_its_volumes() -> None:
    service = COMPOSE["services"]["aggregator"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [one.split(":")[1] for one in service["volumes"]] == ["/config", "/data"]
    assert "ports" not in service
    assert (CONTAINER / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_one_edit_of_compose_reaches_the_daemon_and_caddy() -> None:
    services = COMPOSE["services"]
    address = COMPOSE["x-address"]
    assert services["aggregator"]["environment"] == {"AGGREGATOR_BASE_URL": address}
    assert services["caddy"]["environment"] == {"ADDRESS": address}
    assert (CONTAINER / "Caddyfile").read_text(encoding="utf-8").startswith("{$ADDRESS} {\n")
    assert "reverse_proxy aggregator:8420" in (CONTAINER / "Caddyfile").read_text(encoding="utf-8")
    assert set(environment.named({"AGGREGATOR_BASE_URL": address})) == {"AGGREGATOR_BASE_URL"}


def test_caddy_lets_through_what_the_documentation_does() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```caddyfile\n(.*?)```", page, re.DOTALL)
    ours = (CONTAINER / "Caddyfile").read_text(encoding="utf-8")
    shown = shown.replace("feeds.example.org {", "{$ADDRESS} {", 1)
    assert ours == shown.replace("127.0.0.1:8420", "aggregator:8420")


def test_the_configuration_of_compose_is_valid_and_lets_rsshub_alone_in() -> None:
    config = load(CONTAINER / "config" / "config.toml")
    assert [one.text for one in config.network.allow_private] == ["rsshub:1200"]
    assert config.rsshub.instances == ("http://rsshub:1200",)
    assert COMPOSE["services"]["rsshub"]["expose"] == ["1200"]
    assert "ports" not in COMPOSE["services"]["rsshub"]


def test_versions_are_in_step() -> None:
    version = aggregator.__version__
    assert f'image.version="{version}"' in " ".join(values("LABEL"))
    assert COMPOSE["services"]["aggregator"]["image"] == f"aggregator:{version}"


@pytest.mark.parametrize("python", deb.DISTRIBUTIONS)
def test_a_package_depends_on_its_own_python_and_no_other(python: str) -> None:
    text = deb.control("1.2.3", python, "aarch64", 7)
    after = python.replace(python[2:], str(int(python[2:]) + 1))
    assert f"python3 (>= {python}), python3 (<< {after})," in text
    assert f"Version: 1.2.3+{deb.DISTRIBUTIONS[python]}\n" in text
    assert "Architecture: arm64\n" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert python >= project["requires-python"].removeprefix(">=")


def test_a_package_has_every_pin_with_its_hashes() -> None:
    text = (ROOT / "release-constraints.txt").read_text(encoding="utf-8")
    found = deb.pins(text)
    assert "".join(found.values()) == "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith("#")
    )
    assert deb.BUILDER in found
    assert found.keys() >= TO_BUILD


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "systemd").iterdir()))
def test_nothing_of_a_package_names_the_places_of_a_clone(name: str) -> None:
    text = deb.installed((ROOT / "systemd" / name).read_text(encoding="utf-8"))
    assert "/opt/" not in text


def test_a_package_keeps_its_database_where_the_service_may_write() -> None:
    text = deb.installed((ROOT / "config.toml").read_text(encoding="utf-8"))
    assert tomllib.loads(text)["store"]["path"] == "/var/lib/aggregator/aggregator.db"


# --- releases -----------------------------------------------------------------------------------

CHANGES = "# Changelog\n\n## 1.2.0 - unreleased\n\n- New.\n\n## 1.1.0 - 2026-01-01\n\n- Old.\n"


def test_a_release_dates_its_section_and_nothing_else() -> None:
    dated = make_release.dated(CHANGES, "1.2.0", date(2026, 12, 1))
    assert dated == CHANGES.replace("unreleased", "2026-12-01")


@pytest.mark.parametrize("version", ["1.1.0", "1.2.1", "1.2"])
def test_what_is_not_the_newest_and_unreleased_is_not_dated(version: str) -> None:
    with pytest.raises(ValueError, match=re.escape(version)):
        make_release.dated(CHANGES, version, date(2026, 12, 1))
    released = make_release.dated(CHANGES, "1.2.0", date(2026, 12, 1))
    with pytest.raises(ValueError, match=r"was released on 2026-12-01"):
        make_release.dated(released, "1.2.0", date(2026, 12, 2))


def test_only_the_version_that_the_program_has_is_released() -> None:
    assert "no version" in str(make_release.refuse("1.0"))
    assert f"says {aggregator.__version__}" in str(make_release.refuse("99.0.0"))


def test_checksums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(name)
    lines = make_release.checksums(tmp_path.iterdir()).splitlines()
    assert lines == [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in "ab"]


def test_the_recipe_of_the_image_has_all_that_is_let_through() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    wanted = {one[1:] for one in allowed if one.startswith("!")}
    assert set(make_release.IMAGE) == wanted | {"container", ".dockerignore"}


def test_a_bill_of_materials_says_of_which_version_it_is() -> None:
    bill = '{"metadata": {"component": {"name": "aggregator"}}, "components": []}'
    named = json.loads(make_release.named(bill, "1.2.3"))
    assert named["metadata"]["component"] == {"name": "aggregator", "version": "1.2.3"}
