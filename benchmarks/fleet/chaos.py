"""A fleet whose processes are killed, one every few seconds: `make verify-fleet`.

    .venv/bin/python -m benchmarks.fleet.chaos [--seconds 120] [--seed 1]

Two schedulers, three workers and two webs, all as users run them, poll 300 sources at 60 hosts as
fast as they may. Any of them is killed and started again, over and over, and now and then one is
frozen for so long that it is taken for dead, and goes on. Then all may come to rest, and what is
stored is compared with what publishers have given out. Ends with status 1 where an entry was lost
or doubled, or a host was asked twice at a time.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fleet.__main__ import database, lost_and_doubled
from benchmarks.fleet.members import PATIENCE_S, Members, ended
from benchmarks.fleet.places import address, hosts_of
from tests.ports import free_port

SOURCES = 300
ROLES = {
    "scheduler-1": "scheduler", "scheduler-2": "scheduler", "worker-1": "worker",
    "worker-2": "worker", "worker-3": "worker", "web-1": "web", "web-2": "web",
}  # fmt: skip
#: Seconds between two kills.
PAUSES = (2.0, 5.0)
#: One in so many is frozen, for so many seconds: longer than all wait who wait for it.
FREEZES, FROZEN_S = 8, 45.0


def configured(port: int) -> str:
    """Return the sources of the configuration, and a feed of all."""
    hosts = hosts_of(SOURCES)
    sources = "".join(
        f'[[sources]]\nname = "s{number}"\ninterval = "2s"\n'
        f'url = "http://{address(number % hosts)}:{port}/{number}.xml"\n'
        for number in range(SOURCES)
    )
    return f'{sources}[[feeds]]\nname = "all"\nlimit = 500\n'


def main() -> int:
    """Kill, let come to rest, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    dice = random.Random(asked.seed)  # noqa: S311 -- of a test
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as name,
        database("chaos") as url,
        Members(url, Path(name), port, sources=configured(port)) as members,
    ):
        running = {one: members.member(one, role) for one, role in ROLES.items()}
        members.wait_for(SOURCES)
        kills, freezes, until = 0, 0, time.monotonic() + asked.seconds
        while time.monotonic() < until:
            one = dice.choice(list(ROLES))
            if not dice.randrange(FREEZES):
                freezes += 1
                running[one].send_signal(signal.SIGSTOP)
                time.sleep(FROZEN_S)
                running[one].send_signal(signal.SIGCONT)
                continue
            running[one].kill()
            running[one].wait()
            kills += 1
            time.sleep(dice.uniform(0.0, 2.0))
            running[one] = members.member(one, ROLES[one])
            time.sleep(dice.uniform(*PAUSES))
        before = members.counted()["asks"]
        deadline = time.monotonic() + PATIENCE_S
        while any(members.counted()["asks"][one] < before[one] + 3 for one in before):
            if time.monotonic() > deadline:
                print("some sources are polled no more")
                return 1
            time.sleep(0.5)
        ended(*running.values())
        lost, doubled, entries = lost_and_doubled(members, url)
        counted = members.counted()
    polls, at_once = sum(counted["asks"].values()), counted["most_asked"]
    print(f"{kills} kills, {freezes} freezes, {polls} requests")
    print(f"{entries} entries: {lost} lost, {doubled} doubled")
    print(
        f"requests to a host at a time: {at_once} at most; connections: {counted['most_connected']}"
    )
    return int(bool(lost or doubled or at_once > 1))


if __name__ == "__main__":
    sys.exit(main())
