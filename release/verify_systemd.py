"""`make verify-systemd`: the package under a systemd of its own, in a namespace (root).

    python -m release.verify_systemd [PACKAGE]

systemd-nspawn boots a small Debian without a network, in which the package is installed; what
docs/install.md says of the service is tried there with systemctl. Without PACKAGE it is built.
Prints what is shown, and exits with 1 at the first thing that is not so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from release import deb
from release.verify_container import show, wait
from release.verify_deb import BUILT, CONFIG, PYTHON, SUITES, Chroot, debian, install

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEMD = "/lib/systemd/systemd"
NEEDS = ("systemd", "python3", "adduser", "ca-certificates", "libstdc++6")


class Machine:
    """A Debian that systemd runs."""

    def __init__(self, process: int) -> None:
        """`process` is its systemd, as the outside numbers it."""
        self._into = ("nsenter", "--target", str(process), "--all")

    def does(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root."""
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return subprocess.run(
            ("/usr/bin/env", *self._into, *command),
            env=environ, capture_output=True, check=False, text=True,
        )  # fmt: skip

    def is_so(self, *command: str) -> bool:
        """Tell whether a command in it succeeds."""
        return self.does(*command).returncode == 0

    def edit(self, script: str) -> None:
        """Run a line of shell in it."""
        self.does("sh", "-c", script)


@contextmanager
def booted(chroot: Chroot) -> Iterator[Machine]:
    """Boot it; afterwards it is off."""
    process = subprocess.Popen(
        (
            *("/usr/bin/systemd-nspawn", "--quiet", "--directory", chroot.root, "--register=no"),
            *("--keep-unit", "--private-network", "--console=pipe", SYSTEMD),
        ),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        wait(lambda: bool(children.read_text().split()), "systemd starts")
        yield Machine(int(children.read_text().split()[0]))
    finally:
        process.terminate()
        process.wait()


def prove(machine: Machine) -> None:
    """Show what docs/install.md and docs/publishing.md promise of the service."""
    wait(lambda: machine.is_so("systemctl", "--quiet", "is-active", "aggregator"), "it is active")
    show("reload of a whole file succeeds", so=machine.is_so("systemctl", "reload", "aggregator"))
    machine.edit(f"cp -p {CONFIG} /opt/good; echo '[nonsense]' >> {CONFIG}")
    show("of a broken one fails", so=not machine.is_so("systemctl", "reload", "aggregator"))
    show("and it stays active", so=machine.is_so("systemctl", "is-active", "aggregator"))
    machine.edit(f"cp -p /opt/good {CONFIG}")
    made = machine.is_so("systemctl", "start", "aggregator-backup.service")
    there = machine.does("sh", "-c", "ls /var/lib/aggregator/backups").stdout
    show(f"a backup is made: {there.strip()}", so=made and there.startswith("aggregator-"))
    timers = machine.does("systemctl", "list-timers", "--no-pager").stdout
    show("and its timer is set", so="aggregator-backup.timer" in timers)
    machine.edit(
        "mkdir -p /etc/systemd/system/aggregator.service.d; "
        "printf '[Service]\\nReadWritePaths=-/srv/feeds\\n' "
        "> /etc/systemd/system/aggregator.service.d/own.conf; systemctl daemon-reload; "
        f"""sed -i 's|^# directory = "public".*|directory = "/srv/feeds"|' {CONFIG}; """
        "systemctl restart aggregator"
    )
    show("without the folder of [publish] it is active, too",
         so=machine.is_so("systemctl", "is-active", "aggregator"))  # fmt: skip
    check = ("setpriv", "--reuid=aggregator", "--regid=aggregator", "--clear-groups")
    told = machine.does(*check, "aggregator", "check").stderr
    so = "/srv/feeds cannot be made by aggregator" in told
    show("and `check` says who may not make it", so=so)
    machine.edit("install -d -o aggregator -g aggregator /srv/feeds; systemctl restart aggregator")
    wait(lambda: machine.is_so("test", "-e", "/srv/feeds/feeds/all.atom"), "with it, it is filled")
    show("stopped, it ends well", so=machine.is_so("systemctl", "stop", "aggregator")
         and not machine.is_so("systemctl", "is-failed", "aggregator"))  # fmt: skip


def main() -> None:
    """Build, install, boot and prove."""
    if os.geteuid() != 0:
        sys.exit("verify-systemd: run as root, in a machine or container that may be thrown away")
    if PYTHON not in SUITES:
        sys.exit(f"verify-systemd: no Debian has Python {PYTHON}, but {', '.join(SUITES)}")
    machine, version = os.uname().machine, deb.aggregator.__version__
    named = sys.argv[1:]
    package = Path(named[0]) if named else deb.build(BUILT, PYTHON, machine, version)
    with debian() as chroot:
        chroot.must("apt-get", "--quiet=2", "update")
        chroot.must("apt-get", "--quiet=2", "--yes", "--no-install-recommends", "install", *NEEDS)
        install(chroot, package)
        with booted(chroot) as running:
            prove(running)


if __name__ == "__main__":
    main()
