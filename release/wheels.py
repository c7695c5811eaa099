"""Whether all that running needs can be had as wheels, for each processor: `make wheels`.

    python -m release.wheels [FOLDER]

Asks the registry that pip uses; 1 where a wheel is missing that was not expected to be. What is
pure Python and has none is built into FOLDER: one wheel, which goes with a release.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.hashes import PYTHONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT = Path(__file__).parent.parent

#: Processors, as `platform_machine` has them, with what wheels for their glibc are called.
MACHINES: Mapping[str, tuple[str, ...]] = {
    machine: tuple(
        f"manylinux{glibc}_{machine}"
        for glibc in ("2014", "_2_17", "_2_26", "_2_28", "_2_31", "_2_34")
    )
    for machine in ("x86_64", "aarch64", "armv7l")
}

#: Pure Python that its publisher has made no wheel of.
TO_BUILD = frozenset({"feedgen"})
#: What comes with a requirement, and with no other.
COMES_WITH = {"argon2-cffi": ("argon2-cffi-bindings", "cffi", "pycparser")}


def pins(text: str) -> dict[str, str]:
    """Read `name==version` at the beginning of lines, as both files of constraints have it."""
    pairs = (line.split(" ")[0].partition("==") for line in text.splitlines() if "==" in line)
    return {canonicalize_name(name): version for name, _, version in pairs}


def not_for(machine: str, python: str, requirements: Iterable[str]) -> frozenset[str]:
    """Return what the requirements leave out on a processor."""
    there = {
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    asked = map(Requirement, requirements)
    names = {
        canonicalize_name(one.name)
        for one in asked
        if one.marker is not None and not one.marker.evaluate({**there, "extra": ""})
    }
    return frozenset(names.union(*(COMES_WITH.get(name, ()) for name in names)))


def wanted(
    machine: str, python: str, requirements: Iterable[str], pinned: Mapping[str, str]
) -> list[str]:
    """Return, as `name==version`, of what there is to be a wheel."""
    left_out = not_for(machine, python, requirements) | TO_BUILD
    return [
        f"{name}=={version}" for name, version in sorted(pinned.items()) if name not in left_out
    ]


def without_wheel(names: list[str], can_be_had: Callable[[list[str]], bool]) -> list[str]:
    """Return those that `can_be_had` says no to: asked all at once, then one by one."""
    if can_be_had(names):
        return []
    return [name for name in names if not can_be_had([name])]


def asking(machine: str, python: str) -> Callable[[list[str]], bool]:
    """Return what asks pip whether all of some pins have wheels for a Python on a processor."""
    platforms = [word for tag in MACHINES[machine] for word in ("--platform", tag)]
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    dry = ("--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:")
    other = ("--implementation", "cp", "--python-version", python, *platforms)

    def can_be_had(names: list[str]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [*pip, *dry, *other, "--target", folder, *names],
                stderr=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
            )
        return done.returncode == 0

    return can_be_had


def build(folder: str, pinned: Mapping[str, str]) -> None:
    """Make the wheels that nobody else has made."""
    names = [f"{name}=={pinned[name]}" for name in sorted(TO_BUILD)]
    command = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel")
    subprocess.run([*command, "--no-deps", "--wheel-dir", folder, *names], check=True)


def main() -> int:
    """Ask for every processor and Python, and print what is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = pins((ROOT / "release-constraints.txt").read_text(encoding="utf-8"))
    missing = False
    for machine in MACHINES:
        for python in PYTHONS:
            requirements = project["dependencies"]
            names = wanted(machine, python, requirements, pinned)
            lacking = without_wheel(names, asking(machine, python))
            missing |= bool(lacking)
            left_out = ", ".join(sorted(not_for(machine, python, requirements))) or "nothing"
            print(f"{machine}, Python {python}: {len(names)} wheels wanted, left out: {left_out}")
            print(f"  no wheel: {', '.join(lacking) or 'none'}")
    if len(sys.argv) > 1:
        build(sys.argv[1], pinned)
        print(f"built: {', '.join(sorted(TO_BUILD))} in {sys.argv[1]}")
    return int(missing)


if __name__ == "__main__":
    sys.exit(main())
