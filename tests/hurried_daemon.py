"""`aggregator run` whose clock, and all that it does at its pace, goes many times as fast.

    python -m tests.hurried_daemon config.toml 4320

Everything else is as in the program that is shipped.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from aggregator import config as configuration
from aggregator.daemon import launch
from aggregator.daemon.pace import Pace
from benchmarks.torture.life import Shifted

#: Nothing is done more often by the true clock.
SHORTEST = timedelta(seconds=0.1)


def hurried(speed: float) -> Pace:
    """Return the usual pace, so many times as fast; only what ends takes as long as ever."""
    usual = Pace()
    return Pace(
        **{
            one.name: max(SHORTEST, getattr(usual, one.name) / speed)
            for one in fields(Pace)
            if one.name != "drain"
        }
    )


if __name__ == "__main__":
    speed = float(sys.argv[2])
    config = configuration.load(Path(sys.argv[1]))
    sys.exit(launch.run(config, hurried(speed), Shifted(speed=speed)))
