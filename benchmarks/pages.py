"""How soon pages begin to come where much is stored: `make bench-pages` (docs/pages.md).

    .venv/bin/python -m benchmarks.pages [--entries 100000] [--database FILE]

Fills a database (minutes; one that was kept as FILE is taken as it is), serves it as the daemon
does, and asks for pages that are in no cache. Tells the time until the first byte of an answer, and
the CPU time of the whole process for it: a busy machine moves the first and hardly the second.
Ends with status 1 where the CPU time of a page is over the goal.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aggregator.model import Feed, NotModified
from aggregator.model.pages import Wish
from aggregator.publish.pages.story_keys import story_key
from aggregator.serve import create_app
from aggregator.store.sqlite import open_store
from tests.making import DAY, HOUR, START, absorb, document, entry, failed, finish, source
from tests.page_world import World, configured
from tests.serving import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.model import Entry, Source
    from aggregator.store.sqlite import SqliteStore

#: What the first byte of a page may take.
GOAL_MS = 50.0
#: Entries of each source; a tag has ten sources.
ENTRIES = 200
#: Each way to want a page is one that is kept apart: twelve of them are twelve that are made.
LOOKS = [
    f"lang={language}; theme={theme}; keys={keys}"
    for language in ("en", "zh")
    for theme in ("auto", "light", "dark")
    for keys in ("on", "off")
]
#: Words, the more frequent the earlier, as in a language: the first is in nine of ten texts, the
#: hundredth in every fifth.
_WORDS = [
    f"{chr(0x4E00 + number)}{chr(0x4E00 + number * 7 % 5000)}" if number % 2 else f"word{number:x}x"
    for number in range(5000)
]
_WEIGHTS = [1 / (number + 10) for number in range(5000)]


@dataclass(frozen=True, slots=True)
class Timed:
    """What each request for a page took, in ms: until the first byte, and of CPU time."""

    page: str
    first_byte_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]
    size: int

    @property
    def line(self) -> str:
        """The row of the table."""
        return (
            f"{self.page:<28} {median(self.cpu_ms):8.1f} {max(self.cpu_ms):8.1f}"
            f" {min(self.first_byte_ms):10.1f} {median(self.first_byte_ms):10.1f}"
            f" {self.size / 1024:8.0f}"
        )


def world(store: SqliteStore, entries: int) -> World:
    """Return the world of so many entries, stored or to be stored."""
    return World(store, configured(sources(entries), feeds()))


def sources(entries: int) -> tuple[Source, ...]:
    """Return the sources of so many entries."""
    return tuple(
        source(f"s{number}", tags=(f"t{number // 10}",), title=f"Source {number}", enabled=True)
        for number in range(entries // ENTRIES)
    )


def feeds() -> tuple[Feed, ...]:
    """Return a feed of everything, which is cut as feeds are, and one of some tags."""
    return (
        Feed("news", "News of the day", window=30 * DAY),
        Feed("some", "News of some", tags=("t1", "t2")),
    )


def fill(store: SqliteStore, entries: int) -> None:
    """Store the entries, as polls of two weeks bring them, and index their words."""
    dice = random.Random(7)  # noqa: S311 - the same texts in every run
    present = world(store, entries).config
    store.apply(present.sources, present.feeds, now=START - 20 * DAY)
    half = ENTRIES // 2
    for place, one in enumerate(present.sources):
        made = [_entry(one.name, number, dice) for number in range(ENTRIES)]
        for numbers, at in ((range(half), 10 * DAY), (range(half, ENTRIES), HOUR)):
            told = document(*(made[number] for number in reversed(numbers)), title=one.title)
            absorb(store, told, START - at + timedelta(seconds=place), name=one.name)
        for day in range(1, 10):
            at = START - day * DAY + timedelta(minutes=place)
            outcome = failed() if place % 9 == 0 else NotModified(one.url)
            finish(store, outcome, at, name=one.name)
        if place % 50 == 49:
            print(f"{(place + 1) * ENTRIES} entries stored", file=sys.stderr)
    store.prune(START, retention=365 * DAY, keep_raw=365 * DAY)
    while store.index_words(most_bytes=1 << 30):
        pass


def _entry(name: str, number: int, dice: random.Random) -> Entry:
    text = " ".join(dice.choices(_WORDS, _WEIGHTS, k=150))
    title = " ".join(dice.choices(_WORDS, _WEIGHTS, k=6))
    late = 10 * DAY + HOUR if number < ENTRIES // 2 else HOUR
    at = START - late - timedelta(minutes=dice.randrange(60 * 24 * 5))
    return entry(
        f"{name} {number}",
        title=f"{title} {number}",
        text=text,
        guid=f"tag:{name},2026:{number}",
        url=f"https://{name}.example/{number}",
        published_at=at,
    )


async def timed(port: int, page: str, asked: Sequence[tuple[str, str]]) -> Timed:
    """Ask for a page in several ways; each `asked` is a target and a cookie."""
    first_bytes, cpus, size = [], [], 0
    for target, cookie in asked:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began, cpu = time.perf_counter(), time.process_time()
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n"
        writer.write(f"{head}Accept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode())
        first = await reader.read(12)
        first_bytes.append((time.perf_counter() - began) * 1000)
        rest = await reader.read()
        cpus.append((time.process_time() - cpu) * 1000)
        if first != b"HTTP/1.1 200":
            sys.exit(f"{target}: {(first + rest)[:200]!r}")
        size = len(rest)
        writer.close()
        await writer.wait_closed()
    return Timed(page, tuple(first_bytes), tuple(cpus), size)


def pages(present: World) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each page with the targets that are asked for."""
    stretch = present.store.stretch(present.feed("news"), place=None, wish=Wish(), most=len(LOOKS))
    keys = [story_key(one.order_key) for one in stretch.stories]
    yield "/", [("/", cookie) for cookie in LOOKS]
    yield "/feeds/news?tag=", [("/feeds/news?tag=t3", cookie) for cookie in LOOKS]
    yield "/feeds", [("/feeds", cookie) for cookie in LOOKS]
    yield "/stories/ID", [(f"/stories/{key}", LOOKS[0]) for key in keys]
    yield "/sources", [("/sources", cookie) for cookie in LOOKS]
    yield "/sources/NAME/health", [(f"/sources/s{n}/health", LOOKS[0]) for n in range(12)]
    yield "/overview", [("/overview", cookie) for cookie in LOOKS]
    several = len(LOOKS)
    for what, ranks in (
        ("in all texts", [(number,) for number in range(several)]),
        ("in every fifth", [(100 + number,) for number in range(several)]),
        ("in few, three words", [(900 + number, 20, 60) for number in range(several)]),
    ):
        yield f"/search, {what}", [(_searched(*ranked), LOOKS[0]) for ranked in ranks]


def _searched(*ranks: int) -> str:
    return f"/search?{urlencode({'q': ' '.join(_WORDS[rank] for rank in ranks)})}"


async def measure(present: World) -> list[Timed]:
    """Return what each page took, once the server is warm."""
    async with running(present.site, app=create_app(present.site)) as server:
        await timed(server.port, "warm", [("/feeds", "lang=en"), ("/search?q=x", "lang=en")])
        return [await timed(server.port, page, asked) for page, asked in pages(present)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--database", type=Path, help="kept, and taken as it is where it exists")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.database or Path(folder) / "aggregator.db"
        is_new = not path.exists()
        store = open_store(path)
        try:
            if is_new:
                fill(store, asked.entries)
            found = asyncio.run(measure(world(store, asked.entries)))
        finally:
            store.close()
    print(f"{'page':<28} {'CPU ms':>8} {'worst':>8} {'first byte':>10} {'middle':>10} {'KB':>8}")
    for one in found:
        print(one.line)
    slow = [one.page for one in found if median(one.cpu_ms) > GOAL_MS]
    if slow:
        print(f"over {GOAL_MS:.0f} ms: {', '.join(slow)}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
