"""How fast a store moves to PostgreSQL and back (docs/postgres.md).

    .venv/bin/python -m benchmarks.moving [--entries 50000]

Fills a file (minutes), and moves it with `aggregator migrate-store`, as a user does, to the server
that tests use, and from there into another file. Tells the rows, the time of each way with
reading and comparing all rows on both sides, and the most memory that the command has had.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from aggregator.store.copies.moved_tables import moved_tables
from aggregator.store.copies.sqlite_moving import SqliteOrigin
from aggregator.store.sqlite import open_store
from benchmarks.pages import fill
from tests.engines import PostgresDatabase
from tests.program import PROGRAM


def move(origin: str, destination: str) -> tuple[float, float]:
    """Move a store in a process of its own; return its seconds, and its peak memory in MiB."""
    words = [str(PROGRAM), "migrate-store", "--from", origin, "--to", destination]
    begun = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(words[0], words, os.environ, file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit(f"{origin} to {destination}: status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begun, used.ru_maxrss / 1024


def rows(path: Path) -> int:
    """Return how many rows a file has."""
    with closing(SqliteOrigin(path)) as origin:
        return sum(origin.digest(table).rows for table in moved_tables())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        there, back = Path(folder) / "there.db", Path(folder) / "back.db"
        with closing(open_store(there)) as store:
            fill(store, asked.entries)
        count, size = rows(there), there.stat().st_size / (1 << 20)
        print(f"{asked.entries} entries, {count} rows, {size:.0f} MiB as a file")
        with closing(PostgresDatabase(Path(folder), is_own=True)) as server:
            for way, *places in (
                ("there", str(there), server.as_url),
                ("back", server.as_url, str(back)),
            ):
                took_s, peak = move(*places)
                print(f"{way:<6} {took_s:6.1f} s {count / took_s:9.0f} rows/s {peak:6.0f} MiB")


if __name__ == "__main__":
    main()
