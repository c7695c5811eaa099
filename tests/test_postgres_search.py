"""The search index in a PostgreSQL database: one fills it, anybody reads it, nobody waits."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from aggregator.store import postgres
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.engines.roles import Role
from aggregator.store.schemas.postgres_schema import INDEXES, WRITES, lock_key
from aggregator.store.search import finds, row_ranking, word_rows
from aggregator.web.search_words import read_query, tokens_of
from tests.engines import FleetDatabase, PostgresDatabase
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model.found import Found
    from aggregator.store import Store

PLENTY = 1 << 30
ALL = feed(limit=5000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path)) as made:
        yield made


@pytest.fixture
def store(server: PostgresDatabase) -> Store:
    store = server.open()
    store.apply((source(backfill=5000),), (ALL,), now=START)
    return store


def brought(store: Store, numbers: range, text: str = "text", hours: int = 0) -> None:
    entries = (entry(number, title=f"Number {number}", text=text) for number in numbers)
    absorb(store, document(*entries), START + hours * HOUR)


def indexed(store: Store, most_bytes: int = PLENTY) -> int:
    calls = 1
    while store.index_words(most_bytes=most_bytes):
        calls += 1
    return calls


def search(store: Store, asked: str, most: int = 50) -> Found:
    return store.search((ALL,), read_query(asked), most=most)


def titles(store: Store, asked: str) -> list[str]:
    return [hit.story.title for hit in search(store, asked).hits]


def rows(server: PostgresDatabase, statement: str, *values: object) -> list[Any]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        return connection.execute(statement.encode(), values).fetchall()


@contextmanager
def holding(server: PostgresDatabase, lock: int) -> Iterator[None]:
    """Hold a lock of the database in another session."""
    with psycopg.connect(server.url) as connection:
        connection.execute(f"SELECT pg_advisory_xact_lock({lock_key(lock)})".encode())
        yield


def test_nothing_is_indexed_while_another_process_does_it(
    store: Store, server: PostgresDatabase
) -> None:
    brought(store, range(3))
    with holding(server, INDEXES):
        assert not store.index_words(most_bytes=PLENTY)
        assert not search(store, "number").is_indexed
    indexed(store)
    assert len(search(store, "number").hits) == 3


def test_several_that_index_at_once_index_everything_once(
    store: Store, server: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.store.rows.slices.SECONDS", 0.0)
    brought(store, range(60))
    others = [server.open() for _ in range(2)]
    threads = [threading.Thread(target=indexed, args=(one,)) for one in (store, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    indexed(store)
    assert rows(server, "SELECT count(*), count(DISTINCT entry_id) FROM search_texts") == [(60, 60)]
    assert rows(server, "SELECT sum(texts)::int FROM search_parts") == [(60,)]
    assert len(search(store, "number", 99).hits) == 60


def test_indexing_waits_for_no_poll_and_no_poll_for_it(
    store: Store, server: PostgresDatabase
) -> None:
    brought(store, range(30))
    with holding(server, WRITES):
        indexed(store)
    with holding(server, INDEXES):
        brought(store, range(30, 40), hours=1)
    assert len(search(store, "number").hits) == 30


def test_any_process_searches_what_one_has_indexed(tmp_path: Path) -> None:
    with closing(FleetDatabase(tmp_path)) as fleet:
        scheduler, web = fleet.open(Role.SCHEDULER), fleet.open(Role.WEB)
        scheduler.apply((source(),), (ALL,), now=START)
        brought(scheduler, range(3))
        indexed(scheduler)
        assert len(search(web, "number").hits) == 3
        with closing(postgres.open_reader(fleet.url)) as reader:
            assert len(search(reader, "number").hits) == 3
            assert reader.search_bytes() == scheduler.search_bytes() > 0


def test_what_is_removed_leaves_no_words_behind(store: Store, server: PostgresDatabase) -> None:
    brought(store, range(20), text="alpha")
    brought(store, range(5), text="omega", hours=1)
    indexed(store)
    assert rows(server, "SELECT count(*) FROM search_texts WHERE text = ' alpha'") == [(15,)]
    later = START + 400 * DAY
    store.apply((source(),), (replace(ALL, min_entries=0, window=DAY),), now=later)
    store.advance(later)
    store.prune(later, retention=30 * DAY, keep_raw=DAY)
    assert rows(server, "SELECT count(*) FROM search_texts") == [(0,)]
    assert rows(server, "SELECT count(*) FROM search_parts") == [(0,)]
    brought(store, range(70, 73), hours=401 * 24)
    indexed(store)
    assert rows(server, "SELECT texts, tokens FROM search_parts") == [(3, 9)]


def test_the_index_keeps_within_its_bound_and_forgets_what_came_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finds, "TEXTS", 16)
    words = " ".join(f"word{number}" for number in range(500))
    for batch in range(4):
        brought(store, range(batch * 16, batch * 16 + 16), text=words, hours=batch)
        indexed(store)
    brought(store, range(90, 91), hours=5)
    indexed(store, 2 * 2 * 16 * len(words))
    found = titles(store, "number")
    assert "Number 90" in found
    assert "Number 63" in found
    assert "Number 0" not in found


def test_work_is_done_in_slices(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.store.search.row_search.SLICES", 1)
    monkeypatch.setattr("aggregator.store.rows.slices.SECONDS", 0.0)
    brought(store, range(35))
    assert indexed(store) >= 4
    assert len(search(store, "number").hits) == 35


@pytest.mark.parametrize(
    "text",
    [
        "first " + "word " * 17_000 + "second third",
        "first " + "的" * 30_000 + " second third",
        " ".join(f"{number:x}word" for number in range(10_000)) + " first second third",
        "first " + "x" * 9_000 + " second third",
    ],
    ids=["positions", "a token often", "tokens", "a long token"],
)
def test_of_a_long_text_nothing_is_lost(store: Store, text: str) -> None:
    brought(store, range(1), text=text)
    brought(store, range(1, 3), hours=1)
    indexed(store)
    for asked in ("first", "third", '"second third"', "first third number"):
        assert titles(store, asked) == ["Number 0"]
    assert titles(store, '"third second"') == []


def test_a_phrase_is_counted_wherever_it_begins() -> None:
    with closing(PostgresDatabase(None)) as server, psycopg.connect(server.url) as connection:  # type: ignore[arg-type]  # it needs no folder
        for phrase, text, times in (
            ("小米", "小米小米小米小米小米，小 米", 6),
            ("哈哈", "哈哈哈哈", 3),
            ("a b a", "a b a b a, a b", 2),
            ("a", "a a a b aa a", 4),
            ("a b", "a ba b a b", 1),
            ("b", "", 0),
        ):
            told = row_ranking.Phrase(tuple(tokens_of(phrase).split()))
            said, values = told.times_in("x")
            (found,) = connection.execute(
                f"SELECT {said.replace('?', '%s')} FROM (VALUES (%s)) AS t (x)".encode(),  # noqa: S608 -- of the test
                (*values, word_rows.spelt(tokens_of(text))),
            ).fetchone() or (None,)
            assert found == times, (phrase, text)


def test_rows_are_found_by_their_index(store: Store, server: PostgresDatabase) -> None:
    brought(store, range(60))
    indexed(store)
    asked = f"EXPLAIN SELECT entry_id FROM search_texts WHERE {row_ranking.OF_PARTS}"  # noqa: S608 -- built of constants
    with psycopg.connect(server.url) as connection:
        for name, value in row_ranking.SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, value))
        plan = connection.execute(
            asked.replace("?", "%s").encode(), (["seldom"], ["#0"])
        ).fetchall()
    assert any("Bitmap Index Scan on search_words" in line for (line,) in plan), plan


def test_a_search_is_a_few_statements_however_much_there_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finds, "TEXTS", 16)
    said: list[str] = []
    execute = PostgresConnection.execute

    def noted(self: PostgresConnection, statement: str, values: Any = ()) -> Any:
        said.append(statement)
        return execute(self, statement, values)

    monkeypatch.setattr(row_ranking, "_FIRST_TOKENS", 100)
    counts = []
    for size in (1, 20):
        monkeypatch.setattr(PostgresConnection, "execute", execute)
        brought(store, range(size * 10 - 10, size * 10), text="alpha beta", hours=size)
        indexed(store)
        monkeypatch.setattr(PostgresConnection, "execute", noted)
        said.clear()
        assert len(search(store, "alpha beta", most=10).hits) == 10
        counts.append(len(said))
    assert counts[0] <= 15
    assert counts[1] <= counts[0] + 2


def test_more_parts_are_asked_at_once_where_few_were_quick() -> None:
    parts = [row_ranking.Part(number, 10, tokens) for number, tokens in ((3, 50), (2, 40), (1, 90))]
    assert [len(row_ranking.asked_together(parts, room)) for room in (10, 89, 90, 500)] == [
        1,
        1,
        2,
        3,
    ]
    took = (0.001, 0.1, 0.4)
    assert [row_ranking.asked_next(100, took_s) for took_s in took] == [200, 100, 50]


def test_a_search_that_takes_too_long_has_the_newest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finds, "TEXTS", 16)
    brought(store, range(40))
    indexed(store)
    monkeypatch.setattr(row_ranking, "_FIRST_TOKENS", 1)
    clock = iter(range(100))
    with store._moment() as db:  # type: ignore[attr-defined]  # what `search` asks
        engine = store._engine  # type: ignore[attr-defined]
        ranked, is_whole = row_ranking.ranked(
            engine, db, read_query("number"), clock=lambda: next(clock) * finds.SECONDS
        ) or ([], True)
    assert not is_whole
    assert len(ranked) == 9, "those of the newest part"


def test_a_statement_that_takes_too_long_ends_and_the_search_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(store, range(3))
    indexed(store)
    monkeypatch.setitem(row_ranking.SETTINGS, "statement_timeout", "20")
    monkeypatch.setattr(
        row_ranking, "OF_PARTS", f"pg_sleep(0.1) IS NOT NULL AND {row_ranking.OF_PARTS}"
    )
    found = search(store, "number")
    assert (found.hits, found.is_whole) == ((), False)


def test_an_index_of_another_version_is_made_anew_by_the_newer_one(
    store: Store, server: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(store, range(3))
    indexed(store)
    with monkeypatch.context() as earlier:
        earlier.setattr(word_rows, "VERSION", word_rows.VERSION - 1)
        assert not search(store, "number").is_indexed
        brought(store, range(3, 5), hours=1)
        indexed(store)
        assert rows(server, "SELECT count(*) FROM search_texts") == [(3,)], "left to the newer one"
    rows(server, "UPDATE search_state SET version = 1 RETURNING 1")
    assert not search(store, "number").is_indexed
    indexed(store)
    assert len(search(store, "number").hits) == 5


def test_tables_without_rows_are_made_anew(store: Store, server: PostgresDatabase) -> None:
    """As after a dump that left out what is in them."""
    brought(store, range(3))
    indexed(store)
    for at_the_end in (PLENTY, 0):
        with psycopg.connect(server.url) as connection:
            connection.execute("TRUNCATE search_texts, search_parts, search_feeds, search_state")
        assert not search(store, "number").is_indexed
        store.prune(START + HOUR, retention=DAY, keep_raw=DAY)
        indexed(store, at_the_end)
        assert len(search(store, "number").hits) == (3 if at_the_end else 0)
    assert store.search_bytes() == 0


def test_without_room_there_are_no_tables(store: Store, server: PostgresDatabase) -> None:
    assert store.search_bytes() == 0
    brought(store, range(3))
    indexed(store)
    assert store.search_bytes() > 0
    indexed(store, 0)
    assert store.search_bytes() == 0
    assert rows(server, "SELECT to_regclass('search_texts')") == [(None,)]
    store.prune(START + HOUR, retention=DAY, keep_raw=DAY)
    assert not search(store, "number").is_indexed
