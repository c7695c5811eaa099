"""`make deb`: the Debian package, for one Python and one processor, on any machine.

    python -m release.deb FOLDER [--python 3.11] [--machine x86_64] [--version 0.3.0]

What running needs, alone or in a fleet, is taken as wheels by their hashes for the package's own
Python and processor, and laid out as a virtual environment of Debian's python3 below
/usr/lib/aggregator. Another Python cannot use it, so there is a package for each release of Debian,
and each depends on its Python. Needs pip and dpkg-deb.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import aggregator
from release.hashes import PLATFORMS, for_platform
from release.wheels import TO_BUILD

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "release" / "debian"
HOME = Path("usr/lib/aggregator")

#: The distribution that has a Python, as it stands in a package's version: the newer sorts later.
DISTRIBUTIONS = {"3.11": "deb12", "3.12": "ubuntu24.04", "3.13": "deb13"}
#: Processors, as wheels and as Debian call them.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
#: Units of systemd: the one that does everything; those of a fleet, which wait to be enabled.
UNITS = (
    "aggregator.service", "aggregator-backup.service", "aggregator-backup.timer",
    "aggregator-scheduler.service", "aggregator-worker@.service", "aggregator-web@.service",
)  # fmt: skip
#: What of the repository is where, beside the program and its documentation.
FILES = (
    ("systemd/aggregator-command", "usr/bin/aggregator", 0o755),
    *((f"systemd/{unit}", f"usr/lib/systemd/system/{unit}", 0o644) for unit in UNITS),
    ("config.toml", "usr/share/aggregator/config.toml", 0o644),
    ("LICENSE", "usr/share/doc/aggregator/copyright", 0o644),
)
#: What running needs, and what a fleet needs beside that: nobody adds to the package's own Python.
PINNED = ("release-constraints.txt", "container/fleet-constraints.txt")

#: Builds, and is not needed to run.
BUILDER = "setuptools"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==.*\n(?:    --hash=.*\n)+", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Return each package's lines of a file of constraints, hashes and all."""
    return {found[1]: found[0] for found in _PIN.finditer(text)}


def all_pins() -> dict[str, str]:
    """Return the lines of all that goes into the package."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in PINNED]
    return {name: lines for text in texts for name, lines in pins(text).items()}


def next_minor(python: str) -> str:
    """Return the first Python that a package for another one does not work with."""
    major, minor = python.split(".")
    return f"{major}.{int(minor) + 1}"


def control(version: str, python: str, machine: str, size_kib: int) -> str:
    """Return the package's control file (deb-control(5))."""
    text = (RECIPE / "control").read_text(encoding="utf-8")
    return text.format(
        version=package_version(version, python),
        architecture=ARCHITECTURES[machine],
        python=python,
        next_python=next_minor(python),
        size=size_kib,
    )


def package_version(version: str, python: str) -> str:
    """Return what the package is called in: an upgrade of Debian is an upgrade of it."""
    return f"{version}+{DISTRIBUTIONS[python]}"


def pip(*words: str | Path, python: str | Path = sys.executable) -> None:
    """Run pip, quietly."""
    quiet = ("--disable-pip-version-check", "--quiet", "--no-input")
    subprocess.run((python, "-m", "pip", *quiet, *words), check=True)


def fill(site: Path, python: str, machine: str, work: Path) -> None:
    """Put everything that running needs into a folder of packages."""
    pinned = all_pins()
    ready, to_build, builder = work / "ready.txt", work / "build.txt", work / "builder.txt"
    builder.write_text(pinned[BUILDER], encoding="utf-8")
    to_build.write_text("".join(pinned[name] for name in sorted(TO_BUILD)), encoding="utf-8")
    others = pinned.keys() - TO_BUILD - {BUILDER}
    ready.write_text("".join(pinned[name] for name in sorted(others)), encoding="utf-8")
    (platforms,) = (one for one in PLATFORMS if any(tag.endswith(machine) for tag in one))
    hashed = ("--no-deps", "--require-hashes")
    pip(
        "install",
        *(*hashed, "--only-binary", ":all:", "--target", site, "--no-compile"),
        *(*for_platform(python, platforms), "--requirement", str(ready)),
    )
    venv.create(work / "builder", with_pip=True)
    with_tools = work / "builder" / "bin" / "python"
    pip("install", *hashed, "--requirement", builder, python=with_tools)
    wheels: tuple[str | Path, ...] = (
        "wheel",
        "--no-build-isolation",
        "--wheel-dir",
        work / "wheels",
    )
    pip(*wheels, *hashed, "--requirement", to_build, python=with_tools)
    pip(*wheels, "--no-deps", source(work), python=with_tools)
    # Each of these is pure Python.
    built = sorted((work / "wheels").glob("*.whl"))
    pip("install", "--no-deps", "--no-index", "--no-compile", "--target", site, *built)
    shutil.rmtree(site / "bin", ignore_errors=True)


def source(work: Path) -> Path:
    """Return a copy of what the wheel is made of: building leaves its own files there."""
    copy = work / "source"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "aggregator", copy / "aggregator", ignore=without)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def lay_out(root: Path, python: str, machine: str, work: Path) -> None:
    """Put every file of the package below `root`."""
    home = root / HOME
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python3").symlink_to("/usr/bin/python3")
    write(
        home / "pyvenv.cfg",
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n",
    )
    fill(home / "lib" / f"python{python}" / "site-packages", python, machine, work)
    entry = "from aggregator.cli import main\n\nmain()\n"
    write(home / "bin" / "aggregator", f"#!/{HOME}/bin/python3\n{entry}", mode=0o755)
    for source, place, mode in FILES:
        text = (ROOT / source).read_text(encoding="utf-8")
        write(root / place, installed(text), mode=mode)
    documents = root / "usr/share/doc/aggregator"
    changes = (ROOT / "CHANGELOG.md").read_bytes()
    (documents / "changelog.gz").write_bytes(gzip.compress(changes, mtime=0))
    for page in (ROOT / "docs").glob("*.md"):
        shutil.copy(page, documents / page.name)


def installed(text: str) -> str:
    """Return a file of the repository with the places that the package has."""
    return (
        text.replace("/opt/aggregator/.venv/bin/aggregator", f"/{HOME}/bin/aggregator")
        .replace("/opt/aggregator/docs", "/usr/share/doc/aggregator")
        .replace('\npath = "aggregator.db"  ', '\npath = "/var/lib/aggregator/aggregator.db"  ')
    )


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def build(folder: Path, python: str, machine: str, version: str) -> Path:
    """Make the package in `folder`; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        work, root = Path(made), Path(made) / "root"
        root.mkdir(mode=0o755)
        lay_out(root, python, machine, work)
        private = [path for path in root.rglob("*") if not path.is_symlink()]
        open_to_all(private)
        size_kib = sum(path.stat().st_size for path in private if path.is_file()) // 1024
        write(root / "DEBIAN" / "control", control(version, python, machine, size_kib))
        for script in ("postinst", "prerm", "postrm"):
            text = (RECIPE / script).read_text(encoding="utf-8")
            write(root / "DEBIAN" / script, text.replace("@PYTHON@", python), mode=0o755)
        name = f"aggregator_{package_version(version, python)}_{ARCHITECTURES[machine]}.deb"
        subprocess.run(
            ("/usr/bin/dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, folder / name),
            check=True, stdout=subprocess.DEVNULL,
            env={**os.environ, "SOURCE_DATE_EPOCH": last_change()},
        )  # fmt: skip
    return folder / name


def last_change() -> str:
    """Return when the repository was last changed, in seconds since 1970: two builds are one."""
    asked = ("git", "-C", str(ROOT), "log", "-1", "--format=%ct")
    done = subprocess.run(asked, capture_output=True, check=False, text=True)
    return done.stdout.strip() or os.environ.get("SOURCE_DATE_EPOCH", "0")


def open_to_all(paths: Iterable[Path]) -> None:
    """Let everybody read, whatever the umask was; who may execute a file stays."""
    for path in paths:
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


def main() -> None:
    """Make the package, and print its path."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser = argparse.ArgumentParser(prog="python -m release.deb")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", choices=DISTRIBUTIONS, default=running)
    parser.add_argument("--machine", choices=ARCHITECTURES, default=os.uname().machine)
    parser.add_argument("--version", default=aggregator.__version__)
    said = parser.parse_args()
    print(build(said.folder, said.python, said.machine, said.version))


if __name__ == "__main__":
    main()
