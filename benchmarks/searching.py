"""How soon a search answers on either engine, and what its index costs (docs/postgres.md).

    .venv/bin/python -m benchmarks.searching [--entries 100000] [--database FILE]

Fills a file (minutes; one that was kept as FILE is taken as it is), moves it to the server that
tests use, has each engine index all words, and asks both the same questions. Tells the size of each
index, how quickly it was filled, what searches for a page of results take of CPU time, that of the
server included (a busy machine moves it little), and until they are there; and how many of these
are the same on both, in the same order.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from aggregator.store import opening
from aggregator.web.search_words import read_query
from benchmarks.moving import move
from benchmarks.pages import _WORDS as WORDS
from benchmarks.pages import feeds, fill
from tests.engines import PostgresDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.store import Store

#: Stories of a page of results, and questions of each kind.
PAGE, QUESTIONS = 30, 12


@dataclass(frozen=True, slots=True)
class At:
    """Where a store is, as `[store]` says it."""

    path: Path
    url: str | None = None


def questions() -> Iterator[tuple[str, list[str]]]:
    """Yield kinds of questions; the earlier a word, the more texts have it."""
    ranks = range(QUESTIONS)
    yield "a word in nearly all texts", [WORDS[rank] for rank in ranks]
    yield "a word in every fifth", [WORDS[100 + rank] for rank in ranks]
    yield "a word in few", [WORDS[4000 + rank] for rank in ranks]
    yield "two words in most", [f"{WORDS[rank]} {WORDS[rank + 1]}" for rank in ranks]
    yield (
        "three words, one in few",
        [f"{WORDS[900 + rank]} {WORDS[20]} {WORDS[60]}" for rank in ranks],
    )
    yield "one Chinese character", [WORDS[2 * rank + 51][0] for rank in ranks]
    yield "a phrase of two words", [f'"{WORDS[rank]} {WORDS[rank + 1]}"' for rank in ranks]
    yield "a word that no text has", [f"nowhere{rank}" for rank in ranks]


class Cpu:
    """The CPU time of this process, and of a server on this machine with all its processes."""

    def __init__(self, server: PostgresDatabase) -> None:
        with psycopg.connect(server.url) as connection:
            (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        self._server = (Path(folder) / "postmaster.pid").read_text().split()[0]

    def seconds(self) -> float:
        """Return it as of now; that of the server goes on by 10 ms."""
        ticks = 0
        for told in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has ended
                _, parent, *fields = told.read_text().rpartition(")")[2].split()
                if self._server == told.parent.name:  # with those of its processes that have ended
                    ticks += sum(map(int, fields[9:13]))
                elif self._server == parent:
                    ticks += sum(map(int, fields[9:11]))
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def indexed(store: Store) -> None:
    """Index all words."""
    store.index_words(most_bytes=0)
    while store.index_words(most_bytes=1 << 32):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--database", type=Path, help="kept, and taken as it is where it exists")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.database or Path(folder) / "aggregator.db"
        if not path.exists():
            with closing(opening.open_store(At(path))) as store:
                fill(store, asked.entries)
        with closing(PostgresDatabase(Path(folder), is_own=True)) as server:
            print("moving it", file=sys.stderr)
            move(str(path), server.as_url)
            places = {"SQLite": At(path), "PostgreSQL": At(path, server.as_url)}
            told: dict[str, list[object]] = {}
            for engine, place in places.items():
                with closing(opening.open_store(place)) as store:
                    measure(engine, store, server, told.setdefault(engine, []))
    one, other = told.values()
    alike = sum(a == b for a, b in zip(one, other, strict=True))
    print(f"{alike} of {len(one)} answers are the same, in the same order")


def rest(server: PostgresDatabase) -> None:
    """Let the server do what it would do by itself, and be counted for searches, later."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def measure(engine: str, store: Store, server: PostgresDatabase, told: list[object]) -> None:
    cpu = Cpu(server)
    begun, used = time.perf_counter(), cpu.seconds()
    indexed(store)
    print(
        f"{engine}: {store.search_bytes() / (1 << 20):.0f} MiB, indexed in"
        f" {cpu.seconds() - used:.0f} s of CPU, {time.perf_counter() - begun:.0f} s in all"
    )
    rest(server)
    for kind, several in questions():
        times, used = [], cpu.seconds()
        for words in several:
            query = read_query(words)
            begun = time.perf_counter()
            found = store.search(feeds(), query, most=PAGE)
            times.append((time.perf_counter() - begun) * 1000)
            told.append(([hit.story.id for hit in found.hits], found.next, found.is_whole))
        took = (cpu.seconds() - used) * 1000 / len(several)
        print(f"  {kind:<28} {took:7.0f} ms of CPU, {median(times):7.0f} ms until it is there")


if __name__ == "__main__":
    main()
