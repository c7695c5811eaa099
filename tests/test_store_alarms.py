"""The operations feed in the database: what a look sees of real polls, and what it leaves."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.lint import lint
from aggregator.model import Gone, Problem, ProblemKind
from aggregator.operations import Event, Kind, Told, evaluate
from aggregator.publish import Addresses, Format, render
from aggregator.store import alarms
from aggregator.store.alarms import KEPT_EVENTS, KEPT_FOR
from aggregator.store.migrations import migrate
from aggregator.store.schema import PUBLISHING
from aggregator.store.sqlite import SqliteStore, open_reader, open_store
from tests.making import DAY, HOUR, START, document, entry, failed, feed, fetched, finish, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

MINUTE = timedelta(minutes=1)
GONE = Gone(Problem(ProblemKind.GONE, "one.example says that it is gone for good"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "aggregator.db")
    opened.apply((source(),), (feed(),), now=START)
    yield opened
    opened.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "other.db", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, tmp_path / "other.db")
    yield connection
    connection.close()


def fail(store: SqliteStore, begin: datetime, hours: int, name: str = "one") -> datetime:
    """Let a source's polls fail for so long; return the moment of the last one."""
    for hour in range(0, hours + 1, 5):
        finish(store, failed(), begin + hour * HOUR, name=name)
    return begin + hours * HOUR


# --- what a look sees ---------------------------------------------------------------------------


def test_a_fresh_database_has_an_empty_feed_and_nothing_to_tell(store: SqliteStore) -> None:
    assert store.watch(START, DAY) == ()
    selection = store.operations()
    assert (selection.stories, selection.version, selection.changed_at) == ((), 0, START)
    assert selection.feed.name == "_status"
    assert UUID(selection.id).version == 4


def test_a_source_that_breaks_and_works_again_is_told_twice_with_ids_that_stay(
    store: SqliteStore,
) -> None:
    finish(store, fetched(), START, refined=document(entry(1)))
    last = fail(store, START + HOUR, 25)
    assert store.watch(last + MINUTE, DAY) == ("one is broken",)
    assert store.watch(last + 2 * MINUTE, DAY) == ()
    (broken,) = store.operations().stories
    assert "Every poll has failed for 25 hours: timeout: no answer." in broken.content_html
    assert broken.categories[0].term == "broken"
    assert broken.published_at == broken.updated_at == last + MINUTE
    finish(store, fetched(), last + HOUR, refined=document(entry(1)))
    assert store.watch(last + HOUR, DAY) == ("one works again",)
    selection = store.operations()
    assert [story.title for story in selection.stories] == ["one works again", "one is broken"]
    assert selection.stories[1] == replace(broken, origin=selection.stories[0].origin)
    assert len({story.id for story in selection.stories}) == 2
    assert selection.stories[0].origin.id == selection.id
    assert selection.changed_at == last + HOUR


def test_how_long_a_failure_lasts_before_it_is_told_is_for_the_operator_to_say(
    store: SqliteStore,
) -> None:
    last = fail(store, START, 20)
    assert store.watch(last + MINUTE, DAY) == ()
    assert store.watch(last + MINUTE, 12 * HOUR) == ("one is broken",)


def test_410_is_told_at_once(store: SqliteStore) -> None:
    finish(store, GONE, START)
    assert store.watch(START + MINUTE, DAY) == ("one is gone",)
    finish(store, fetched(), START + HOUR, refined=document(entry(1)))
    assert store.watch(START + HOUR, DAY) == ("one is back",)


def test_silence_counts_from_the_newest_entry_and_ends_with_the_next(store: SqliteStore) -> None:
    store.apply((source(expected_every=2 * DAY),), (feed(),), now=START)
    old = entry(1, published_at=START - DAY)
    finish(store, fetched(), START, refined=document(old))
    assert store.watch(START, DAY) == ()
    later = START + DAY + HOUR
    finish(store, fetched(b'"2"', b"2"), later, refined=document(replace(old, title="Edited")))
    assert store.watch(later, DAY) == ("one is silent",)
    assert "Nothing new since 2026-11-19 08:00 UTC" in store.operations().stories[0].content_html
    later += HOUR
    finish(store, fetched(b'"3"', b"3"), later, refined=document(old, entry(2)))
    assert store.watch(later, DAY) == ("one has news again",)


def test_a_source_that_never_had_an_entry_is_silent_since_it_was_added(store: SqliteStore) -> None:
    store.apply((source(expected_every=DAY),), (feed(),), now=START)
    for hours, told in ((1, ()), (24, ()), (25, ("one is silent",))):
        finish(store, fetched(), START + hours * HOUR, refined=document())
        assert store.watch(START + hours * HOUR, DAY) == told


def test_a_believed_move_is_told(store: SqliteStore) -> None:
    moved = replace(fetched(), permanent_url="https://new.example/feed?key=canary")
    for day in range(3):
        finish(store, moved, START + day * DAY, refined=document(entry(1)))
    assert store.watch(START + 2 * DAY, DAY) == ("one has moved",)
    text = store.operations().stories[0].content_html
    assert 'set url = "https://new.example/feed?key="' in text


def test_a_window_that_is_cut_is_told_of_feeds_that_somebody_chose(store: SqliteStore) -> None:
    small = feed(limit=2, min_entries=1)
    by_the_way = replace(small, name="sources/one", automatic=True)
    store.apply((source(),), (small, by_the_way), now=START)
    finish(store, fetched(), START, refined=document(*(entry(n) for n in range(5))))
    store.advance(START)
    assert "feed sources/one" in store.notes()
    assert store.watch(START, DAY) == ("The window of feed all is cut",)


def test_notes_on_gaps_and_the_configuration_are_told(store: SqliteStore) -> None:
    store.note("gaps one", "3 times lately its document shared no entry", now=START)
    store.note("config", "not reloaded: config.toml:3: must be a number", now=START)
    assert set(store.watch(START, DAY)) == {
        "one may have lost entries",
        "The configuration is not in effect",
    }


def test_ids_that_change_with_every_poll_are_told(store: SqliteStore) -> None:
    for number in range(4):
        entries = [
            replace(
                entry(n, guid=f"{number}-{n}", url=f"https://one.example/{n}"),
                title=f"Entry {n}",
            )
            for n in range(6)
        ]
        now = START + number * HOUR
        finish(store, fetched(body=b"%d" % number), now, refined=document(*entries))
    assert store.status()[0].unstable_ids
    assert store.watch(START + 3 * HOUR, DAY) == ("one changes its ids",)


def test_a_certificate_about_to_end_is_told_of_the_mirror_in_use(store: SqliteStore) -> None:
    a, b = "https://a.example/feed", "https://b.example/feed"
    store.apply((source(url=a, mirrors=(a, b)),), (feed(),), now=START)

    def poll(url: str, days: int, now: datetime) -> None:
        until = START + days * DAY
        answer = replace(fetched(), certificate_until_at=until)
        finish(store, answer, now, refined=document(entry(1)), url=url)

    poll(b, 3, START)
    poll(a, 30, START + HOUR)
    assert store.watch(START + HOUR, DAY) == ()
    poll(a, 9, START + 2 * HOUR)
    assert store.watch(START + 2 * HOUR, DAY) == ("The certificate of one ends soon",)
    poll(a, 90, START + 3 * HOUR)
    assert store.watch(START + 3 * HOUR, DAY) == ("The certificate of one was renewed",)


def test_status_names_a_certificate_about_to_end(database: sqlite3.Connection) -> None:
    assert alarms.certificate_notes(database, START) == {}
    database.execute(
        """INSERT INTO sources (id, name, url, host, config, position, enabled, public_id,
                                created_at, next_poll_at)
           VALUES (1, 'one', 'https://a.example/', 'a', '{}', 0, 1, 'urn:x', 0, 0)"""
    )
    database.execute(
        """INSERT INTO mirrors (source_id, url, host, position, certificate_until_at)
           VALUES (1, 'https://a.example/', 'a', 0, ?)""",
        (int((START + 3 * DAY).timestamp() * 1_000_000),),
    )
    assert alarms.certificate_notes(database, START) == {
        "certificate one": (
            "its certificate ends on 2026-11-23, in 3 days; its publisher has to renew it"
        )
    }
    assert alarms.certificate_notes(database, START - 30 * DAY) == {}


def test_only_sources_of_which_there_is_something_to_tell_are_looked_at(
    store: SqliteStore, tmp_path: Path
) -> None:
    names = ("well", "quiet", "silent", "failing", "ending")
    patience = {"quiet": 2 * DAY, "silent": DAY - MINUTE}
    store.apply(
        tuple(source(name, expected_every=patience.get(name)) for name in names),
        (feed(),),
        now=START,
    )
    ends = {"ending": START + 15 * DAY - MINUTE, "well": START + 15 * DAY}
    for name in names:
        answer = replace(fetched(), certificate_until_at=ends.get(name))
        finish(store, answer, START + DAY, refined=document(), name=name)
    finish(store, failed(), START + DAY, name="failing")

    def looked_at(now: datetime) -> list[str]:
        database = sqlite3.connect(tmp_path / "aggregator.db", isolation_level=None)
        database.row_factory = sqlite3.Row
        found = [one.name for one in alarms.watched(database, now).sources]
        database.close()
        return found

    assert looked_at(START + DAY) == ["silent", "failing", "ending"]
    assert len(store.watch(START + DAY, DAY)) == 2
    finish(store, fetched(b'"2"', b"2"), START + DAY, refined=document(entry(1)), name="silent")
    assert looked_at(START + DAY) == ["silent", "failing", "ending"]
    assert store.watch(START + DAY, DAY) == ("silent has news again",)


# --- subjects -----------------------------------------------------------------------------------


def test_a_new_name_tells_nothing_again(store: SqliteStore) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    store.apply((source("uno", url=source().url),), (feed(),), now=last)
    assert store.watch(last, DAY) == ()
    finish(store, fetched(), last + HOUR, refined=document(entry(1)), name="uno")
    assert store.watch(last + HOUR, DAY) == ("uno works again",)


def test_another_url_is_told_as_working_only_after_a_poll(store: SqliteStore) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    store.apply((source(url="https://new.example/"),), (feed(),), now=last)
    assert store.watch(last + MINUTE, DAY) == ()
    finish(store, fetched(), last + HOUR, refined=document(entry(1)))
    assert store.watch(last + HOUR, DAY) == ("one works again",)


@pytest.mark.parametrize("left", [(), (source(enabled=False),)])
def test_a_source_that_is_removed_or_disabled_is_not_told(
    store: SqliteStore, left: tuple[object, ...]
) -> None:
    last = fail(store, START, 25)
    store.watch(last, DAY)
    store.apply(left, (feed(),), now=last)  # type: ignore[arg-type]  # sources
    assert store.watch(last + HOUR, DAY) == ()
    assert store.watch(last + 30 * HOUR, DAY) == ()


def test_many_that_break_together_are_one_entry(store: SqliteStore) -> None:
    names = [f"s{number}" for number in range(9)]
    store.apply(tuple(source(name) for name in names), (feed(),), now=START)
    for name in names:
        last = fail(store, START, 25, name)
    assert store.watch(last + MINUTE, DAY) == ("9 sources are broken",)


def test_many_that_work_again_together_are_one_entry_however_soon(store: SqliteStore) -> None:
    names = [f"s{number}" for number in range(6)]
    store.apply(tuple(source(name) for name in names), (feed(),), now=START)
    for name in names:
        last = fail(store, START, 25, name)
    assert store.watch(last + MINUTE, DAY) == ("6 sources are broken",)
    for name in names:
        finish(store, fetched(), last + 2 * MINUTE, refined=document(), name=name)
    assert store.watch(last + 3 * MINUTE, DAY) == ("6 sources work again",)
    assert store.watch(last + 4 * MINUTE, DAY) == ()


def test_nothing_of_a_private_source_is_told_but_its_name(store: SqliteStore) -> None:
    private = source(url="https://intranet.example/secret/feed", private=True)
    store.apply((private,), (feed(),), now=START)
    moved = replace(fetched(), permanent_url="https://intranet.example/secret/new")
    for day in range(3):
        finish(store, moved, START + day * DAY, refined=document(entry(1)))
    for day in range(3, 5):
        trouble = failed("intranet.example did not answer https://intranet.example/secret/feed")
        finish(store, trouble, START + day * DAY)
    assert len(store.watch(START + 4 * DAY + 2 * MINUTE, 12 * HOUR)) == 2
    assert "intranet" not in str(store.operations())


# --- what is kept -------------------------------------------------------------------------------


def tell(database: sqlite3.Connection, now: datetime, number: int) -> None:
    event = Event(Kind.BROKEN, f"title {number}", "<p>text</p>")
    assert alarms.tell(database, (), Told((), (event,)), now)


def test_at_most_two_hundred_entries_of_ninety_days_are_kept_and_the_newest_one(
    database: sqlite3.Connection,
) -> None:
    for number in range(KEPT_EVENTS + 5):
        tell(database, START + number * HOUR, number)
    stories = alarms.operations_selection(database).stories
    assert len(stories) == KEPT_EVENTS
    assert stories[-1].title == "title 5"
    later = START + 100 * HOUR + KEPT_FOR
    assert alarms.tell(database, (), Told((), ()), later)
    stories = alarms.operations_selection(database).stories
    assert (stories[0].title, stories[-1].title) == (f"title {KEPT_EVENTS + 4}", "title 100")
    assert alarms.tell(database, (), Told((), ()), later + 9 * KEPT_FOR)
    assert [story.title for story in alarms.operations_selection(database).stories] == [
        f"title {KEPT_EVENTS + 4}"
    ]


@given(st.lists(st.tuples(st.integers(-3, 60), st.booleans()), max_size=30))
@settings(deadline=None, max_examples=40)
def test_the_version_grows_with_every_change_and_equal_versions_are_equal_feeds(
    steps: list[tuple[int, bool]],
) -> None:
    with sqlite3.connect(":memory:", isolation_level=None) as database:
        database.row_factory = sqlite3.Row
        for statement in (*alarms_schema(), "INSERT INTO counters VALUES (1, 'urn:x')"):
            database.execute(statement)
        now, before = START, alarms.operations_selection(database)
        for days, tells in steps:
            now += days * DAY
            events = (Event(Kind.GAP, "t", "<p>t</p>"),) if tells else ()
            alarms.tell(database, (), Told((), events), now)
            after = alarms.operations_selection(database)
            assert after.version > before.version or after == before
            assert after.changed_at >= before.changed_at
            keys = [story.order_key for story in after.stories]
            assert keys == sorted(set(keys), reverse=True)
            before = after


def alarms_schema() -> tuple[str, ...]:
    """The tables that the feed is made of, without the copy and the checks of a file."""
    ours = tuple(text for text in PUBLISHING if "TABLE alarms" in text or "TABLE events" in text)
    return (
        *ours,
        "CREATE TABLE feeds (created_at INTEGER)",
        "CREATE TABLE counters (id INTEGER, operations_id TEXT)",
    )


def test_of_two_looks_at_the_same_time_one_tells(store: SqliteStore, tmp_path: Path) -> None:
    last = fail(store, START, 25)
    database = sqlite3.connect(tmp_path / "aggregator.db", isolation_level=None)
    database.row_factory = sqlite3.Row
    seen, before = alarms.watched(database, last), alarms.alarms(database)
    told = evaluate(seen, before, now=last, alert_after=DAY)
    assert store.watch(last, DAY) == ("one is broken",)
    assert not alarms.tell(database, before, told, last)
    database.close()
    assert len(store.operations().stories) == 1


def test_a_reader_of_the_file_reads_the_feed_and_a_restart_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START)
    last = fail(store, START, 25)
    store.watch(last, DAY)
    told = store.operations()
    store.close()
    reader = open_reader(path)
    assert reader.operations() == told
    reader.close()
    again = open_store(path)
    assert again.watch(last + MINUTE, DAY) == ()
    assert again.operations() == told
    again.close()


def test_every_format_of_it_is_whole_and_the_same_bytes_each_time(store: SqliteStore) -> None:
    store.watch(fail(store, START, 25), DAY)
    addresses = Addresses("https://feeds.example")
    for form in Format:
        body = render(store.operations(), form, addresses)
        assert body == render(store.operations(), form, addresses)
        assert lint(body) == ()
        assert b"one is broken" in body
        assert "来源 one 出了故障".encode() in body
