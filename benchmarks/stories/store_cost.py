"""What it costs the store to let an entry join a story, beside few entries and beside many.

The titles are made of those of a stream: the beginning of one and the end of another, with a name
that is new, told by one to four sources in nearly the same words. A window is filled with so many
without comparing them; then further ones join, as in a poll.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from aggregator.model import Feed, Source
from aggregator.model.instants import micros
from aggregator.store.engines.connection import open_writer
from aggregator.store.sqlite import open_store
from aggregator.store.stories import joining, story_index
from aggregator.store.texts import packed_texts
from aggregator.stories.signatures import Text, read, signature

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SOURCES = 200
#: Entries that are stored in one transaction to fill the window, and that join at last.
TOGETHER, JOINED = 500, 400
_CONSONANTS, _VOWELS = "bdfgklmnprstv", "aeiou"

#: A title and the number of the source that has it.
Report = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one entry takes in seconds of CPU, the median and that of 19 in 20.

    `held_bytes` is what the process holds more than before the window was filled.
    """

    median: float
    most_have: float
    held_bytes: int


def reports(titles: Sequence[str], seed: int) -> Iterator[Report]:
    """Yield what sources report, without end."""
    random = Random(seed)  # noqa: S311 -- no secret
    while True:
        first, second = random.choice(titles).split(), random.choice(titles).split()
        name = "".join(random.choice(_CONSONANTS) + random.choice(_VOWELS) for _ in range(3))
        words = [*first[: len(first) // 2 + 1], name.title(), *second[len(second) // 2 :]]
        for source in random.sample(range(SOURCES), random.choice((1, 1, 1, 2, 3, 4))):
            told = random.sample(range(len(words)), max(len(words) - 1, 1))
            yield " ".join(words[place] for place in sorted(told)), source


class Window:
    """A database with a window of entries, for what joins them."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        store = open_store(path)
        sources = tuple(Source(f"s{n}", f"https://s{n}.example/feed") for n in range(SOURCES))
        store.apply(sources, (Feed("all", "All", dedupe="story"),), now=NOW)
        store.close()
        self.db = open_writer(path)
        self._reports = reports(titles, seed=1)
        self._index = story_index.StoryIndex()
        self._count = 0

    def fill(self, count: int) -> None:
        """Let there be so many more entries that are found, each by itself."""
        for begin in range(0, count, TOGETHER):
            self.db.execute("BEGIN")
            for entry_id, text in self._stored(self.db, min(TOGETHER, count - begin)):
                tokens = read(text)
                seen = self._index.frequencies(self.db, tokens.all, micros(NOW))
                self._index.count(self.db, tokens.all, micros(NOW))
                story_index.add(self.db, entry_id, signature(tokens, seen), attracts=True)
            self.db.execute("COMMIT")

    def further(self, count: int) -> list[int]:
        """Store so many more that are not compared yet; return their ids."""
        return [entry_id for entry_id, _ in self._stored(self.db, count)]

    def join(self, entry_id: int) -> None:
        """Let one of those join the story that it tells, in a transaction as the store does."""
        self.db.execute("BEGIN IMMEDIATE")
        joining.join_waiting(self.db, self._index, [entry_id], micros(NOW))
        self.db.execute("COMMIT")

    def _stored(self, db: sqlite3.Connection, count: int) -> list[tuple[int, Text]]:
        """Store entries as far as joining asks for them: a second apart, a story each."""
        frames, found = {}, []
        for _ in range(count):
            (title, source), (lead, _) = next(self._reports), next(self._reports)
            self._count += 1
            number, at = self._count, NOW - timedelta(days=3) + timedelta(seconds=self._count)
            db.execute("INSERT INTO stories (id, public_id) VALUES (?1, ?1)", (number,))
            db.execute(
                """INSERT INTO entries (id, source_id, story_id, public_id, order_key, title,
                          published_at, updated_at, dated, content_hash, refined_by,
                          first_seen_at, changed_at)
                   VALUES (?1, ?2, ?1, ?1, ?1, ?3, ?4, ?4, 1, x'00', '', ?4, ?4)""",
                (number, source + 1, title, micros(at)),
            )
            html = {"content_html": f"<p>{lead}</p>"}
            frames[number] = packed_texts.frame(dict.fromkeys(packed_texts.FIELDS) | html)
            found.append((number, Text(title, lead, at)))
        packed_texts.put(db, frames)
        return found


def cost(titles: Sequence[str], size: int) -> Cost:
    """Return what an entry costs beside a window of so many, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_cost, titles, size).result()


def _cost(titles: Sequence[str], size: int) -> Cost:
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        window = Window(Path(folder) / "aggregator.db", titles)
        before = _resident()
        window.fill(size)
        for entry_id in window.further(JOINED):
            began = time.thread_time()
            window.join(entry_id)
            seconds.append(time.thread_time() - began)
        held = _resident() - before
        window.db.close()
    return Cost(statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1], held)


def _resident() -> int:
    """Return how much memory this process holds, in bytes (Linux)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096
