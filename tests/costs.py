"""What the store's work costs in steps of SQLite's virtual machine, beside few sources and many.

As a program it prints a table: `.venv/bin/python -m tests.costs 50 400`.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config.automatic_feeds import automatic
from aggregator.model import NotModified, Share
from aggregator.model.pages import Place, Stretch, Wish
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, finish, source

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from aggregator.model import Feed, Refined, Source

#: Entries of each source.
ENTRIES = 60

#: Sources of each tag: as many, however many sources there are.
TAGGED = 10

#: The source that is worked on.
WORKED = "s7"


def sources_of(count: int) -> tuple[Source, ...]:
    """Return so many sources, ten of each tag."""
    return tuple(
        source(f"s{number}", tags=(f"t{number // TAGGED}",), enabled=True)
        for number in range(count)
    )


def feeds_of(sources: tuple[Source, ...], window: timedelta = 30 * DAY) -> tuple[Feed, ...]:
    """Return a feed of everything that drops nothing, two that are cut, and automatic ones."""
    everything = feed("all", window=window, limit=1_000_000)
    newest = feed("newest", limit=40, min_entries=0)
    fair = feed("fair", limit=40, min_entries=0, per_source=Share(1, 3))
    return (everything, newest, fair, *automatic(sources, (everything, newest, fair)))


def of_source(name: str, numbers: range) -> Refined:
    """Return a source's document with these entries, newest first."""
    return document(
        *(
            entry(
                f"{name} {number}",
                guid=f"tag:{name},2026:{number}",
                url=f"https://{name}.example/{number}",
                published_at=START - HOUR + timedelta(seconds=number),
            )
            for number in reversed(numbers)
        )
    )


def fill(store: SqliteStore, sources: tuple[Source, ...]) -> None:
    """Let each source bring its first document."""
    store.apply(sources, feeds_of(sources), now=START)
    for place, one in enumerate(sources):
        at = START + timedelta(seconds=place)
        absorb(store, of_source(one.name, range(ENTRIES)), at, name=one.name)


class Steps:
    """Counts the steps of a store's connections: deterministic, where seconds are not."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._count = 0

    def of(self, work: Callable[[], object]) -> int:
        """Return how many steps it takes, once every connection is open and warm."""
        self._watch(self._step)
        self._count = 0
        work()
        self._watch(None)
        return self._count

    def _step(self) -> int:
        self._count += 1
        return 0

    def _watch(self, handler: Callable[[], int] | None) -> None:
        def watch(connection: sqlite3.Connection) -> None:
            connection.set_progress_handler(handler, 1)

        self._store._write(watch)
        watch(self._store._readers.own())


def costs(store: SqliteStore, count: int) -> Mapping[str, float]:
    """Return the steps of each piece of work in a store that `fill` filled from `count` sources."""
    steps, later = Steps(store), START + 2 * HOUR
    fresh, unchanged = (
        of_source(WORKED, range(40, ENTRIES + 1)),
        NotModified("https://one.example/feed.xml"),
    )
    sources = sources_of(count)
    newest, own, tagged = (
        next(one for one in feeds_of(sources) if one.name == name)
        for name in ("newest", f"sources/{WORKED}", "tags/t0")
    )
    everything = feeds_of(sources)[0]

    def page(of: Feed, place: Place | None = None) -> Stretch:
        return store.stretch(of, place=place, wish=Wish(), most=20)

    far_back = page(everything).older
    for _ in range(40):
        far_back = page(everything, far_back).older
    story = page(everything, far_back).stories[0]
    found = {
        "one poll with one new entry": steps.of(lambda: absorb(store, fresh, later, name=WORKED)),
        "one poll without news": steps.of(lambda: finish(store, unchanged, later, name=WORKED)),
        "one claim": steps.of(
            lambda: store.claim_due(
                later + DAY, limit=10, busy=frozenset({"s1.example"}), claimer="test"
            )
        ),
        "one state": steps.of(lambda: store.states((WORKED,))),
        "one status row": steps.of(lambda: store.status((WORKED,))),
        "the status of all": steps.of(store.status),
        "the newest feed": steps.of(lambda: store.select(newest)),
        "a tag's feed": steps.of(lambda: store.select(tagged)),
        "a source's feed": steps.of(lambda: store.select(own)),
        "a page of everything": steps.of(lambda: page(everything)),
        "a page far back": steps.of(lambda: page(everything, far_back)),
        "a page of a tag": steps.of(lambda: (page(tagged), store.shown_sources(tagged))),
        "a story's page": steps.of(
            lambda: (store.feeds_with(story.order_key), store.story(everything, story.order_key))
        ),
        "a source's page": steps.of(lambda: store.report(WORKED)),
        "a scrape, nothing overdue": steps.of(lambda: store.figures(START - DAY)),
        "a look for notices": steps.of(lambda: store.waiting("phone", most=20)),
        "the page of sources": steps.of(store.healths),
        "one advance, nothing to drop": steps.of(lambda: store.advance(later)),
        "one prune, nothing to forget": steps.of(
            lambda: store.prune(later, retention=90 * DAY, keep_raw=DAY)
        ),
        "one apply, nothing changed": steps.of(
            lambda: store.apply(sources, feeds_of(sources), now=later)
        ),
        "one advance that drops": steps.of(lambda: store.advance(later + 4 * DAY)),
    }
    # All but the entries of the source that spoke last leave every window.
    narrow = feeds_of(sources, window=HOUR)
    store.apply(sources, narrow, now=later + 5 * DAY)
    pruned = steps.of(lambda: store.prune(later + 200 * DAY, retention=90 * DAY, keep_raw=DAY))
    return found | {"one prune that forgets": pruned}


def measured(count: int, folder: Path) -> Mapping[str, float]:
    """Return what `costs` finds beside `count` sources, as after a restart."""
    path = folder / f"{count}.db"
    store = open_store(path)
    fill(store, sources_of(count))
    store.close()
    store = open_store(path)
    try:
        return costs(store, count)
    finally:
        store.close()


def table(few: Mapping[str, float], many: Mapping[str, float]) -> str:
    """Return the figures side by side, with how much more it costs beside many."""
    lines = (
        f"{name:32} {few[name]:>12,.0f} {many[name]:>12,.0f} {many[name] / few[name]:>8.2f}"
        for name in few
    )
    return "\n".join(lines)


def main() -> None:
    few, many = (int(word) for word in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(table(*(measured(count, Path(folder)) for count in (few, many))) + "\n")


if __name__ == "__main__":
    main()
