"""What a fleet costs beside very many sources, on one machine: `make bench-fleet` (docs/scale.md).

    .venv/bin/python -m benchmarks.fleet [--sources 1000000] [--seconds 30]

A server of its own from the wheel. Publishers are made up, by one process of this machine, at
200,000 loopback addresses; workers are `aggregator worker`; the scheduler hands out alone, since no
configuration file has so many sources. Ends with status 1 where an entry was lost or doubled, or a
host had two connections.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import make_conninfo

from aggregator.daemon.pace import Pace
from aggregator.fleet import queue
from aggregator.schedule.handing_out import MOST_EACH, Urgency
from aggregator.schedule.leases import LEASE
from aggregator.store import postgres
from aggregator.store.engines.roles import Role
from benchmarks.fleet.members import PATIENCE_S, Members, ended
from benchmarks.fleet.seeding import seed
from tests import postgres_server
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model.batches import Batch

SIZES = (10_000, 100_000, 1_000_000)
#: Batches of one hand-out that is measured, and how many of them.
BATCHES, ROUNDS = 30, 9
#: Sites that one worker polls at a time.
SLOTS = 100


@contextmanager
def database(name: str) -> Iterator[str]:
    """Lend an empty database."""
    server = postgres_server.url()
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop.encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        try:
            yield make_conninfo(server, dbname=name)
        finally:
            connection.execute(drop.encode())


def handing_out(url: str, folder: Path) -> tuple[float, float]:
    """Return the milliseconds that it takes to claim a batch, and to defer it; medians."""
    store = postgres.open_store(url, folder / "claims.db", role=Role.SCHEDULER)
    names = count()
    claims, defers = [], []
    found: list[Batch] = []

    async def defer() -> None:
        async with queue.opened(url, Pace().heartbeat) as jobs:
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                batches = store.hand_out(
                    datetime.now(UTC),
                    most_batches=BATCHES,
                    most_each=MOST_EACH,
                    batch_id=lambda: f"measured {next(names)}",
                )
                claims.append((time.perf_counter() - begun) / len(batches))
                found.extend(batches)
                begun = time.perf_counter()
                await jobs.defer(
                    queue.Job(one.claimed_by, one.queue, one.source_ids, Urgency.USUAL)
                    for one in batches
                )
                defers.append((time.perf_counter() - begun) / len(batches))

    try:
        asyncio.run(defer())
    finally:
        store.close()
    forget(url)
    return median(claims) * 1000, median(defers) * 1000


def forget(url: str) -> None:
    """Forget what was handed out."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM leases")
        connection.execute("DROP SCHEMA IF EXISTS public_fleet CASCADE")


def sustained(members: Members, workers: int, seconds: float) -> float:
    """Return the polls a second of so many workers."""
    at_work = [members.worker(f"w{workers}{number}", SLOTS) for number in range(workers)]
    members.wait_for(members.asked() + 200 * workers)
    before, begun = members.asked(), time.monotonic()
    time.sleep(seconds)
    rate = (members.asked() - before) / (time.monotonic() - begun)
    ended(*at_work)
    return rate


def until(url: str, statement: str, value: object) -> float:
    """Return the seconds until a statement says that something is true."""
    begun = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() - begun < PATIENCE_S:
            row = connection.execute(statement.encode(), (value,)).fetchone()
            if row is not None and row[0]:
                return time.monotonic() - begun
            time.sleep(0.1)
    raise TimeoutError(statement)


def recovery(members: Members, url: str) -> tuple[float, float]:
    """Return the seconds until others do what a killed worker did, and a killed scheduler."""
    first = members.scheduler()
    at_work = [members.worker(f"r{number}", SLOTS) for number in range(2)]
    members.wait_for(members.asked() + 400)
    second = members.scheduler()
    time.sleep(3)
    at_work[0].kill()
    worker_s = until(
        url, "SELECT count(*) = 0 FROM leases WHERE until_at <= %s", lasts_until(timedelta())
    )
    first.kill()
    scheduler_s = until(
        url,
        "SELECT coalesce(max(until_at), 0) > %s FROM leases",
        lasts_until(timedelta(seconds=0.5)),
    )
    ended(at_work[1])
    second.kill()
    return worker_s, scheduler_s


def lasts_until(after: timedelta) -> int:
    """Return until when a lease lasts that is given so long after now."""
    return int((datetime.now(UTC) + after + LEASE).timestamp() * 1_000_000)


def lost_and_doubled(members: Members, url: str) -> tuple[int, int, int]:
    """Return how many entries are missing, are there twice, and how many there are."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    with psycopg.connect(url) as connection:
        for (address,) in connection.execute("SELECT url FROM entries"):
            source, number = address.rsplit("/", 2)[1:]
            found[int(source)].append(int(number))
    newest = {int(source): number for source, number in members.counted()["newest"].items()}
    lost = sum(
        len(set(range(max(numbers) + 1)) - set(numbers)) for numbers in found.values()
    ) + sum(number - max(found[one], default=-1) for one, number in newest.items())
    doubled = sum(len(numbers) - len(set(numbers)) for numbers in found.values())
    return lost, doubled, sum(map(len, found.values()))


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=int, default=SIZES[-1])
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    sizes = [*(size for size in SIZES if size < asked.sources), asked.sources]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores for everything, load", end=" ")
    print(f"{os.getloadavg()[0]:.1f} before it began", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        for size in sizes:
            with database(f"bench_{size}") as url:
                begun = time.monotonic()
                seed(url, folder, sources=size, port=port, now=datetime.now(UTC))
                seeded = time.monotonic() - begun
                claim, defer = handing_out(url, folder)
                print(
                    f"{size:>9,} sources: a batch claimed in {claim:.2f} ms, deferred in"
                    f" {defer:.2f} ms (rows made in {seeded:.0f} s)",
                    flush=True,
                )
                if size == asked.sources:
                    return lived(url, folder, port, asked.seconds)
    return 0


def lived(url: str, folder: Path, port: int, seconds: float) -> int:
    """Let workers poll; return 1 where a law was broken."""
    with Members(url, folder, port) as members:
        scheduler = members.scheduler()
        for workers in (1, 2, 4):
            rate = sustained(members, workers, seconds)
            print(f"{workers} workers: {rate:.0f} polls a second", flush=True)
        scheduler.kill()
        worker_s, scheduler_s = recovery(members, url)
        print(f"a killed worker's polls are others' after {worker_s:.1f} s", flush=True)
        print(f"another scheduler hands out after {scheduler_s:.1f} s", flush=True)
        lost, doubled, entries = lost_and_doubled(members, url)
        connections = members.counted()["most_connected"]
        print(f"{entries} entries: {lost} lost, {doubled} doubled")
        print(f"connections to a host at a time: {connections} at most")
        print(f"answers: {members.counted()['statuses']}")
    return int(bool(lost or doubled or connections > 1))


if __name__ == "__main__":
    sys.exit(main())
