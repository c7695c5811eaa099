"""Leases in rows: two processes at once, what an undone transaction leaves, what it costs."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain, count
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest

from aggregator.config.settings import StoreSettings
from aggregator.model import Attempt, Decision, News, Plan
from aggregator.model.errors import BusyError, StoreError
from aggregator.model.instants import micros
from aggregator.store import opening
from aggregator.store.engines import postgres_engine
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.engines.roles import Role
from aggregator.store.leases import handed_out
from tests import PATIENCE
from tests.engines import FleetDatabase
from tests.making import HOUR, START, absorb, document, entry, feed, fetched, source

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from psycopg import Cursor

    from aggregator.model.batches import Batch
    from aggregator.store import Store


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FleetDatabase]:
    with closing(FleetDatabase(tmp_path)) as made:
        yield made


def hand_out(store: Store, name: str, *, batches: int, each: int) -> list[Batch]:
    ids = count(1)
    return store.hand_out(
        START, most_batches=batches, most_each=each, batch_id=lambda: f"{name}{next(ids)}"
    )


def cut_off(fleet: FleetDatabase, role: Role) -> None:
    """End the writing connections of this process that were opened in a role."""
    with psycopg.connect(fleet.url, autocommit=True) as connection:
        connection.execute(
            """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE application_name LIKE %s""",
            (f"aggregator {role.value} {os.getpid()} %",),
        )


def test_two_that_hand_out_at_one_moment_never_have_the_same(fleet: FleetDatabase) -> None:
    stores = [fleet.open(Role.SCHEDULER) for _ in range(3)]
    urls = [f"https://site{number % 40}.example/{number}" for number in range(120)]
    sources = tuple(source(f"s{number}", url=url) for number, url in enumerate(urls))
    stores[0].apply(sources, (feed(),), now=START)
    begin = threading.Barrier(3)

    def work(number: int) -> list[Batch]:
        begin.wait(PATIENCE)
        mine: list[Batch] = []
        while batches := hand_out(stores[number], f"{number}-{len(mine)}-", batches=3, each=2):
            mine += batches
        return mine

    with ThreadPoolExecutor(3) as threads:
        found = list(chain.from_iterable(threads.map(work, range(3))))
    queues = [batch.queue for batch in found]
    assert len(queues) == len(set(queues)) <= 40, "of a site one batch is out"
    handed = list(chain.from_iterable(batch.source_ids for batch in found))
    assert len(handed) == len(set(handed))
    # Where one lost a race for a site, its turn comes with the next look.
    found += hand_out(stores[0], "last", batches=40, each=2)
    assert len({batch.queue for batch in found}) == 40


@pytest.mark.parametrize(
    ("first", "second"),
    [(Role.ALONE, Role.WORKER), (Role.WEB, Role.ALONE), (Role.COMMAND, Role.ALONE)],
)
def test_one_that_runs_everything_works_alone(
    fleet: FleetDatabase, monkeypatch: pytest.MonkeyPatch, first: Role, second: Role
) -> None:
    monkeypatch.setattr(postgres_engine, "PATIENCE", "100ms")
    fleet.open(first)
    with pytest.raises(BusyError, match=f"in use by `aggregator {first.value}` .process"):
        fleet.open(second)


def test_who_is_to_work_alone_is_refused_soon(fleet: FleetDatabase) -> None:
    fleet.open(Role.ALONE)
    begun_s = time.monotonic()
    with pytest.raises(BusyError):
        fleet.open(Role.ALONE)
    assert time.monotonic() - begun_s < 5


def test_one_that_was_cut_off_is_told_who_works_alone_since(fleet: FleetDatabase) -> None:
    store = fleet.open()
    cut_off(fleet, Role.WORKER)
    fleet.open(Role.ALONE)
    with ThreadPoolExecutor(1) as threads:
        for _ in range(2):  # whoever asks once more is answered, too
            with pytest.raises(BusyError, match="in use by `aggregator run`"):
                threads.submit(store.ping).result(PATIENCE)


def test_the_roles_of_a_fleet_work_beside_each_other(fleet: FleetDatabase, tmp_path: Path) -> None:
    for role in (Role.SCHEDULER, Role.SCHEDULER, Role.WORKER, Role.WORKER, Role.WEB, Role.COMMAND):
        fleet.open(role).ping()
    with closing(FleetDatabase(tmp_path / "other")) as other:
        other.open(Role.ALONE).ping()  # in another schema of the same database


def test_what_another_process_commits_is_followed(fleet: FleetDatabase) -> None:
    store, web = fleet.open(), fleet.open(Role.WEB)
    store.apply((source(),), (feed(),), now=START)
    web.follow()
    assert web.feed_version("all") == store.feed_version("all") is not None
    absorb(store, document(entry(1)), START)
    assert web.feed_version("all") != store.feed_version("all")
    web.follow()
    assert web.feed_version("all") == store.feed_version("all")


def test_a_fleet_needs_a_server(tmp_path: Path) -> None:
    place = StoreSettings(path=tmp_path / "a.db")
    with pytest.raises(StoreError, match=r"for `aggregator worker` name a PostgreSQL database"):
        opening.open_store(place, Role.WORKER)


def test_a_lease_ends_with_the_commit_and_not_without_it(fleet: FleetDatabase) -> None:
    store, other = fleet.open(), fleet.open()
    store.apply((source(),), (feed(),), now=START)
    (batch,) = hand_out(store, "b", batches=1, each=1)
    (state,) = other.take_over(batch.claimed_by, batch.source_ids, START)
    attempt = (Attempt(state.mirrors[0].url, fetched()),)

    def fails(_: News) -> Decision:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        other.absorb(state, attempt, document(entry(1)), fails, now=START)
    assert len(store.take_over(batch.claimed_by, batch.source_ids, START)) == 1
    decision = Decision(Plan(START + HOUR, "test"))
    other.absorb(state, attempt, document(entry(1)), lambda _: decision, now=START)
    assert store.take_over(batch.claimed_by, batch.source_ids, START) == []
    assert store.claim(state.source_id, START, claimer="somebody") is not None


def test_what_is_behind_many_of_one_site_is_found(
    fleet: FleetDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_out, "LOOKED_AT", 4)
    store = fleet.open()
    sites = "aaaaaaaaaaabccccccd"
    sources = tuple(
        source(f"{number}", url=f"https://{site}.example/{number}")
        for number, site in enumerate(sites)
    )
    store.apply(sources, (feed(),), now=START)
    sizes = [
        (batch.queue[0], len(batch.source_ids)) for batch in hand_out(store, "b", batches=9, each=3)
    ]
    assert sizes == [("a", 3), ("b", 1), ("c", 3), ("d", 1)]


class Counting:
    """A connection that counts the rows which the server looks at for each statement."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self.rows = 0

    def execute(self, statement: str, values: Mapping[str, object]) -> Cursor[Any]:
        explained = self._connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        ((found,),) = explained.fetchall()
        self.rows += looked_at(found[0]["Plan"])
        return self._connection.execute(statement, values)


def looked_at(plan: Mapping[str, Any]) -> int:
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return int(own * plan["Actual Loops"]) + sum(map(looked_at, plan.get("Plans", ())))


def test_to_hand_out_costs_the_same_beside_many_that_are_not_due(fleet: FleetDatabase) -> None:
    urls = [f"https://{number}.example/" for number in range(20)]
    sources = tuple(source(f"s{number}", url=url) for number, url in enumerate(urls))
    fleet.open().apply(sources, (feed(),), now=START)
    read = []
    with closing(PostgresConnection(fleet.url)) as db:
        for first, last in ((1, 1_000), (1_001, 50_000)):
            db.execute(
                f"""INSERT INTO sources (id, name, url, queue, config, position, enabled, public_id,
                      created_at, next_poll_at)
                    SELECT 1000 + n, 'm' || n, '', n || '.test', '{{}}', n, 1, 'm' || n, 0,
                           {2**62} + n
                      FROM generate_series({first}, {last}) AS n"""  # noqa: S608 -- of numbers
            )
            db.execute("ANALYZE sources")
            counting = Counting(db)
            found = handed_out.due_together(
                cast("sqlite3.Connection", counting),
                micros(START),
                most_batches=20,
                most_each=20,
                busy=(),
            )
            assert len(found) == 20
            handed_out.backlog(cast("sqlite3.Connection", counting), micros(START), ())
            read.append(counting.rows)
    few, many = read
    # PostgreSQL 14 joins in another order beside many: by 60 rows, of 50,000.
    assert many <= 1.5 * few <= 1_000, read
