"""Stories that several sources tell, from the transaction that joins them to what feeds show."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Preference, Sameness
from aggregator.model.errors import AggregatorError
from aggregator.store.schemas.story_schema import TIES
from aggregator.store.sqlite import SqliteStore, open_store
from aggregator.store.stories.story_switch import StorySwitch
from aggregator.stories.likeness_weights import SHIPPED
from aggregator.stories.tokens import SCHEME
from aggregator.stories.tuning import Labels
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source
from tests.story_reports import LAUNCH, MINUTE, OTHER, REPORTS, SOURCES, applied, brought, report

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aggregator.model import Entry, Feed, Story

STORY = feed(dedupe="story")
EXACT = feed("exact")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "aggregator.db")
    yield store
    store.close()


def told(store: SqliteStore, by: Feed = STORY) -> list[Story]:
    """Return what a feed shows, oldest first."""
    return list(reversed(store.select(by).stories))


def titles(store: SqliteStore, by: Feed = STORY) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (story.title, tuple(also.title for also in story.also_told)) for story in told(store, by)
    ]


def test_what_several_report_is_told_once_and_the_others_are_named(store: SqliteStore) -> None:
    applied(store, STORY, EXACT)
    brought(store, MINUTE, "one", REPORTS[0], OTHER)
    before = told(store)
    version = store.feed_version("all")
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    brought(store, 3 * MINUTE, "three", REPORTS[2])
    assert sorted(titles(store)) == sorted([(REPORTS[0], REPORTS[1:]), (OTHER, ())])
    assert {one.because for story in told(store) for one in story.also_told} == {Sameness.JOINED}
    assert [(one.id, one.updated_at, one.published_at) for one in told(store)] == [
        (one.id, one.updated_at, one.published_at) for one in before
    ]
    assert store.feed_version("all") != version
    assert len(told(store, EXACT)) == 4


def test_without_a_feed_that_asks_nothing_is_compared_or_written(store: SqliteStore) -> None:
    applied(store, EXACT)
    brought(store, MINUTE, "one", REPORTS[0])
    assert counts(store) == {"signatures": 0, "postings": 0, "uncounted": 0}


def counts(store: SqliteStore) -> dict[str, int]:
    with store._reading() as db:
        return {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- of the test
            for table in ("signatures", "postings", "uncounted")
        }


def test_within_one_source_nothing_is_one_story_by_its_words(store: SqliteStore) -> None:
    applied(store, STORY)
    brought(store, MINUTE, "one", REPORTS[0], REPORTS[1])
    brought(store, 2 * MINUTE, "one", REPORTS[2])
    assert len(told(store)) == 3


def test_a_source_may_stay_apart(store: SqliteStore) -> None:
    store.apply((source(dedupe=False), *SOURCES[1:]), (STORY,), now=START)
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    brought(store, 3 * MINUTE, "three", REPORTS[2])
    assert titles(store) == [(REPORTS[0], ()), (REPORTS[1], (REPORTS[2],))]


def many(at: timedelta) -> list[Entry]:
    """Make a document that is not compared at once: its oldest entry tells what another did."""
    others = [f"Number {n} of many things like {n % 7}" for n in range(60)]
    return [report(title, "two", published_at=START + at) for title in (REPORTS[1], *others)]


def test_what_a_long_document_brings_is_shown_once_it_is_compared(store: SqliteStore) -> None:
    applied(store, STORY)
    brought(store, MINUTE, "one", REPORTS[0])
    absorb(store, document(*many(2 * MINUTE)), START + 2 * MINUTE, name="two")
    seen = {title for title, _ in titles(store)}
    assert 0 < len(seen) < 62
    assert REPORTS[1] not in seen
    while store.tell_stories(START + 3 * MINUTE):
        pass
    store.show_held(START + 3 * MINUTE)
    assert titles(store)[0] == (REPORTS[0], (REPORTS[1],))
    assert {one for title, also in titles(store) for one in (title, *also)} >= {
        one.title for one in many(MINUTE)
    }


def test_what_is_never_compared_is_shown_all_the_same(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    applied(store, STORY)
    absorb(store, document(*many(2 * MINUTE)), START + 2 * MINUTE, name="two")
    assert len(told(store)) < 61
    store.close()  # as good as a kill
    store = open_store(tmp_path / "aggregator.db")
    store.advance(START + 8 * MINUTE)
    shown = {one for title, also in titles(store) for one in (title, *also)}
    assert shown == {one.title for one in many(MINUTE)}
    store.close()


def test_two_polls_at_the_same_moment_make_one_story(store: SqliteStore) -> None:
    applied(store, STORY)
    start = threading.Barrier(3)

    def poll(name: str, title: str) -> None:
        start.wait()
        brought(store, MINUTE, name, title)

    names = ("one", "two", "three")
    threads = [
        threading.Thread(target=poll, args=pair) for pair in zip(names, REPORTS, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (story,) = told(store)
    assert len(story.also_told) == 2


def test_what_a_feed_showed_before_it_asked_for_stories_stays(store: SqliteStore) -> None:
    applied(store, feed())
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    before = [one.id for one in told(store)]
    applied(store, STORY, at=3 * MINUTE)
    while store.tell_stories(START + 4 * MINUTE):
        pass
    assert [one.id for one in told(store)] == before
    brought(store, 5 * MINUTE, "three", REPORTS[2])
    assert [one.id for one in told(store)] == before
    assert [[also.title for also in one.also_told] for one in told(store)] == [[REPORTS[2]], []]


def test_the_window_is_indexed_in_slices_and_goes_on_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    applied(store, feed(limit=5000))
    many = [
        entry(n, title=f"Number {n} of many things like {n % 7}", published_at=START)
        for n in range(1200)
    ]
    absorb(store, document(*many), START + MINUTE)
    applied(store, STORY, at=2 * MINUTE)
    assert store.tell_stories(START + 3 * MINUTE)
    seen = counts(store)["signatures"]
    assert 0 < seen < 1200
    store.close()  # as good as a kill: nothing of it is in memory alone
    store = open_store(path)
    while store.tell_stories(START + 4 * MINUTE):
        pass
    assert counts(store)["signatures"] == 1200
    store.prune(START + 30 * DAY, retention=365 * DAY, keep_raw=DAY)
    assert counts(store)["signatures"] == counts(store)["postings"] == 0
    store.close()


def test_what_another_scheme_made_is_made_anew_and_stays_told_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    applied(store, STORY)
    for minutes, (name, title) in enumerate((("one", LAUNCH), ("two", REPORTS[1]), ("one", OTHER))):
        brought(store, minutes * MINUTE, name, title)
    before = titles(store)
    store.close()
    with closing(sqlite3.connect(path)) as db, db:
        found = db.execute("SELECT story_id, packed FROM signatures").fetchall()
        assert len(found) == 3
        older = [(bytes([0]) + packed[1:], story_id) for story_id, packed in found]
        db.executemany(
            "UPDATE signatures SET packed = ?, centroid = NULL WHERE story_id = ?", older
        )
        db.execute("UPDATE story_index SET scheme = 0")
    store = open_store(path)
    applied(store, STORY, at=5 * MINUTE)
    while store.tell_stories(START + 6 * MINUTE):
        pass
    brought(store, 7 * MINUTE, "three", REPORTS[2])
    assert titles(store)[1:] == before[1:]
    assert titles(store)[0][1] == (*before[0][1], REPORTS[2])
    store.close()
    with closing(sqlite3.connect(path)) as db:
        made = db.execute("SELECT packed FROM signatures").fetchall()
        assert {packed[0] for (packed,) in made} == {SCHEME}
        assert len(made) == 4


def test_what_comes_is_compared_by_the_weights_that_are_kept(store: SqliteStore) -> None:
    applied(store, STORY)
    brought(store, MINUTE, "one", REPORTS[0])
    never = replace(SHIPPED, words=replace(SHIPPED.words, bias=-40.0))
    store.keep_weights(never)
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    assert len(told(store)) == 2
    store.keep_weights(None)
    brought(store, 3 * MINUTE, "three", REPORTS[2])
    assert len(told(store)) == 2


def test_the_last_word_on_a_pair_counts_whichever_is_named_first(store: SqliteStore) -> None:
    applied(store, STORY)
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, 2 * MINUTE, "two", OTHER)
    one, other = (str(story.url) for story in told(store))
    store.merge_stories(one, other, START)
    store.split_story(other, START)
    tuning = store.tuned(START)
    assert Labels(0, 1) in (tuning.ideographs, tuning.words)
    store.merge_stories(other, one, START)
    tuning = store.tuned(START)
    assert Labels(1, 0) in (tuning.ideographs, tuning.words)


def test_one_feeds_strictness_is_its_own(store: SqliteStore) -> None:
    strict = feed("strict", dedupe="story", dedupe_strictness="strict", sources=("one", "two"))
    wide = feed("wide", dedupe="story", dedupe_strictness="wide", sources=("one", "two"))
    applied(store, strict, wide)
    brought(store, MINUTE, "one", "Railway budget: parliament votes tonight on new trains")
    brought(store, 2 * MINUTE, "two", "Tonight parliament votes on a budget for schools and trains")
    with store._reading() as db:
        (score,) = db.execute("SELECT max(join_score) FROM stories").fetchone()
    assert len(told(store, wide)) <= len(told(store, strict)), score


def test_a_preferred_source_leads_where_it_comes_in_time(store: SqliteStore) -> None:
    held = feed(dedupe="story", prefer=Preference(("three", "two")), hold=timedelta(minutes=10))
    applied(store, held)
    brought(store, MINUTE, "one", REPORTS[0], OTHER)
    assert told(store, held) == []
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    assert told(store, held) == []
    brought(store, 3 * MINUTE, "three", REPORTS[2])
    assert titles(store, held) == [(REPORTS[2], REPORTS[:2])]
    store.show_held(START + 10 * MINUTE)
    assert len(told(store, held)) == 1
    store.show_held(START + 11 * MINUTE)
    assert sorted(titles(store, held)) == sorted([(REPORTS[2], REPORTS[:2]), (OTHER, ())])


def test_what_is_held_is_shown_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    held = feed(dedupe="story", prefer=Preference(longest=True), hold=timedelta(minutes=10))
    store = open_store(path)
    applied(store, held)
    brought(store, MINUTE, "one", REPORTS[0])
    store.close()
    store = open_store(path)
    store.advance(START + HOUR)
    assert titles(store, held) == [(REPORTS[0], ())]
    store.close()


def test_an_original_stands_where_its_copy_did(store: SqliteStore) -> None:
    applied(store, STORY)
    address = "https://three.example/launch"
    copied = entry("x", title=REPORTS[0], guid="urn:x-copy", url=address, published_at=START)
    absorb(store, document(copied), START + MINUTE, name="one")
    brought(store, 2 * MINUTE, "two", REPORTS[1])
    own = entry("y", title=REPORTS[2], guid=address, url=address, published_at=START)
    absorb(store, document(own), START + 3 * MINUTE, name="three")
    assert [story.title for story in told(store)] == [REPORTS[0], REPORTS[2]]
    with store._reading() as db:
        rows = db.execute("SELECT id, joined_id, original_id FROM stories ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(1, None, 3), (2, 3, None), (3, None, None)]


def test_stories_are_forgotten_together(store: SqliteStore) -> None:
    brief = feed(dedupe="story", min_entries=0, window=HOUR)
    applied(store, brief)
    brought(store, MINUTE, "one", REPORTS[0])
    brought(store, 3 * DAY, "two", REPORTS[1])
    store.advance(START + 4 * DAY)
    kept = {"retention": 2 * DAY, "keep_raw": DAY}
    assert store.prune(START + 4 * DAY, **kept) == 0
    assert store.prune(START + 6 * DAY, **kept) == 2
    assert counts(store)["postings"] == 0


def test_a_story_takes_forty_and_another_continues_it(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    names = [f"source{number}" for number in range(45)]
    store.apply(tuple(map(source, names)), (STORY,), now=START)
    for number, name in enumerate(names):
        brought(store, MINUTE + number * timedelta(seconds=1), name, LAUNCH)
    assert [len(story.also_told) for story in told(store)] == [39, 4]
    with store._reading() as db:
        rows = db.execute("SELECT id FROM stories WHERE continued_id IS NOT NULL").fetchall()
    assert len(rows) == 1
    store.close()


#: An event, and two reports of another one that are little like it; and one of both.
FAR = "Northlake bridge collapses after storm"
NEAR = ("Northlake mayor elected today", "Mayor of Northlake elected today")
BOTH = "Northlake bridge: mayor elected today visits storm collapse"
FIVE = tuple(source(name) for name in ("one", "two", "three", "four", "five"))
STRICT, WIDE = (
    feed(one, dedupe="story", dedupe_strictness=one, show_also=True) for one in ("strict", "wide")
)


def parted(store: SqliteStore) -> None:
    """Let three be one at wide, and two of them at strict, neither of which began it."""
    store.apply(FIVE, (STRICT, WIDE), now=START)
    brought(store, MINUTE, "one", FAR)
    brought(store, 2 * MINUTE, "two", NEAR[0])
    brought(store, 3 * MINUTE, "three", NEAR[1])
    assert titles(store, WIDE) == [(FAR, NEAR)]


def known(stories: list[Story]) -> list[object]:
    return [(one.id, one.updated_at, one.published_at) for one in stories]


def ties(store: SqliteStore) -> list[tuple[object, ...]]:
    with store._reading() as db:
        return [tuple(row) for row in db.execute("SELECT story_id, other_id FROM ties")]


def test_two_that_are_alike_are_one_whatever_they_have_joined(store: SqliteStore) -> None:
    parted(store)
    assert titles(store, STRICT) == [(FAR, ()), (NEAR[0], (NEAR[1],))]
    before = known(told(store, STRICT))
    brought(store, 4 * MINUTE, "four", BOTH)
    assert titles(store, STRICT) == [(FAR, (NEAR[1], BOTH)), (NEAR[0], ())]
    assert known(told(store, STRICT)) == before
    assert titles(store, WIDE) == [(FAR, (*NEAR, BOTH))]


def test_what_is_split_out_of_the_middle_leaves_the_others_together(store: SqliteStore) -> None:
    parted(store)
    brought(store, 4 * MINUTE, "four", BOTH)
    brought(store, 5 * MINUTE, "five", f"{NEAR[1]}, storm or not")
    before = titles(store, STRICT)
    store.split_story(BOTH_ADDRESS, START + 6 * MINUTE)
    after = titles(store, STRICT)
    assert after[:-1] == [
        (lead, tuple(one for one in also if one != BOTH)) for lead, also in before
    ]
    assert after[-1] == (BOTH, ())
    assert all(4 not in tie for tie in ties(store))


BOTH_ADDRESS = str(report(BOTH, "four").url)


def test_what_is_one_at_wide_alone_is_merged_for_every_feed(store: SqliteStore) -> None:
    parted(store)
    one, other = str(report(FAR, "one").url), str(report(NEAR[1], "three").url)
    before = known(told(store, STRICT))
    store.merge_stories(one, other, START + 4 * MINUTE)
    assert titles(store, STRICT) == [(FAR, (NEAR[1],)), (NEAR[0], ())]
    assert known(told(store, STRICT)) == before
    with pytest.raises(AggregatorError, match="one story already"):
        store.merge_stories(other, one, START + 5 * MINUTE)


def test_an_original_has_the_ties_of_all_its_copies(store: SqliteStore) -> None:
    parted(store)
    address = "https://four.example/mayor"
    for name, title in (("five", NEAR[0]), ("one", "Mayor elected in Northlake today")):
        copied = entry(name, title=title, guid=f"urn:x-{name}", url=address, published_at=START)
        absorb(store, document(copied), START + 4 * MINUTE, name=name)
    own = entry("y", title=NEAR[1], guid=address, url=address, published_at=START)
    absorb(store, document(own), START + 5 * MINUTE, name="four")
    with store._reading() as db:
        (own_id,) = db.execute("SELECT max(id) FROM stories").fetchone()
        wrong = """SELECT 1 FROM stories s JOIN stories r ON r.id = s.joined_id
                    WHERE r.joined_id IS NOT NULL OR r.original_id IS NOT NULL"""
        assert not db.execute(wrong).fetchall()
        copies = db.execute("SELECT id FROM stories WHERE original_id = ?", (own_id,)).fetchall()
    assert any(own_id in tie for tie in ties(store))
    assert not any(copy in tie for (copy,) in copies for tie in ties(store))


def test_what_earlier_versions_told_together_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    parted(store)
    store.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE ties")  # as a version left it that had none
        db.execute("UPDATE stories SET join_score = 0.5 WHERE joined_id IS NOT NULL")
        for statement in TIES:
            db.execute(statement)
    store = open_store(path)
    assert ties(store) == [(2, 1), (3, 1)]
    assert titles(store, WIDE) == [(FAR, NEAR)]
    before = known(told(store, STRICT))
    store.advance(START + 4 * MINUTE)
    brought(store, 5 * MINUTE, "four", NEAR[1].upper())
    assert known(told(store, STRICT)) == before
    store.close()


def test_what_was_named_does_not_come_up_when_what_led_to_it_is_forgotten(
    store: SqliteStore,
) -> None:
    strict, exact = (replace(one, window=HOUR, min_entries=0) for one in (STRICT, EXACT))
    store.apply(FIVE, (strict, replace(exact, sources=("three",))), now=START)
    brought(store, MINUTE, "one", FAR)
    brought(store, 2 * MINUTE, "two", BOTH)

    def carried(name: str, at: timedelta) -> None:
        """Let a source bring an article of somebody else."""
        address = "https://elsewhere.example/mayor"
        when = START + 3 * MINUTE
        one = entry(name, title=NEAR[0], guid=f"urn:x-{name}", url=address, published_at=when)
        absorb(store, document(one), START + at, name=name)

    carried("three", 3 * MINUTE)
    assert titles(store, strict) == [(FAR, (BOTH, NEAR[0]))]
    assert ties(store) == [(2, 1), (3, 2)]
    store.advance(START + 2 * DAY)
    assert store.prune(START + 3 * DAY, retention=DAY, keep_raw=DAY) == 3
    assert ties(store) == [(3, 1)]
    carried("four", 3 * DAY)
    assert told(store, strict) == []


def hurried(store: SqliteStore) -> SqliteStore:
    """Let a store have time for one entry in each transaction."""
    store._stories = StorySwitch(clock=count().__next__)
    store._write(store._stories.refresh)
    return store


def indexed(store: SqliteStore) -> int:
    return counts(store)["signatures"]


def test_one_transaction_compares_few_and_all_are_told_when_the_poll_ends(tmp_path: Path) -> None:
    found = []
    for name, way in (("hurried", hurried), ("at ease", lambda store: store)):
        store = open_store(tmp_path / f"{name}.db")
        applied(store, STORY)
        way(store)
        brought(store, MINUTE, "one", REPORTS[0], OTHER)
        before = [one.id for one in told(store)]
        brought(store, 2 * MINUTE, "two", "Rain until Friday in the whole north", REPORTS[1], OTHER)
        assert [one.id for one in told(store)][:2] == before
        assert indexed(store) == 5
        found.append(titles(store))
        store.close()
    assert found[0] == found[1]
    assert {shown for shown, named in found[0] if named} == {REPORTS[0], OTHER}


@pytest.mark.parametrize(("way", "most"), [(hurried, 1), (lambda store: store, 10)])
def test_a_transaction_compares_as_many_as_it_has_time_for(
    store: SqliteStore, way: Callable[[SqliteStore], SqliteStore], most: int
) -> None:
    applied(store, STORY)
    way(store)
    sizes = [0]
    watched = store._write

    def watch(job: Callable[[sqlite3.Connection], object]) -> object:
        done = watched(job)
        sizes.append(indexed(store))
        return done

    store._write = watch  # type: ignore[method-assign,assignment]
    brought(store, MINUTE, "one", *(f"Report {number} of the harbour" for number in range(40)))
    assert sizes[-1] == 40
    assert all(after - before <= most for before, after in pairwise(sizes[1:]))
    assert sizes[1] <= 2 * most
    assert len(told(store)) == 40


def test_what_waits_to_be_compared_is_told_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    applied(store, STORY)
    hurried(store)
    brought(store, MINUTE, "one", REPORTS[0])
    store._join_waiting = lambda _: None  # type: ignore[method-assign,assignment]  # a crash
    brought(store, 2 * MINUTE, "two", REPORTS[1], OTHER)
    assert titles(store) == [(REPORTS[0], ()), (OTHER, ())]
    store.close()
    store = open_store(path)
    while store.tell_stories(START + 3 * MINUTE):
        pass
    store.show_held(START + 8 * MINUTE)
    assert titles(store) == [(REPORTS[0], (REPORTS[1],)), (OTHER, ())]
    store.close()
