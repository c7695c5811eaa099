"""What archives tell of stories that several sources reported, and of what has gone since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Condition, Preference, Rules, Share
from aggregator.store.schemas.archive_schema import RETOLD
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source
from tests.story_reports import MINUTE, OTHER, REPORTS, SOURCES, applied, brought, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model import Feed, Selection, Story

BRIEF = feed(dedupe="story", min_entries=0, window=HOUR)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "aggregator.db")
    yield store
    store.close()


def archived(store: SqliteStore, of: Feed = BRIEF) -> list[Story]:
    """Return what a feed's only document in the archive has, newest first."""
    return list(document_of(store, of).stories)


def document_of(store: SqliteStore, of: Feed = BRIEF) -> Selection:
    found = store.select_archive(of, "2026-11")
    assert found is not None
    return found


def names(stories: list[Story]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.title, tuple(also.title for also in one.also_told)) for one in stories]


def told_and_gone(store: SqliteStore, by: Feed = BRIEF) -> None:
    """Let three tell a story, and the one that a feed shows leave it."""
    for minutes, name in enumerate(("one", "two", "three")):
        brought(store, minutes * MINUTE, name, REPORTS[minutes])
    store.advance(START + 2 * HOUR)
    assert store.select(by).stories == ()


def test_an_archive_names_who_was_named_when_the_entry_left_the_window(store: SqliteStore) -> None:
    applied(store, BRIEF)
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    fetched = document_of(store)
    assert names(list(fetched.stories)) == [(REPORTS[0], ())]  # in the window it is named
    store.advance(START + 2 * HOUR)
    assert names(archived(store)) == [(REPORTS[0], (REPORTS[1],))]
    part = document_of(store).archive
    assert part is not None
    assert part != fetched.archive  # who has it already is told of another address
    brought(store, 3 * HOUR, "three", REPORTS[2])
    assert names(archived(store)) == [(REPORTS[2], ()), (REPORTS[0], (REPORTS[1],))]


def test_a_document_that_is_whole_stays_and_a_later_one_names_them(store: SqliteStore) -> None:
    lasting = feed(dedupe="story", min_entries=1, window=HOUR)
    applied(store, lasting)
    evening = 10 * DAY + 15 * HOUR  # of the month's last day
    brought(store, evening, "one", REPORTS[0])
    brought(store, evening + 2 * HOUR, "two", REPORTS[1])  # below what is still shown
    brought(store, evening + 2 * HOUR, "three", OTHER)
    first = store.select_archive(lasting, "2026-11")
    store.advance(START + evening + 3 * HOUR)
    after = store.select_archive(lasting, "2026-11")
    assert first is not None
    assert after is not None
    assert names(list(first.stories)) == names(list(after.stories)) == [(REPORTS[0], ())]
    later = store.select_archive(lasting, "2026-12")
    assert later is not None
    assert (REPORTS[0], (REPORTS[1],)) in names(list(later.stories))


def test_who_asks_for_no_names_gets_none(store: SqliteStore) -> None:
    silent = feed(dedupe="story", min_entries=0, window=HOUR, show_also=False)
    applied(store, silent)
    told_and_gone(store, silent)
    assert names(archived(store, silent)) == [(REPORTS[0], ())]
    store.apply(SOURCES[1:], (silent,), now=START + DAY)
    assert names(archived(store, silent)) == [(REPORTS[1], ())]


def test_one_that_was_named_stands_where_the_entry_has_gone(store: SqliteStore) -> None:
    applied(store, BRIEF)
    told_and_gone(store)
    before = archived(store)
    store.apply(SOURCES[1:], (BRIEF,), now=START + DAY)
    (one,) = archived(store)
    assert names([one]) == [(REPORTS[1], (REPORTS[2],))]
    assert one.id not in {story.id for story in before}  # nobody has seen it as an entry
    assert store.select(BRIEF).stories == ()
    store.apply(SOURCES[2:], (BRIEF,), now=START + 2 * DAY)
    assert names(archived(store)) == [(REPORTS[2], ())]
    store.apply(SOURCES, (BRIEF,), now=START + 3 * DAY)
    assert archived(store) == before


def test_so_it_does_where_the_publishers_edit_lets_a_rule_block_the_entry(
    store: SqliteStore,
) -> None:
    rules = Rules(block=(Condition(title=("Advert",)),))
    ruled = feed(dedupe="story", min_entries=0, window=HOUR, rules=rules)
    applied(store, ruled)
    told_and_gone(store, ruled)
    known = report(REPORTS[0], "one")
    advert = entry(1, title="Advert", text="ours", guid=known.guid, url=known.url)
    absorb(store, document(advert), START + DAY, name="one")
    assert names(archived(store, ruled)) == [(REPORTS[1], (REPORTS[2],))]


def test_an_article_that_another_source_has_too_keeps_its_place_and_its_id(
    store: SqliteStore,
) -> None:
    exact = feed(min_entries=0, window=HOUR)
    applied(store, exact)
    for minutes, name in enumerate(("one", "two")):
        copy = entry("x", title=f"As {name} has it", guid=f"urn:{name}", url="https://x.example/1")
        absorb(store, document(copy), START + minutes * MINUTE, name=name)
    store.advance(START + 2 * HOUR)
    (before,) = archived(store, exact)
    store.apply(SOURCES[1:], (exact,), now=START + DAY)
    (after,) = archived(store, exact)
    assert (before.title, after.title) == ("As one has it", "As two has it")
    assert before.id == after.id


def test_what_gives_way_to_others_names_them_in_the_archive(store: SqliteStore) -> None:
    shared = feed(dedupe="story", min_entries=0, limit=4, per_source=Share(1, 2))
    applied(store, shared)
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    brought(store, 3 * MINUTE, "one", *(f"Number {n} of Tuesday's many {n}s" for n in range(5)))
    assert REPORTS[0] not in {story.title for story in store.select(shared).stories}
    assert (REPORTS[0], (REPORTS[1],)) in names(archived(store, shared))


def test_nobody_is_lost_whose_last_lead_goes_after_the_first_has_left(store: SqliteStore) -> None:
    plain = feed(min_entries=0, window=2 * HOUR)
    story = feed(dedupe="story", min_entries=0, window=2 * HOUR)
    applied(store, plain)
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, HOUR, "two", REPORTS[1])
    applied(store, story, at=HOUR + MINUTE)  # both were shown, and stay
    while store.tell_stories(START + HOUR + 2 * MINUTE):
        pass
    brought(store, HOUR + 3 * MINUTE, "three", REPORTS[2])
    store.advance(START + 2 * HOUR + 30 * MINUTE)
    assert names(list(store.select(story).stories)) == [(REPORTS[1], (REPORTS[2],))]
    store.apply((SOURCES[0], SOURCES[2]), (story,), now=START + 2 * HOUR + 40 * MINUTE)
    assert store.select(story).stories == ()
    assert names(archived(store, story))[0] == (REPORTS[2], ())


def test_what_waits_when_its_feed_is_removed_is_told_when_that_is_back(store: SqliteStore) -> None:
    patient = feed(dedupe="story", prefer=Preference(("three",)), hold=10 * MINUTE, limit=2)
    applied(store, patient)
    brought(store, MINUTE, "one", REPORTS[0])
    applied(store, at=2 * MINUTE)
    store.show_held(START + HOUR)
    brought(store, HOUR, "two", *(f"Number {n} of Tuesday's many {n}s" for n in range(5)))
    applied(store, patient, at=2 * HOUR)
    assert (REPORTS[0], ()) in names(archived(store, patient))


def test_an_upgrade_knows_below_what_stories_were_named_before(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    applied(store, BRIEF)
    told_and_gone(store)
    brought(store, DAY, "one", OTHER)
    before = names(archived(store))
    store.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE retold")  # as a version left it that had none
        db.execute("DROP TABLE named_below")
        for statement in RETOLD:
            db.execute(statement)
    store = open_store(path)
    assert names(archived(store)) == before
    assert before[-1] == (REPORTS[0], REPORTS[1:])
    store.apply((source("two"), source("three")), (BRIEF,), now=START + 2 * DAY)
    assert names(archived(store)) == [(REPORTS[1], (REPORTS[2],))]
    store.close()
