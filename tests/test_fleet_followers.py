"""What one process of a fleet keeps in memory, while others write to the same database."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from aggregator.model.instants import micros
from aggregator.store.engines.roles import Role
from aggregator.store.stories import story_index
from tests.engines import FleetDatabase
from tests.making import HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model import Feed
    from aggregator.store.relational import RelationalStore

MINUTE = timedelta(minutes=1)
ALL = feed("all")
STORY = feed("all", dedupe="story")
NAMES = ("one", "two", "three")
REPORTS = (
    "Probe lands on comet after ten years of flight",
    "Probe has landed on a comet after its ten years of flight",
    "After ten years of flight the probe lands on its comet",
)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FleetDatabase]:
    with closing(FleetDatabase(tmp_path)) as made:
        yield made


def opened(fleet: FleetDatabase, *feeds: Feed) -> list[RelationalStore]:
    """Open a scheduler and three workers; the configuration is applied after all have begun."""
    stores = [fleet.open(Role.SCHEDULER), *(fleet.open(Role.WORKER) for _ in NAMES)]
    stores[0].apply(tuple(source(name) for name in NAMES), feeds, now=START)
    return stores  # type: ignore[return-value]  # an engine's own


def opened_again(fleet: FleetDatabase) -> list[RelationalStore]:
    return [fleet.open(Role.WORKER)]  # type: ignore[list-item]  # an engine's own


def titles(store: RelationalStore) -> list[str]:
    return sorted(story.title for story in store.select(ALL).stories)


def test_secrets_of_another_process_configuration_are_concealed_at_once(
    fleet: FleetDatabase,
) -> None:
    scheduler, worker, web, _ = opened(fleet, ALL)
    absorb(worker, document(entry(1, title="Of token=tok3nThatOpens1")), START + HOUR)
    assert titles(web) == ["Of token=tok3nThatOpens1"]
    keyed = source(url="https://one.example/feed.xml?token=tok3nThatOpens1")
    scheduler.apply((keyed, *map(source, NAMES[1:])), (ALL,), now=START + HOUR)
    for store in (web, worker):
        assert "tok3nThatOpens1" not in titles(store)[0]
    assert worker.secrets() == scheduler.secrets()


def test_secrets_are_read_of_the_sources_that_have_some(fleet: FleetDatabase) -> None:
    scheduler, *_ = opened(fleet, ALL)
    with scheduler._reading() as db:
        marked = "SELECT count(*) FROM sources WHERE may_hold_secrets = 1"
        assert db.execute(marked).fetchone()[0] == 0
        keyed = source("two", url="https://two.example/feed.xml?token=tok3nThatOpens1")
        scheduler.apply((source("one"), keyed), (ALL,), now=START)
        assert db.execute(marked).fetchone()[0] == 1
    assert "tok3nThatOpens1" in scheduler.secrets().values
    # Of what is removed, too.
    scheduler.apply((source("one"),), (ALL,), now=START)
    assert "tok3nThatOpens1" in scheduler.secrets().values


def test_stories_are_told_together_whichever_workers_polled_them(fleet: FleetDatabase) -> None:
    scheduler, *workers = opened(fleet, ALL)
    absorb(workers[0], document(entry("a", title="Something else")), START + MINUTE)
    # The workers hear of it from the rows alone, at their next poll.
    scheduler.apply(tuple(map(source, NAMES)), (STORY,), now=START + MINUTE)
    for worker, name, report in zip(workers, NAMES, REPORTS, strict=True):
        told = entry(
            name,
            title=report,
            published_at=START,
            text=report,
            url=f"https://{name}.example/1",
            guid=name,
        )
        absorb(worker, document(told), START + 2 * MINUTE, name=name)
    (story,) = (one for one in scheduler.select(STORY).stories if one.title in REPORTS)
    assert len(story.also_told) == 2


def test_how_often_words_were_seen_is_the_same_for_all_and_nothing_of_it_is_lost(
    fleet: FleetDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_index, "_WRITTEN_AFTER", 4)
    scheduler, *workers = opened(fleet, STORY)

    def report(number: int) -> None:
        worker, name = workers[number % 3], NAMES[number % 3]
        told = entry(
            number,
            title=f"Council of town {number} has decided on bridge {number}",
            published_at=START,
            guid=f"{number}",
            url=f"https://{name}.example/{number}",
        )
        absorb(worker, document(told), START + number * MINUTE, name=name)

    for number in range(5):
        report(number)
    assert counted(workers) == [5, 5, 5]
    # The scheduler, which compares nothing, writes them down; the others go on meanwhile.
    while scheduler.tell_stories(START + HOUR):
        pass
    with scheduler._reading() as db:
        assert db.execute("SELECT counted > 4 FROM story_index").fetchone()[0]
        assert db.execute("SELECT count(*) FROM uncounted").fetchone()[0] == 0
    for number in range(5, 8):
        report(number)
    assert counted(workers) == [8, 8, 8]
    assert counted(opened_again(fleet)) == [8]


def counted(stores: list[RelationalStore]) -> list[int]:
    """Return of how many texts each process knows."""
    at = micros(START)

    def texts(store: RelationalStore, db: sqlite3.Connection) -> int:
        return round(store._stories._used().frequencies(db, (), at).total)

    return [store._write(partial(texts, store)) for store in stores]
