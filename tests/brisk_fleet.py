"""A role of a fleet at a quicker pace: what it does every few seconds, it does at once.

    python -m tests.brisk_fleet worker config.toml NAME

Everything else is as in the program that is shipped.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aggregator import config as configuration
from aggregator.daemon.pace import STORE_PAUSE
from aggregator.fleet import launch
from tests.brisk_daemon import BRISK

#: What a worker does at a time.
SLOTS = 4

if __name__ == "__main__":
    role, path, name = sys.argv[1:]
    config = configuration.load(Path(path))
    # Who is taken for dead must be so on a busy machine, too.
    pace = replace(
        BRISK, drain=BRISK.drain * 5, heartbeat=timedelta(seconds=1.5), store=STORE_PAUSE
    )
    match role:
        case "scheduler":
            sys.exit(launch.scheduler(config, name=name, pace=pace))
        case "worker":
            sys.exit(launch.worker(config, slots=SLOTS, name=name, pace=pace))
        case "web":
            sys.exit(launch.web(config, name=name, pace=pace))
        case _:
            sys.exit(f"no role {role}")
