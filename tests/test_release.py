"""What comes with a release: hashes of all that is installed, and an audit that is honest."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release import audit, hashes
from tests import ROOT

FILE = ROOT / "release-constraints.txt"
PIN = re.compile(
    r"([A-Za-z0-9._-]+)==([0-9A-Za-z.!+]+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


VULNERABLE = {
    "dependencies": [
        {"name": "a", "version": "1", "vulns": [{"id": "X", "fix_versions": []}]},
    ]
}


def report(name: str = "A", version: str = "1.0", digest: str | None = "aa") -> dict[str, Any]:
    info = {"url": "https://mirror.example/a", "archive_info": {"hashes": {"sha256": digest}}}
    if digest is None:
        info = {"url": "file:///a", "dir_info": {}}
    return {"install": [{"metadata": {"name": name, "version": version}, "download_info": info}]}


def test_the_hashes_of_every_platform_stand_together_and_no_address_does() -> None:
    text = hashes.pinned([report(digest="bb"), report("b"), report(), report(digest="bb")])
    assert text == (
        "a==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "b==1.0 \\\n    --hash=sha256:aa\n"
    )


@pytest.mark.parametrize(
    ("other", "told"),
    [(report(version="2"), "a is 2 here, 1.0 elsewhere"), (report(digest=None), "no SHA-256")],
)
def test_what_cannot_be_one_release_is_told(other: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        hashes.pinned([report(), other])


def test_the_file_is_of_these_constraints_and_has_all_that_running_needs() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.startswith(hashes.HEAD)
    pins = {canonicalize_name(m[1]): m[2] for m in PIN.finditer(text)}
    assert PIN.sub("", text.removeprefix(hashes.HEAD)) == ""
    constrained = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()
    )
    versions = {canonicalize_name(name): version for name, version in constrained.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for text in hashes.requirements(project):
        name = canonicalize_name(Requirement(text).name)
        if name == "opencc-py":  # for processors that no file of hashes is made for
            continue
        assert name in pins, "make constraints"
        assert pins[name] in Requirement(text).specifier
    other = {name: pin for name, pin in pins.items() if versions.get(name, pin) != pin}
    assert not other, "make constraints"


def test_vulnerabilities_are_told_and_fail() -> None:
    known = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "version": "2", "vulns": [{"id": "X-1", "fix_versions": ["3", "4"]}]},
            {"name": "c", "skip_reason": "not known"},
            {"name": "d", "version": "5", "vulns": [{"id": "X-2", "fix_versions": []}]},
        ]
    }
    assert audit.findings(json.dumps(known)) == [
        "b 2: X-1, mended in: 3, 4",
        "d 5: X-2, mended in: none yet",
    ]
    assert audit.findings('{"dependencies": []}') == []
    assert audit.findings("") is audit.findings("[]") is audit.findings("{}") is None


@pytest.mark.parametrize(
    ("script", "status", "told"),
    [
        ("echo '{\"dependencies\": []}'", 0, "audit: nothing is known"),
        ("echo no network >&2; exit 1", 0, "could not be asked: no network"),
        (
            f"echo '{json.dumps(VULNERABLE)}'; exit 1",
            1,
            "a 1: X, mended in: none yet\naudit: 1 known",
        ),
    ],
)
def test_an_audit_that_cannot_be_made_is_told_and_is_no_failure(
    script: str, status: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert audit.main(str(program)) == status
    assert told in capsys.readouterr().out
    assert audit.main(str(tmp_path / "none")) == 0
    assert "none: No such file or directory" in capsys.readouterr().out
