"""Fuzzing with Hypothesis, the time shared out among the targets of tests/fuzz_targets.py.

    make fuzz SECONDS=600
    .venv/bin/python -m benchmarks.fuzz [--seconds 600] [--seed N] [TARGET …]

Prints the seed of every round, so that one can be run again; a broken law is shown with its
smallest example, saved under build/fuzz/, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.fuzz_targets import TARGETS

if TYPE_CHECKING:
    from tests.fuzz_targets import Target

FOLDER = Path(__file__).parent.parent / "build" / "fuzz"

#: Examples of a round, after which the clock is looked at.
ROUND = 200


def play(target: Target, number: int) -> tuple[int, str | None]:
    """Try a round of examples; return how many there were, and how the law was broken."""
    tried = 0

    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=DirectoryBasedExampleDatabase(FOLDER / "examples"),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(target.inputs)
    def hold(example: object) -> None:
        nonlocal tried
        tried += 1
        target.law(example)

    try:
        hold()
    except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
        return tried, traceback.format_exc()
    return tried, None


def main() -> None:
    """Fuzz every target for its share of the time."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given_ = arguments.parse_args()
    if unknown := set(given_.targets) - set(TARGETS):
        arguments.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    names = given_.targets or list(TARGETS)
    broken = []
    print("| target | examples | seeds | law |\n|---|---|---|---|")
    for name in names:
        ends = time.monotonic() + given_.seconds / len(names)
        first = number = given_.seed
        examples, trouble = 0, None
        while trouble is None and time.monotonic() < ends:
            tried, trouble = play(TARGETS[name], number)
            examples += tried
            number += 1
        print(
            f"| {name} | {examples} | {first} to {number - 1} "
            f"| {'holds' if trouble is None else 'BROKEN'} |",
            flush=True,
        )
        if trouble is not None:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path = FOLDER / f"{name}-{number - 1}.txt"
            path.write_text(trouble, encoding="utf-8", errors="backslashreplace")
            broken.append(f"{name}: seed {number - 1}, see {path}\n{trouble}")
    for line in broken:
        print(line)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
