"""Attacks on the daemon, part by part: what was done and found; exit status 1 on a violation.

    make torture [PART=kills] [HOURS=24]
    .venv/bin/python -m benchmarks.torture [PART …] [--short] [--seed N] [--hours H]

Everything happens on loopback and in a temporary folder, which stays when a law was broken.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.torture import clocks, disks, kills, readers, soak

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.torture.findings import Findings

PARTS: dict[str, Callable[[Path, argparse.Namespace], Findings]] = {
    "kills": lambda folder, given: kills.run(
        folder, given.seed, kills.SHORT if given.short else kills.FULL
    ),
    "disks": lambda folder, given: disks.run(folder, short=given.short),
    "clocks": lambda folder, given: clocks.run(folder, short=given.short),
    "readers": lambda folder, given: readers.run(
        folder, given.seed, readers.SHORT if given.short else readers.FULL
    ),
    "soak": lambda folder, given: soak.run(
        folder, soak.SHORT if given.short else soak.Length(given.hours)
    ),
}


def main() -> None:
    """Run the parts that are asked for, or all."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    arguments.add_argument("--short", action="store_true", help="each in seconds, as the tests do")
    arguments.add_argument("--seed", type=int, default=20261130)
    arguments.add_argument("--hours", type=float, default=3, help="of the soak, by its clock")
    given = arguments.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        arguments.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    broken = False
    for name in given.parts or PARTS:
        folder = Path(tempfile.mkdtemp(prefix=f"torture-{name}-"))
        begun = time.monotonic()
        findings = PARTS[name](folder, given)
        print(findings.text())
        print(f"{time.monotonic() - begun:.0f} s, seed {given.seed}\n", flush=True)
        if findings.broken:
            broken = True
            print(f"what is left is in {folder}\n")
        else:
            shutil.rmtree(folder)
    sys.exit(broken)


if __name__ == "__main__":
    main()
