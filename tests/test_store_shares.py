"""A source that floods a feed takes no other's place, and what it gave up never comes back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import PlacementReason, Share
from aggregator.model.configured import MIB
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, said, source

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import Entry, Feed
    from aggregator.store import Store
    from tests.engines import Database

QUIET = tuple(f"q{number}" for number in range(9))
SOURCES = tuple(source(name) for name in ("flood", *QUIET))
PLAIN = feed(window=3 * DAY, min_entries=0, limit=200)
FAIR = feed(window=3 * DAY, min_entries=0, limit=200, per_source=Share(1, 3))

#: What a publisher of nonsense brings in each poll; as many as are read of a document.
FLOODED = 2_000


def told(name: str, number: int | str, at: datetime) -> Entry:
    return entry(
        f"{name} {number}",
        guid=f"tag:{name}.example,2026:{number}",
        url=f"https://{name}.example/{number}",
        published_at=at,
    )


def flood(store: Store, at: datetime, entries: int = FLOODED) -> None:
    many = (told("flood", f"{at:%d%H}-{number}", at) for number in reversed(range(entries)))
    absorb(store, document(*many), at, name="flood")


def three_days(store: Store, shown: Feed) -> dict[str, list[str]]:
    """Let nine sources bring three entries a day, and one floods; return what the feed shows."""
    store.apply(SOURCES, (shown,), now=START)
    for day in range(3):
        for part in range(3):
            at = START + day * DAY + part * 8 * HOUR
            for name in QUIET:
                absorb(store, document(told(name, f"{day}-{part}", at)), at, name=name)
            if day:
                flood(store, at + HOUR)
    return by_source(store, shown)


def by_source(store: Store, shown: Feed) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {one.name: [] for one in SOURCES}
    for story in store.select(shown).stories:
        found[story.origin.name].append(story.title)
    return found


def test_a_flood_takes_no_place_of_the_others_where_the_feed_has_shares(store: Store) -> None:
    found = three_days(store, FAIR)
    assert [len(found[name]) for name in QUIET] == [9] * 9
    # What the others do not need is the flood's, and of that the newest.
    assert len(found["flood"]) == FAIR.limit - 81
    assert found["flood"][0].endswith("-1999")
    assert said(store)["share flood"] == (
        "brought more than its share of feed all, which shows the newest 119 of its entries "
        "(per_source); the others are in the archive"
    )


def test_without_shares_the_oldest_goes_whose_ever_it_is(store: Store) -> None:
    found = three_days(store, PLAIN)
    assert [len(found[name]) for name in QUIET] == [0] * 9
    assert "share flood" not in said(store)


def test_a_feed_that_has_room_cuts_nobody(store: Store) -> None:
    store.apply(SOURCES, (FAIR,), now=START)
    flood(store, START, entries=190)
    absorb(store, document(*(told("q1", number, START) for number in range(10))), START, name="q1")
    found = by_source(store, FAIR)
    assert (len(found["flood"]), len(found["q1"])) == (190, 10)
    assert "share flood" not in said(store)


def test_what_gave_way_never_comes_back_and_is_in_the_archive(store: Store) -> None:
    store.apply(SOURCES, (FAIR,), now=START)
    for name in QUIET:
        absorb(store, document(told(name, 1, START)), START, name=name)
    flood(store, START + HOUR, entries=500)
    before = by_source(store, FAIR)["flood"]
    assert len(before) == 191
    (first,) = store.facts("tag:flood.example,2026:2009-0", (FAIR,))
    assert first.placements[0].reason is PlacementReason.GAVE_WAY
    assert first.placements[0].detail == "2026-11"
    # Another source's copy, a larger feed, no shares, a source that goes and returns: nothing.
    again = told("q1", 2, START)
    copy = entry("copy", guid="copy", url="https://flood.example/2009-0", published_at=START)
    absorb(store, document(again, copy), START + 2 * HOUR, name="q1")
    found = by_source(store, FAIR)
    assert found["q1"] == ["Entry q1 2", "Entry q1 1"]
    # One more gave way, to the one entry that is new.
    assert found["flood"] == before[:-1]
    wide = feed(window=30 * DAY, min_entries=0, limit=5000)
    store.apply(SOURCES, (wide,), now=START + 3 * HOUR)
    store.apply(SOURCES[1:], (wide,), now=START + 4 * HOUR)
    store.apply(SOURCES, (wide,), now=START + 5 * HOUR)
    assert by_source(store, wide) == found
    archived = [
        story.title
        for part in store.archive_parts(wide)
        if (selection := store.select_archive(wide, part.name)) is not None
        for story in selection.stories
        if story.origin.name == "flood"
    ]
    assert len(archived) == 500
    assert [part.until for part in store.archive_parts(wide)][-1] is not None


def test_the_archives_address_moves_with_what_gave_way(store: Store) -> None:
    store.apply(SOURCES, (FAIR,), now=START)
    absorb(store, document(told("q1", 1, START)), START, name="q1")
    (part,) = store.archive_parts(FAIR)
    assert part.until == "start"
    flood(store, START + HOUR, entries=210)
    (part,) = store.archive_parts(FAIR)
    # The first eleven of the flood have left; the older entry has not.
    assert part.until == "2026-11-20.12"


def test_the_note_ends_when_what_was_given_up_would_be_gone_anyhow(store: Store) -> None:
    store.apply(SOURCES, (FAIR,), now=START)
    absorb(store, document(told("q1", 1, START)), START, name="q1")
    flood(store, START + HOUR, entries=500)
    store.advance(START + 3 * DAY)
    assert "share flood" in said(store)
    store.advance(START + 3 * DAY + 2 * HOUR)
    assert "share flood" not in said(store)


def test_a_source_of_large_entries_takes_no_place_of_the_others(store: Store) -> None:
    small = replace(FAIR, document_size=MIB)
    store.apply(SOURCES, (small,), now=START)
    for day in range(3):
        at = START + day * DAY
        for name in QUIET:
            absorb(store, document(told(name, day, at)), at, name=name)
        large = (
            replace(
                told("flood", f"{day}-{number}", at),
                content_html="<p>x</p>" * 10_000,
                visible_text="x " * 10_000,
            )
            for number in range(14)
        )
        absorb(store, document(*large), at + HOUR, name="flood")
    found = by_source(store, small)
    assert [len(found[name]) for name in QUIET] == [3] * 9
    assert len(found["flood"]) == 12
    assert "share flood" in said(store)
    assert "size all" not in said(store)


TIGHT = feed(window=2 * DAY, min_entries=2, limit=12, per_source=Share(1, 3))
polls = st.lists(
    st.tuples(st.sampled_from(("flood", "q0", "q1")), st.integers(0, 30), st.integers(0, 40)),
    max_size=15,
)


@settings(max_examples=25, deadline=None)
@given(polls=polls)
def test_a_reader_of_a_feed_and_of_new_parts_of_its_archive_misses_nothing_and_sees_it_once(
    polls: list[tuple[str, int, int]], new_database: Callable[[], Database]
) -> None:
    with closing(new_database()) as database:
        store = database.open()
        store.apply(SOURCES[:3], (TIGHT,), now=START)
        for one in SOURCES[:3]:
            absorb(store, document(), START, name=one.name)
        now, came = START, 0
        read, left, asked = set[str](), set[str](), set[tuple[str, str | None]]()
        before = set[str]()
        for name, entries, hours in polls:
            now += hours * HOUR
            told_now = [told(name, came + number, now) for number in range(entries)]
            absorb(store, document(*reversed(told_now)), now, name=name)
            came += entries
            shown = {story.title for story in store.select(TIGHT).stories}
            left |= before - shown
            assert not left & shown
            before = shown
            read |= shown
            for part in store.archive_parts(TIGHT):
                address = (part.name, part.until)
                selection = store.select_archive(TIGHT, part.name)
                if address not in asked and selection is not None:
                    read |= {story.title for story in selection.stories}
                asked.add(address)
            assert len(read) == came
