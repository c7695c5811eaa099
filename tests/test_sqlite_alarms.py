"""How the operations feed lies in an SQLite file: what a look reads, and what is kept."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.notes import CertificateEnds, Note
from aggregator.operations import AlarmKind, Event, Told, evaluate
from aggregator.rules.secrets import NO_SECRETS
from aggregator.store.notices import alarms
from aggregator.store.notices.alarms import KEPT_EVENTS, KEPT_FOR
from aggregator.store.schemas.migrations import migrate
from aggregator.store.schemas.schema import PUBLISHING
from aggregator.store.sqlite import open_reader, open_store
from tests.making import (
    DAY,
    HOUR,
    START,
    document,
    entry,
    fail,
    failed,
    feed,
    fetched,
    finish,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "other.db", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, tmp_path / "other.db")
    yield connection
    connection.close()


def test_status_names_a_certificate_about_to_end(database: sqlite3.Connection) -> None:
    assert alarms.certificate_notes(database, START) == ()
    database.execute(
        """INSERT INTO sources (id, name, url, queue, config, position, enabled, public_id,
                                created_at, next_poll_at)
           VALUES (1, 'one', 'https://a.example/', 'a', '{}', 0, 1, 'urn:x', 0, 0)"""
    )
    database.execute(
        """INSERT INTO mirrors (source_id, url, host, position, certificate_until_at)
           VALUES (1, 'https://a.example/', 'a', 0, ?)""",
        (int((START + 3 * DAY).timestamp() * 1_000_000),),
    )
    until = START + 3 * DAY
    assert alarms.certificate_notes(database, START) == (
        Note(CertificateEnds(until, 3 * DAY), source="one"),
    )
    assert alarms.certificate_notes(database, START - 30 * DAY) == ()


def test_only_sources_of_which_there_is_something_to_tell_are_looked_at(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
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
    store.close()


def tell(database: sqlite3.Connection, now: datetime, number: int) -> None:
    event = Event(AlarmKind.BROKEN, f"title {number}", "<p>text</p>")
    assert alarms.tell(database, (), Told((), (event,)), now)


def test_at_most_two_hundred_entries_of_ninety_days_are_kept_and_the_newest_one(
    database: sqlite3.Connection,
) -> None:
    for number in range(KEPT_EVENTS + 5):
        tell(database, START + number * HOUR, number)
    stories = alarms.operations_selection(database, NO_SECRETS).stories
    assert len(stories) == KEPT_EVENTS
    assert stories[-1].title == "title 5"
    later = START + 100 * HOUR + KEPT_FOR
    assert alarms.tell(database, (), Told((), ()), later)
    stories = alarms.operations_selection(database, NO_SECRETS).stories
    assert (stories[0].title, stories[-1].title) == (f"title {KEPT_EVENTS + 4}", "title 100")
    assert alarms.tell(database, (), Told((), ()), later + 9 * KEPT_FOR)
    assert [story.title for story in alarms.operations_selection(database, NO_SECRETS).stories] == [
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
        now, before = START, alarms.operations_selection(database, NO_SECRETS)
        for days, tells in steps:
            now += days * DAY
            events = (Event(AlarmKind.GAP, "t", "<p>t</p>"),) if tells else ()
            alarms.tell(database, (), Told((), events), now)
            after = alarms.operations_selection(database, NO_SECRETS)
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


def test_of_two_looks_at_the_same_time_one_tells(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    store.apply((source(),), (feed(),), now=START)
    last = fail(store, START, 25)
    database = sqlite3.connect(tmp_path / "aggregator.db", isolation_level=None)
    database.row_factory = sqlite3.Row
    seen, before = alarms.watched(database, last), alarms.alarms(database)
    told = evaluate(seen, before, now=last, alert_after=DAY)
    assert store.watch(last, DAY) == ("one is broken",)
    assert not alarms.tell(database, before, told, last)
    database.close()
    assert len(store.operations().stories) == 1
    store.close()


def test_a_reader_of_the_file_reads_the_operations_feed(tmp_path: Path) -> None:
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
