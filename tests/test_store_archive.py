"""The archive of a feed: everything that it showed, in documents that only grow at their end."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.store import Store
    from tests.engines import Database

TIGHT = feed(window=DAY, min_entries=2, limit=20)


@pytest.fixture
def store(store: Store) -> Store:
    store.apply((source(),), (TIGHT,), now=START)
    return store


def followed(store: Store) -> list[str]:
    """Return the titles that a subscriber finds who follows the links back, newest first."""
    selection = store.select(TIGHT)
    found = [story.title for story in selection.stories]
    part = selection.previous
    while part is not None:
        document_ = store.select_archive(TIGHT, part.name)
        assert document_ is not None
        assert document_.archive == part
        found += [story.title for story in document_.stories]
        part = document_.previous
    return list(dict.fromkeys(found))


def test_who_was_away_for_months_finds_every_entry_by_following_links(store: Store) -> None:
    for day in range(100):
        absorb(store, document(entry(day)), START + day * DAY)
        store.advance(START + day * DAY)
    assert len(store.select(TIGHT).stories) <= 3
    assert followed(store) == [f"Entry {day}" for day in reversed(range(100))]
    assert [part.name for part in store.archive_parts(TIGHT)] == [
        "2026-11", "2026-12", "2027-01", "2027-02",
    ]  # fmt: skip


def test_what_overflows_the_window_at_once_is_in_the_archive(store: Store) -> None:
    absorb(store, document(entry("first")), START)
    absorb(store, document(*(entry(n) for n in range(90))), START + HOUR)
    assert len(store.select(TIGHT).stories) == 20
    assert len(followed(store)) == 91


def test_busy_months_have_parts_and_full_ones_never_change(store: Store) -> None:
    for poll in range(5):
        absorb(store, document(*(entry(f"{poll}-{n}") for n in range(175))), START + poll * HOUR)
    parts = store.archive_parts(TIGHT)
    assert [part.name for part in parts] == ["2026-11", "2026-11-2", "2026-11-3", "2026-11-4"]
    assert [part.whole for part in parts] == [True, True, True, False]
    assert [part.until for part in parts] == [None, None, None, "2026-11-20.855"]
    before = store.select_archive(TIGHT, "2026-11-2")
    absorb(store, document(entry("late")), START + DAY)
    after = store.select_archive(TIGHT, "2026-11-2")
    assert before is not None
    assert after is not None
    assert len(before.stories) == 250
    assert before.stories == after.stories
    assert len(followed(store)) == 876


def test_the_address_of_a_part_is_another_once_there_is_more_to_be_had_from_it(
    store: Store,
) -> None:
    absorb(store, document(entry(1)), START)
    known = store.select(TIGHT).previous  # a reader fetches it, and believes that it never changes
    absorb(store, document(*(entry(n) for n in range(2, 12))), START + HOUR)
    assert store.select(TIGHT).previous == known  # all that is new is in the window
    store.advance(START + 5 * DAY)
    assert len(store.select(TIGHT).stories) == 2
    assert store.select(TIGHT).previous != known


def test_a_month_is_past_once_there_is_a_later_one(store: Store) -> None:
    absorb(store, document(entry(1)), START)
    absorb(store, document(entry(2)), START + 40 * DAY)
    november, december = store.archive_parts(TIGHT)
    assert (november.past, november.whole, november.until) == (True, True, None)
    assert (december.past, december.whole, december.until) == (False, False, "start")


def test_an_archives_time_does_not_go_back_with_the_clock(store: Store) -> None:
    absorb(store, document(entry(1)), START + 20 * DAY)
    absorb(store, document(entry(2)), START)
    assert [part.month for part in store.archive_parts(TIGHT)] == ["2026-12"]


def test_a_document_is_frozen_as_it_was_first_kept(store: Store) -> None:
    store.freeze(TIGHT, "2026-11", "atom", "one", b"first")
    store.freeze(TIGHT, "2026-11", "atom", "one", b"second")
    assert store.frozen(TIGHT, "2026-11", "atom", "one") == b"first"
    assert store.frozen(TIGHT, "2026-11", "atom", "two") is None
    assert store.frozen(TIGHT, "2026-11", "rss", "one") is None
    store.freeze(TIGHT, "2026-11", "atom", "two", b"third")
    assert store.frozen(TIGHT, "2026-11", "atom", "two") == b"third"


def test_retention_ends_the_archive_and_what_was_frozen_of_it(store: Store) -> None:
    absorb(store, document(entry(1), entry(2)), START)
    absorb(store, document(entry(3), entry(4)), START + 40 * DAY)
    store.freeze(TIGHT, "2026-11", "atom", "one", b"november")
    store.advance(START + 45 * DAY)
    store.prune(START + 45 * DAY, retention=30 * DAY, keep_raw=DAY)
    assert [part.month for part in store.archive_parts(TIGHT)] == ["2026-12"]
    assert store.frozen(TIGHT, "2026-11", "atom", "one") is None
    assert store.select_archive(TIGHT, "2026-11") is None


def test_a_source_that_was_removed_leaves_the_archive_and_comes_back_with_it(
    store: Store,
) -> None:
    absorb(store, document(entry(1), entry(2), entry(3)), START)
    store.apply((source("two"),), (TIGHT,), now=START + HOUR)
    assert followed(store) == []
    store.apply((source(),), (TIGHT,), now=START + 2 * HOUR)
    assert len(followed(store)) == 3


def test_everything_that_was_ever_shown_can_be_exported_and_what_changed_again(
    store: Store,
) -> None:
    for day in range(5):
        absorb(store, document(*(entry(f"{day}-{n}") for n in range(3))), START + day * DAY)
    told, cursor = [], 0
    while True:
        stories, following = store.exportable(TIGHT, after=cursor, most=4)
        told += [one.story.title for one in stories]
        if following is None:
            break
        cursor = following
    assert sorted(told) == sorted(f"Entry {day}-{n}" for day in range(5) for n in range(3))
    absorb(store, document(entry("4-1", text="edited")), START + 6 * DAY)
    (changed,), _ = store.exportable(TIGHT, after=cursor, most=4)
    assert changed.story.title == "Entry 4-1"


def test_a_clock_that_steps_back_keeps_nothing_from_being_exported(store: Store) -> None:
    absorb(store, document(entry(1)), START + DAY)
    _, cursor = store.exportable(TIGHT, after=0, most=9)
    assert cursor is not None
    absorb(store, document(entry(2)), START)
    absorb(store, document(entry(1, text="edited")), START + HOUR)
    changed, _ = store.exportable(TIGHT, after=cursor, most=9)
    assert [one.story.title for one in changed] == ["Entry 2", "Entry 1"]


def test_what_a_source_brings_along_is_exported_too(store: Store) -> None:
    other = feed("other")
    store.apply((source(), source("two")), (TIGHT, other), now=START)
    absorb(
        store, document(entry("b", guid="urn:b", url="https://two.example/b")), START, name="two"
    )
    narrow = feed("other", sources=("one",))
    store.apply((source(), source("two")), (TIGHT, narrow), now=START + HOUR)
    _, cursor = store.exportable(narrow, after=0, most=9)
    assert cursor is None
    store.apply((source(), source("two")), (TIGHT, other), now=START + 2 * HOUR)
    (one,), _ = store.exportable(other, after=0, most=9)
    assert one.story.title == "Entry b"


def test_the_publishers_own_text_hides_a_private_sources_url(store: Store) -> None:
    private = source(private=True)
    store.apply((private,), (TIGHT,), now=START)
    raw = json.dumps({"raw_content": f'<p>from <a href="{private.url}">here</a></p>'})
    absorb(store, document(replace(entry(1), raw=raw)), START)
    (one,), _ = store.exportable(TIGHT, after=0, most=9)
    assert one.raw_html is not None
    assert "feed.xml" not in one.raw_html


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 900)), max_size=20))
def test_nothing_that_a_feed_showed_is_ever_missing_from_its_archive(
    steps: list[tuple[int, int]], new_database: Callable[[], Database]
) -> None:
    with closing(new_database()) as database:
        store = database.open()
        store.apply((source(),), (TIGHT,), now=START)
        now, ever, number = START, set[str](), 0
        for count, hours in steps:
            now += hours * HOUR
            absorb(store, document(*(entry(number + n) for n in range(count))), now)
            number += count
            ever |= {story.title for story in store.select(TIGHT).stories}
            store.advance(now)
        assert ever <= set(followed(store))
