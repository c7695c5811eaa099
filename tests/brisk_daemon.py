"""`aggregator run` at a quicker pace: what the daemon does every few seconds, it does at once.

    python -m tests.brisk_daemon config.toml

Everything else is as in the program that is shipped.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from aggregator import config as configuration
from aggregator.daemon import launch
from aggregator.daemon.pace import Pace

BRISK = Pace(
    retry=timedelta(seconds=0.2),
    store=timedelta(seconds=2),
    saved=timedelta(seconds=0.2),
    outputs=timedelta(seconds=0.2),
    heartbeat=timedelta(seconds=0.2),
    watch=timedelta(seconds=0.5),
    notify=timedelta(seconds=0.2),
    drain=timedelta(seconds=0.5),
)

if __name__ == "__main__":
    sys.exit(launch.run(configuration.load(Path(sys.argv[1])), BRISK))
