"""release-constraints.txt: what running needs, pinned to versions and to the files' own hashes.

    python -m release.hashes > release-constraints.txt
    python -m release.hashes fleet > container/fleet-constraints.txt

pip resolves pyproject.toml within constraints.txt, and then reports, for each Python and processor
that a release is for, the files that it would install. What is kept of that are names, versions and
SHA-256; no address of a file, so that any mirror serves. With the name of an extra that is what it
brings beside the rest.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parent.parent

#: Debian 12 and 13 have 3.11 and 3.13, Ubuntu 24.04 has 3.12.
PYTHONS = ("3.11", "3.12", "3.13")

#: Processors, by what wheels for glibc call them, the older first.
PLATFORMS = tuple(
    tuple(f"manylinux{glibc}_{machine}" for glibc in ("2014", "_2_17", "_2_28", "_2_34"))
    for machine in ("x86_64", "aarch64")
)

HEAD = """\
# What running needs, each file by its hash, for CPython 3.11 to 3.13 on x86_64 and aarch64 with
# glibc; `make install-hashed` installs it. Written by `make constraints`.
"""


#: Of an extra.
FURTHER = """\
# What aggregator[{extra}] brings beside release-constraints.txt, as that has it: for the Debian
# package and the image of a fleet. Written by `make constraints`.
"""


def requirements(project: Mapping[str, Any]) -> list[str]:
    """Return what a pyproject.toml asks for to build and to run the program."""
    return [*project["build-system"]["requires"], *project["project"]["dependencies"]]


def pinned(reports: Iterable[Mapping[str, Any]]) -> str:
    """Return the lines for pip's installation reports (each of one Python and processor).

    Raises `ValueError` where they do not agree on a version, or a file has no SHA-256.
    https://pip.pypa.io/en/stable/reference/installation-report/
    """
    versions: dict[str, str] = {}
    hashes: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        for item in report["install"]:
            name, version = item["metadata"]["name"].lower(), item["metadata"]["version"]
            if versions.setdefault(name, version) != version:
                raise ValueError(f"{name} is {version} here, {versions[name]} elsewhere")
            digest = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
            if digest is None:
                raise ValueError(f"{name} {version} has no SHA-256")
            hashes[name].add(digest)
    return "".join(
        " \\\n".join(
            (f"{name}=={version}", *(f"    --hash=sha256:{one}" for one in sorted(hashes[name])))
        )
        + "\n"
        for name, version in sorted(versions.items())
    )


def names_and_versions(report: Mapping[str, Any]) -> list[str]:
    """Return `name==version` for all that a report would install."""
    found = (item["metadata"] for item in report["install"])
    return [f"{one['name']}=={one['version']}" for one in found]


def report_of(words: Iterable[str]) -> dict[str, Any]:
    """Return what pip would install."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"),
                *("--dry-run", "--ignore-installed", "--target", folder, "--report", "-", *words),
            ],
            stdout=subprocess.PIPE,
            check=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def for_platform(python: str, platforms: Iterable[str]) -> list[str]:
    """Return pip's words for another Python and processor than this one's."""
    named = [word for one in platforms for word in ("--platform", one)]
    return ["--no-deps", "--implementation", "cp", "--python-version", python, *named]


def main() -> None:
    """Write the file to standard output."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    constraints = ("--constraint", str(ROOT / "constraints.txt"))
    resolved = names_and_versions(report_of([*constraints, *requirements(project)]))
    head = HEAD
    if extras := sys.argv[1:]:
        (extra,) = extras
        asked = [*requirements(project), *project["project"]["optional-dependencies"][extra]]
        with_it = names_and_versions(report_of([*constraints, *asked]))
        resolved = sorted(set(with_it) - set(resolved))
        head = FURTHER.format(extra=extra)
    cells = [for_platform(python, one) for python in PYTHONS for one in PLATFORMS]
    reports = [report_of([*cell, *resolved]) for cell in cells]
    sys.stdout.write(head + pinned(reports))


if __name__ == "__main__":
    main()
