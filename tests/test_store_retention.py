"""How long entries are kept, source by source, and what is told before they go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.changes import SoonForgotten
from aggregator.operations.change_sentences import change_text
from aggregator.operations.plan_lines import plan_lines
from tests.making import DAY, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from aggregator.model import Entry, Source
    from aggregator.store import Store

USUAL = 180 * DAY
FEEDS = (feed(window=DAY, min_entries=0),)


def make(store: Store, *sources: Source) -> None:
    store.apply(sources, FEEDS, now=START)
    for one in sources:
        absorb(store, document(_entry(one, "old")), START, name=one.name)
        absorb(store, document(_entry(one, "new")), START + 60 * DAY, name=one.name)
    store.advance(START + 61 * DAY)


def _entry(of: Source, which: str) -> Entry:
    at = f"{of.name}-{which}"
    return entry(at, guid=at, url=f"https://{of.name}.example/{which}", text=at, title=at)


def prune(store: Store, days: int) -> int:
    now = START + days * DAY
    store.advance(now)
    return store.prune(now, retention=USUAL, keep_raw=USUAL)


def kept(store: Store) -> dict[str, int]:
    return {one.name: one.entries for one in store.status()}


def test_each_source_is_kept_as_long_as_it_says(store: Store) -> None:
    brief, long = source("brief", retention=30 * DAY), source("long", retention=3650 * DAY)
    make(store, brief, long, source("usual"))
    assert kept(store) == {"brief": 2, "long": 2, "usual": 2}
    assert prune(store, 62) == 1
    assert kept(store) == {"brief": 1, "long": 2, "usual": 2}
    assert prune(store, 100) == 1
    assert kept(store) == {"brief": 0, "long": 2, "usual": 2}
    assert prune(store, 200) == 1
    assert prune(store, 300) == 1
    assert kept(store) == {"brief": 0, "long": 2, "usual": 0}
    # What is deleted does not come back as new.
    absorb(store, document(_entry(brief, "old")), START + 300 * DAY, name="brief")
    assert kept(store)["brief"] == 0


def test_what_a_window_shows_stays(store: Store) -> None:
    brief = source("brief", retention=timedelta(hours=1))
    store.apply((brief,), (feed(window=90 * DAY),), now=START)
    absorb(store, document(_entry(brief, "old")), START, name="brief")
    assert prune(store, 60) == 0
    assert len(store.select(feed(window=90 * DAY)).stories) == 1


def test_a_story_of_several_is_kept_as_long_as_the_longest(store: Store) -> None:
    sources = source("brief", retention=30 * DAY), source("usual")
    store.apply(sources, FEEDS, now=START)
    same = entry("x", guid="https://one.example/x", url="https://one.example/x")
    for one in sources:
        absorb(store, document(same), START, name=one.name)
    assert prune(store, 62) == 0
    assert prune(store, 200) == 2


def test_what_will_go_is_told_before(store: Store) -> None:
    usual = source("usual")
    make(store, usual)
    now = START + 62 * DAY
    brief = source("usual", retention=30 * DAY)
    told = store.foresee((brief,), FEEDS, now=now)
    assert SoonForgotten("usual", 1) in told
    changes, losses = plan_lines(told)
    assert changes == ["~ usual retention as all → 30d"]
    assert losses == ["1 entry of usual will be deleted, as old as its retention says"]
    assert losses == [change_text(SoonForgotten("usual", 1))]
    assert store.apply((brief,), FEEDS, now=now) == told
    assert not [
        one for one in store.foresee((usual,), FEEDS, now=now) if isinstance(one, SoonForgotten)
    ]


def test_what_goes_with_a_shorter_retention_of_all_is_told_before(store: Store) -> None:
    sources = source("brief", retention=30 * DAY), source("one"), source("two")
    make(store, *sources)
    now = START + 62 * DAY
    store.advance(now)
    assert store.foresee(sources, FEEDS, now=now, retention=90 * DAY) == ()
    told = store.foresee(sources, FEEDS, now=now, retention=30 * DAY)
    assert told == (SoonForgotten(None, 2),)
    assert plan_lines(told)[1] == [
        "about 2 entries will be deleted, as old as [store] retention says"
    ]
    store.apply(sources, FEEDS, now=now)
    assert store.prune(now, retention=30 * DAY, keep_raw=USUAL) == 2 + 1  # and that of brief
