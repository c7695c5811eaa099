"""`make verify-deb`: the package installed, run, upgraded, removed and purged in a chroot (root).

    python -m release.verify_deb [PACKAGE-OF-BEFORE]

The chroot is a small Debian that mmdebstrap makes from this machine's own package sources, of the
release whose Python this is. Without the package of the release before, the same is built with a
lower version. systemd does not run in a chroot: there the unit's own command is run as the unit's
user. Prints what is shown, and exits with 1 at the first thing that is not so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from release import deb
from release.own_network import leave_network
from release.verify_container import PATIENCE_S, run, show, status_of, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILT = deb.ROOT / "build" / "deb"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
#: What Debian calls the release with a Python.
SUITES = {"3.11": "bookworm", "3.13": "trixie"}
CONFIG = "/etc/aggregator/config.toml"
MARK = "# edited by the owner"


class Chroot:
    """A small Debian in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def does(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root."""
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        return subprocess.run(
            ("/usr/sbin/chroot", self.root, *command),
            env=environ, capture_output=True, check=False, text=True,
        )  # fmt: skip

    def must(self, *command: str) -> str:
        """Run a command in it that has to succeed; return what it printed."""
        done = self.does(*command)
        if done.returncode:
            sys.exit(f"NOT SO: {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def as_service(self, *command: str) -> tuple[str, ...]:
        """Return what runs a command in it as the service's user."""
        user = ("setpriv", "--reuid=aggregator", "--regid=aggregator", "--clear-groups")
        return ("/usr/sbin/chroot", str(self.root), *user, *command)

    def files(self) -> set[str]:
        """Return every file that a package could have left."""
        found = self.must("find", "/etc", "/usr", "/var", "/opt", "-xdev").splitlines()
        passing = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log")
        return {one for one in found if not one.startswith(passing)}


@contextmanager
def debian() -> Iterator[Chroot]:
    """Make a small Debian; afterwards it is gone."""
    archive = BUILT / f"{SUITES[PYTHON]}.tar"
    if not archive.exists():
        made = archive.with_suffix(".part")
        run("mmdebstrap", "--variant=minbase", "--format=tar", SUITES[PYTHON], made)
        made.replace(archive)
    root = BUILT / "chroot"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    run("tar", "--directory", root, "--extract", "--file", archive)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    run("mount", "--types", "proc", "proc", root / "proc")
    try:
        yield Chroot(root)
    finally:
        run("umount", root / "proc")
        shutil.rmtree(root)


@contextmanager
def daemon(chroot: Chroot) -> Iterator[None]:
    """Run what the unit runs, as the unit's user."""
    unit = (chroot.root / "usr/lib/systemd/system/aggregator.service").read_text()
    (line,) = (one for one in unit.splitlines() if one.startswith("ExecStart="))
    words = line.removeprefix("ExecStart=").split()
    process = subprocess.Popen(chroot.as_service(*words), stderr=subprocess.DEVNULL)
    try:
        wait(lambda: status_of("http://127.0.0.1:8420/healthz") == 200, "the daemon serves")
        yield
        process.terminate()
        show("and ends with 0 when it is told to", so=process.wait(PATIENCE_S) == 0)
    finally:
        process.kill()
        process.wait()


def install(chroot: Chroot, package: Path) -> None:
    """Install a package with all that it depends on."""
    shutil.copy(package, chroot.root / "opt" / package.name)
    chroot.must(
        *("apt-get", "--quiet=2", "--yes", "--no-install-recommends", "install"),
        *("-o", "Dpkg::Options::=--force-confold", f"/opt/{package.name}"),
    )
    (chroot.root / "opt" / package.name).unlink()


def prove(chroot: Chroot, before: Path, now: Path) -> None:
    """Show what docs/install.md promises of the package."""
    chroot.must("apt-get", "--quiet=2", "update")
    # What it depends on is no part of it.
    needs = ("python3", "adduser", "ca-certificates", "libstdc++6", "sqlite3")
    chroot.must("apt-get", "--quiet=2", "--yes", "--no-install-recommends", "install", *needs)
    leave_network()
    empty = chroot.files()
    install(chroot, before)
    place = chroot.must("stat", "--format=%U:%G %a", CONFIG, "/var/lib/aggregator")
    private = ["aggregator:aggregator 600", "aggregator:aggregator 700"]
    show("configuration and database are for the service alone", so=place.splitlines() == private)
    check = chroot.as_service("aggregator", "check")
    checked = subprocess.run(check, check=False, capture_output=True)
    show("`aggregator check` takes the example", so=checked.returncode == 0)
    chroot.must("sh", "-c", f"echo '{MARK}' >> {CONFIG}")
    with daemon(chroot):
        healthy = subprocess.run(
            chroot.as_service("aggregator", "status", "--healthy"), check=False
        )
        show("`aggregator status --healthy` says so", so=healthy.returncode == 0)
    install(chroot, now)
    version = chroot.must("dpkg-query", "--show", "--showformat=${Version} ${Status}", "aggregator")
    wanted = f"{now.name.split('_')[1]} install ok installed"
    show(f"upgraded: {version}", so=version == wanted)
    show("an edit of the configuration stays", so=MARK in chroot.must("cat", CONFIG))
    with daemon(chroot):
        found = chroot.must("stat", "--format=%U %a", "/var/lib/aggregator/aggregator.db")
        show("the database stays and is used", so=found == "aggregator 600")
    chroot.must("apt-get", "--quiet=2", "--yes", "remove", "aggregator")
    show("removed, its program is gone", so=not (chroot.root / "usr/lib/aggregator").exists())
    database = chroot.root / "var/lib/aggregator/aggregator.db"
    kept = MARK in chroot.must("cat", CONFIG) and database.exists()
    show("and configuration and database stay", so=kept)
    install(chroot, now)
    show("installed again, it takes them up", so=MARK in chroot.must("cat", CONFIG))
    chroot.must("apt-get", "--quiet=2", "--yes", "purge", "aggregator")
    left = sorted(chroot.files() - empty)
    show(f"purged, nothing is left {left}", so=not [one for one in left if "aggregator" in one])
    show("nor its user", so=chroot.does("getent", "passwd", "aggregator").returncode != 0)


def main() -> None:
    """Build, install and prove."""
    if os.geteuid() != 0:
        sys.exit("verify-deb: run as root, in a machine or container that may be thrown away")
    if PYTHON not in SUITES:
        sys.exit(f"verify-deb: no Debian has Python {PYTHON}; one of {', '.join(SUITES)} is needed")
    machine = os.uname().machine
    now = deb.build(BUILT, PYTHON, machine, deb.aggregator.__version__)
    if len(sys.argv) > 1:
        before = Path(sys.argv[1])
    else:
        lower = f"{deb.aggregator.__version__}~before"
        before = deb.build(BUILT, PYTHON, machine, lower)
    started = time.monotonic()
    with debian() as chroot:
        prove(chroot, before, now)
    print(f"verify-deb: all of it, in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
