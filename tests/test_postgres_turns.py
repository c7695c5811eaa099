"""Several processes that write to one database: polls beside each other, what is new in turns."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from aggregator.model import (
    Attempt,
    Decision,
    Failed,
    FinishedPoll,
    HttpHints,
    NotModified,
    Plan,
    Problem,
    ProblemKind,
)
from aggregator.model.errors import StoreUnavailableError
from aggregator.model.instants import micros
from aggregator.model.notes import NoteKind
from aggregator.store.engines import postgres_engine
from aggregator.store.schemas.postgres_schema import TURNS, is_lock
from tests import PATIENCE
from tests.engines import PostgresDatabase
from tests.making import HOUR, START, absorb, document, entry, feed, fetched, finish, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from aggregator.model import Entry, News, Outcome, PollResult, Refined
    from aggregator.store import Store

NAMES = ("one", "two", "three", "four")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path)) as made:
        yield made


@pytest.fixture
def stores(server: PostgresDatabase) -> list[Store]:
    """Two processes that share the work of four sources in one feed."""
    opened = [server.open(), server.open()]
    opened[0].apply(tuple(map(source, NAMES)), (feed(sources=NAMES),), now=START)
    return opened


class Slow:
    """A poll that does not end before it is told to: all that it brings is written by then."""

    def __init__(self, store: Store, outcome: Outcome, brought: Refined | None, name: str) -> None:
        self._written, self._goes_on = threading.Event(), threading.Event()
        (state,) = store.states((name,))
        self.poll = FinishedPoll(
            state, (Attempt(state.mirrors[0].url, outcome),), brought, self._decide, START
        )
        self._store = store

    def _decide(self, _: News) -> Decision:
        self._written.set()
        assert self._goes_on.wait(PATIENCE)
        return Decision(Plan(START + HOUR, "test"))

    def begin(
        self, threads: ThreadPoolExecutor, *before: FinishedPoll
    ) -> Future[list[PollResult | Exception]]:
        """Let it be written, in one transaction with others before it."""
        done = threads.submit(self._store.absorb_all, (*before, self.poll))
        assert self._written.wait(PATIENCE)
        return done

    def end(self) -> None:
        self._goes_on.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def waiting(server: PostgresDatabase) -> int:
    """Return how many wait for their turn."""
    with psycopg.connect(server.url) as connection:
        found = connection.execute(
            f"SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND {is_lock(TURNS)}".encode()  # noqa: S608 -- built of constants
        ).fetchone()
    assert found is not None
    return int(found[0])


def until_somebody_waits(server: PostgresDatabase) -> None:
    for _ in range(1000):
        if waiting(server):
            return
        threading.Event().wait(PATIENCE / 1000)
    pytest.fail("nobody waits for a turn")


@pytest.mark.parametrize(
    ("outcome", "brought"),
    [
        (NotModified("https://two.example/feed.xml"), None),
        (Failed(Problem(ProblemKind.TIMEOUT, "no answer")), None),
        (fetched(), None),
        (fetched(), document(entry("known"))),
    ],
    ids=["not modified", "failed", "the same body", "nothing new in another body"],
)
def test_a_poll_that_brings_nothing_waits_for_nobody(
    stores: list[Store],
    threads: ThreadPoolExecutor,
    outcome: Outcome,
    brought: Refined | None,
) -> None:
    slow = Slow(stores[0], fetched(), document(entry("new")), "one")
    absorb(stores[1], document(entry("known")), START, name="two")
    done = slow.begin(threads)
    finish(stores[1], outcome, START + HOUR, refined=brought, name="two")
    assert not done.done()
    slow.end()
    assert done.result(PATIENCE)


def test_what_is_new_comes_in_the_order_of_commits(
    server: PostgresDatabase, stores: list[Store], threads: ThreadPoolExecutor
) -> None:
    slow = Slow(stores[0], fetched(), document(entry("first", title="First")), "one")
    done = slow.begin(threads)
    second = threads.submit(
        absorb, stores[1], document(entry("second", title="Second")), START, name="two"
    )
    until_somebody_waits(server)
    assert not second.done()
    assert not stores[1].select(feed(sources=NAMES)).stories
    slow.end()
    assert done.result(PATIENCE)
    assert second.result(PATIENCE).tally.new == 1
    shown = stores[0].select(feed(sources=NAMES)).stories
    assert [one.title for one in shown] == ["Second", "First"]


def test_two_that_bring_one_article_at_one_moment_make_one_story(
    server: PostgresDatabase, stores: list[Store], threads: ThreadPoolExecutor
) -> None:
    same = document(entry("same"))
    slow = Slow(stores[0], fetched(), same, "one")
    done = slow.begin(threads)
    second = threads.submit(absorb, stores[1], same, START, name="two")
    until_somebody_waits(server)
    slow.end()
    assert done.result(PATIENCE)
    second.result(PATIENCE)
    assert len(stores[0].select(feed(sources=NAMES)).stories) == 1


def test_a_turn_that_was_undone_is_taken_again(
    server: PostgresDatabase, stores: list[Store], threads: ThreadPoolExecutor
) -> None:
    """What a savepoint has locked is free again once it is undone."""

    def fail(_: News) -> Decision:
        raise ArithmeticError

    (state,) = stores[0].states(("one",))
    attempts = (Attempt(state.mirrors[0].url, fetched()),)
    undone = FinishedPoll(state, attempts, document(entry("undone")), fail, START)
    slow = Slow(stores[0], fetched(), document(entry("kept", title="Kept")), "two")
    done = slow.begin(threads, undone)
    later = threads.submit(
        absorb, stores[1], document(entry("later", title="Later")), START, name="three"
    )
    until_somebody_waits(server)
    slow.end()
    assert done.result(PATIENCE)
    later.result(PATIENCE)
    shown = stores[1].select(feed(sources=NAMES)).stories
    assert [one.title for one in shown] == ["Later", "Kept"]


def test_a_host_that_two_hear_from_is_left_alone_for_what_both_heard(
    server: PostgresDatabase, stores: list[Store], threads: ThreadPoolExecutor
) -> None:
    busy = Failed(Problem(ProblemKind.HTTP_STATUS, "429"), status=429)
    urls = ("https://one.example/a.xml", "https://one.example/b.xml")
    sources = tuple(source(name, url=url) for name, url in zip(("a", "b"), urls, strict=True))
    stores[0].apply(sources, (feed(),), now=START)
    slow = Slow(stores[0], busy, None, "a")
    done = slow.begin(threads)
    shorter = replace(busy, hints=HttpHints(retry_after=timedelta(seconds=1)))
    second = threads.submit(finish, stores[1], shorter, START, name="b")
    until_somebody_waits(server)
    slow.end()
    assert done.result(PATIENCE)
    second.result(PATIENCE)
    with psycopg.connect(server.url) as connection:
        ((strikes, until_at),) = connection.execute("SELECT strikes, until_at FROM gates")
    assert strikes == 1
    assert until_at > micros(START + timedelta(seconds=1))


def test_a_configuration_waits_for_polls_and_they_for_it(
    stores: list[Store], threads: ThreadPoolExecutor
) -> None:
    slow = Slow(stores[0], fetched(), document(entry(1)), "one")
    done = slow.begin(threads)
    applied = threads.submit(
        stores[1].apply, (source("one"),), (feed(sources=("one",)),), now=START
    )
    assert not done.done()
    assert not applied.done()
    slow.end()
    assert done.result(PATIENCE)
    applied.result(PATIENCE)
    assert [state.source.name for state in stores[0].states()] == ["one"]
    assert len(stores[0].select(feed(sources=("one",))).stories) == 1


def test_who_is_frozen_in_the_midst_of_a_write_holds_nobody_up(
    server: PostgresDatabase,
    stores: list[Store],
    threads: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_engine, "FROZEN", "300ms")
    slow = Slow(stores[0], fetched(), document(entry("slow", title="Slow")), "one")
    done = slow.begin(threads)
    quick = document(entry("quick", title="Quick"))
    turn = threads.submit(absorb, stores[1], quick, START, name="two")
    until_somebody_waits(server)
    server.open().forget_note(NoteKind.FLOOD)  # whoever writes alone
    assert turn.result(PATIENCE).tally.new == 1
    slow.end()
    (undone,) = done.result(PATIENCE)
    assert isinstance(undone, StoreUnavailableError)
    shown = stores[0].select(feed(sources=NAMES)).stories
    assert [one.title for one in shown] == ["Quick"]


@pytest.mark.parametrize("seed", range(3))
def test_beside_each_other_they_leave_what_they_would_one_after_the_other(
    server: PostgresDatabase, threads: ThreadPoolExecutor, seed: int
) -> None:
    """Four processes, each with a source, polls of every kind: nothing lost, nothing counted twice.

    Articles that several sources have come to each of them at any moment.
    """
    dice = random.Random(seed)  # noqa: S311 -- not a secret
    feeds = (feed("all", sources=NAMES, limit=12), feed("two", sources=NAMES[:2]))
    opened = [server.open() for _ in NAMES]
    opened[0].apply(tuple(map(source, NAMES)), feeds, now=START)
    for name in NAMES:
        absorb(
            opened[0], document(entry(f"{name}-first", title=f"First of {name}")), START, name=name
        )
    hours = {name: sorted(dice.sample(range(1, 60), 24)) for name in NAMES}

    def told(name: str, hour: int) -> tuple[Entry, ...]:
        last = [f"{name}-{one}" if one % 3 else f"shared-{one}" for one in range(hour - 6, hour)]
        ids = {one: f"https://nobodys.example/{one}" for one in last}
        every = (entry(one, title=f"Title of {one}", guid=at, url=at) for one, at in ids.items())
        return tuple(every) if hour % 4 else ()

    def polled(store: Store, name: str, hour: int) -> PollResult:
        now, entries = START + hour * HOUR, told(name, hour)
        if not entries:
            return finish(store, NotModified(f"https://{name}.example/feed.xml"), now, name=name)
        return absorb(store, document(*entries), now, name=name, etag=None)

    def work(store: Store, name: str) -> list[PollResult]:
        return [polled(store, name, hour) for hour in hours[name]]

    together = [one for results in threads.map(work, opened, NAMES) for one in results]
    with psycopg.connect(server.url) as connection:

        def rows(statement: str) -> list[tuple[object, ...]]:
            return connection.execute(statement.encode()).fetchall()

        new = sum(result.tally.new for result in together) + len(NAMES)
        assert rows(
            "SELECT count(*), count(DISTINCT public_id), count(DISTINCT order_key) FROM entries"
        ) == [(new, new, new)]
        assert rows("SELECT max(order_key) FROM entries") == rows(
            "SELECT largest_order_key FROM counters"
        )
        assert rows("SELECT id, shown_count, shown_bytes FROM feeds ORDER BY id") == rows(
            """SELECT f.id, count(s.entry_id), coalesce(sum(s.weight_bytes), 0)::bigint
                 FROM feeds f LEFT JOIN shown s ON s.feed_id = f.id GROUP BY f.id ORDER BY f.id"""
        )
        assert rows("SELECT count(*) FROM polls") == [(len(together) + len(NAMES),)]
        assert rows("SELECT id, stored_bytes FROM sources ORDER BY id") == rows(
            "SELECT source_id, sum(stored_bytes)::bigint FROM entries GROUP BY 1 ORDER BY 1"
        )
    wanted = {one.title for name in NAMES for hour in hours[name] for one in told(name, hour)}
    shown = {
        one.id: one.title
        for part in opened[0].archive_parts(feeds[0])
        if (chosen := opened[0].select_archive(feeds[0], part.name)) is not None
        for one in chosen.stories
        if not one.title.startswith("First of ")
    }
    assert sorted(shown.values()) == sorted(wanted)
    assert len(opened[0].select(feeds[0]).stories) == 12
