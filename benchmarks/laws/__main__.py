"""Look for histories that break a law of the subscriber.

    make verify-laws SEED=1 HISTORIES=500
    .venv/bin/python -m benchmarks.laws [--seed 1] [--histories 500] [--steps 25] [--only NUMBER]

Each history is played in this process through the whole program, from documents' bytes to what
readers are answered, and is the same for the same seed. Prints the first history that breaks a law,
made as short as possible, and exits with 1; with `--all` it goes on, and prints them all.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from benchmarks.laws.histories import find, history_seed, play
from benchmarks.laws.steps import any_steps


def main() -> int:
    """Run the histories; return the exit status."""
    parser = argparse.ArgumentParser(prog="laws", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--first", type=int, default=0, help="the number of the first history")
    parser.add_argument("--only", type=int, help="play one history alone, and tell its steps")
    parser.add_argument("--all", action="store_true", help="go on after a broken law")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.only is not None:
        own = history_seed(options.seed, options.only)
        found = play(own, any_steps(own, options.steps), verbose=True)
        print("no law is broken" if found is None else found.text())
        return 0 if found is None else 1
    began, broken = time.monotonic(), 0
    for number in range(options.first, options.first + options.histories):
        finding = find(options.seed, number, options.steps)
        if finding is not None:
            broken += 1
            print(f"SEED={options.seed}, history number {number}: {finding.text()}\n", flush=True)
            if not options.all:
                break
    seconds = time.monotonic() - began
    print(
        f"{number - options.first + 1} histories of {options.steps} steps, seed {options.seed}: "
        f"{broken} break a law ({seconds:.0f} s)"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
