"""Disks in trouble, at a start and at work: full, locked, read-only, with errors of the system.

A daemon lives through it, goes on serving what it has, says so in /healthz, and loses nothing.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from benchmarks.torture import life
from benchmarks.torture.findings import Findings
from benchmarks.torture.home import EVERYWHERE, HEADS, Home, Plan
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    #: What makes the trouble of a home and its daemon, if one lives already, for a block.
    Trouble = Callable[[Home, BaseProcess | None], AbstractContextManager[None]]

#: How large the small disk is.
DISK = "8m"

#: How long trouble at work lasts in the full run, and after how long polls go on by themselves.
TROUBLE_S, RECOVERY_S = 20.0, 90.0


@contextmanager
def limited(_: Home, process: BaseProcess | None) -> Iterator[None]:
    """Let no file grow: writing fails with EFBIG, which SQLite tells as an error of the disk."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    pid = -1 if process is None or process.pid is None else process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


@contextmanager
def locked(home: Home, _: BaseProcess | None) -> Iterator[None]:
    """Hold the database as an operator's own sqlite3 does with an open transaction."""
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def full(home: Home, _: BaseProcess | None) -> Iterator[None]:
    """Take all the room of the disk."""
    filler = home.database.parent / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


@contextmanager
def read_only(home: Home, _: BaseProcess | None) -> Iterator[None]:
    """Mount the disk for reading alone, which only works while nobody has a file open."""
    disk = str(home.database.parent)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # noqa: S607
    yield
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)  # noqa: S607


#: Name, trouble, whether it begins before the start, whether it takes a disk of its own.
CASES: tuple[tuple[str, Trouble, bool, bool], ...] = (
    ("error of the disk, at work", limited, False, False),
    ("locked, at work", locked, False, False),
    ("locked, at a start", locked, True, False),
    ("full, at work", full, False, True),
    ("full, at a start", full, True, True),
    ("read-only, at a start", read_only, True, True),
)

#: The cases of the short form, by their number.
SHORT = (0, 4)


@contextmanager
def disk(folder: Path, *, small: bool) -> Iterator[Path | None]:
    """Yield a folder for a database: a small file system of its own (`None`: not ours to mount)."""
    folder.mkdir()
    if not small:
        yield folder
        return
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S607


def endure(
    findings: Findings, home: Home, name: str, trouble: Trouble, *, at_start: bool, short: bool
) -> None:
    """Let a daemon go through a trouble and out of it, then account for every number."""

    def health() -> int:
        return life.get(home.port, "/healthz", patience=10)[0]

    process = home.start()
    life.wait(lambda: all(book.acknowledged for book in home.books))
    if at_start:
        life.stop(process)
        home.peak.end()
        with trouble(home, None):
            process = home.start()
            time.sleep(2 if short else TROUBLE_S)
            findings.expect(process.exitcode is None, f"{name}: the start gave up")
    else:
        with trouble(home, process):
            told = life.wait(lambda: health() == 503)
            findings.expect(told, f"{name}: /healthz does not tell of it")
            status, body = life.get(home.port, "/feeds/all.atom")
            findings.expect(
                status == 200 and b"<entry" in body, f"{name}: the feed is not served ({status})"
            )
            time.sleep(0 if short else TROUBLE_S)
            findings.expect(process.exitcode is None, f"{name}: the daemon ended")
    asked = {book.name: book.requests for book in home.books}
    if at_start or not short:  # at work polls pause for a minute
        well = life.wait(lambda: health() == 200, patience=RECOVERY_S)
        findings.expect(well, f"{name}: not well again")
        going = life.wait(
            lambda: all(book.requests > asked[book.name] for book in home.books),
            patience=RECOVERY_S,
        )
        findings.expect(going, f"{name}: polls do not go on")
    findings.expect(life.stop(process) == 0, f"{name}: no good end")
    findings.took(home.peak.end())
    home.account(findings, name, "yes" if process.exitcode == 0 else "no")
    log = home.log.read_text(encoding="utf-8")
    findings.expect("Traceback" not in log, f"{name}: a traceback in {home.log}")


def run(folder: Path, *, short: bool) -> Findings:
    """Go through all cases; those that take a mount are left out where that is not ours to do."""
    findings = Findings("disks", ("trouble", "lived on", *HEADS))
    with ThreadedPublisher(host=EVERYWHERE) as web:
        for number, (name, trouble, at_start, small) in enumerate(CASES):
            if short and number not in SHORT:
                continue
            with disk(folder / f"disk-{number}", small=small) as place:
                if place is None:
                    findings.row(name, "not tried: only root may mount", *("",) * len(HEADS))
                    continue
                home = Home(folder / f"home-{number}", web, Plan(sources=3, place=place))
                endure(findings, home, name, trouble, at_start=at_start, short=short)
    return findings
