"""What it costs to hand out work: Procrastinate's jobs, beside rows with leases and SKIP LOCKED.

    python -m benchmarks.fleet.handing_out          # seconds; a server of its own from the wheel

Jobs are batches whose work is nothing, each with a lock of its own, so that what is measured is the
handing out alone. Workers are connections of one process, since two cores have no room for more.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import psycopg
from psycopg.conninfo import make_conninfo

from aggregator.fleet import queue
from aggregator.schedule.handing_out import Urgency
from tests import postgres_server

JOBS = 600
SLOTS = (1, 4, 16)
FOR_JOBS, FOR_ROWS = "bench_jobs", "bench_rows"

#: A row with a lease, one a statement, as `FOR UPDATE SKIP LOCKED` hands it out.
CLAIM = """UPDATE due SET until_at = now() + interval '5 minutes' WHERE id = (
             SELECT id FROM due WHERE until_at IS NULL ORDER BY next_at, id
              LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"""


async def main() -> None:
    """Print a line a way and number of slots."""
    server = postgres_server.url()
    with psycopg.connect(server, autocommit=True) as connection:
        for schema in (FOR_JOBS, f"{FOR_JOBS}_fleet", FOR_ROWS):
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())
        for schema in (FOR_JOBS, FOR_ROWS):
            connection.execute(f"CREATE SCHEMA {schema}".encode())
    deferred, done = await jobs(make_conninfo(server, options=f"-csearch_path={FOR_JOBS}"))
    print(f"jobs deferred, {JOBS} together      {JOBS / deferred:8.0f} /s")
    for slots, seconds in done.items():
        print(f"jobs done, {slots:2} slots            {JOBS / seconds:8.0f} /s")
    for slots in SLOTS:
        seconds = await rows(server, slots)
        print(f"rows by SKIP LOCKED, {slots:2} slots  {JOBS / seconds:8.0f} /s")


async def jobs(url: str) -> tuple[float, dict[int, float]]:
    """Return the seconds that it takes to defer all, and to do them with so many slots."""
    done = 0
    all_done = asyncio.Event()

    async def nothing(**_: object) -> None:
        nonlocal done
        done += 1
        if done == JOBS:
            all_done.set()

    found: dict[int, float] = {}
    deferred = 0.0
    async with queue.opened(url, timedelta(seconds=5)) as opened:
        opened.does(queue.POLL_BATCH, nothing)
        for slots in SLOTS:
            done = 0
            all_done.clear()
            begun = time.perf_counter()
            await opened.defer(
                queue.Job(f"batch {n}", f"site{n}.example", (n,), Urgency.USUAL)
                for n in range(JOBS)
            )
            deferred = time.perf_counter() - begun
            worker = opened.worker(queue.POLLS, slots=slots, grace_s=5)
            begun = time.perf_counter()
            working = asyncio.create_task(worker.run())
            await all_done.wait()
            found[slots] = time.perf_counter() - begun
            worker.stop()
            await working
    return deferred, found


async def rows(server: str, slots: int) -> float:
    """Return the seconds that it takes to claim all rows, and to end each lease by a statement."""
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute(f"SET search_path TO {FOR_ROWS}".encode())
        await connection.execute("DROP TABLE IF EXISTS due")
        await connection.execute(
            "CREATE TABLE due (id bigint PRIMARY KEY, next_at bigint, until_at timestamptz)"
        )
        await connection.execute("CREATE INDEX ON due (next_at, id) WHERE until_at IS NULL")
        await connection.execute(
            "INSERT INTO due SELECT n, n, NULL FROM generate_series(1, %s) n", (JOBS,)
        )

    async def claim() -> None:
        async with await psycopg.AsyncConnection.connect(server, autocommit=True) as own:
            await own.execute(f"SET search_path TO {FOR_ROWS}".encode())
            while (row := await (await own.execute(CLAIM)).fetchone()) is not None:
                await own.execute("DELETE FROM due WHERE id = %s", row)

    begun = time.perf_counter()
    await asyncio.gather(*(claim() for _ in range(slots)))
    return time.perf_counter() - begun


if __name__ == "__main__":
    asyncio.run(main())
