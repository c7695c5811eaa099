"""Two versions at work on one database of PostgreSQL: the older goes on, or stops and says why."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from aggregator.model.errors import StoreError, StoreOutgrownError
from aggregator.store import postgres
from aggregator.store.copies import moving
from aggregator.store.copies.moved_tables import moved_tables
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.engines.postgres_engine import place_of
from aggregator.store.engines.roles import Role
from aggregator.store.engines.schema_version import SCHEMA_VERSION, WORKS_DOWN_TO
from aggregator.store.schemas import postgres_schema
from aggregator.store.schemas.postgres_schema import WRITES, lock_key
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.fleet import Fleet
from tests.making import HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.program import Program

NEWER = rf"newer version \(schema {SCHEMA_VERSION + 2}, this one reads {SCHEMA_VERSION}\); install"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path, is_own=True)) as made:
        yield made


def upgrade(server: PostgresDatabase, works_down_to: int, *changes: str) -> None:
    """Do what a version after the next one would do."""
    with closing(PostgresConnection(server.url)) as newer:
        for change in changes:
            newer.execute(change)
        newer.execute(
            "UPDATE aggregator_schema SET version = ?, works_down_to = ?",
            (SCHEMA_VERSION + 2, works_down_to),
        )


def versions(server: PostgresDatabase) -> list[tuple[int, ...]]:
    with closing(PostgresConnection(server.url)) as connection:
        return [tuple(row) for row in connection.execute(postgres_schema.VERSIONS).fetchall()]


def test_beside_a_newer_schema_that_allows_it_work_goes_on(
    server: PostgresDatabase, tmp_path: Path
) -> None:
    running = server.open(Role.WORKER)
    running.apply((source(),), (feed(),), now=START)
    absorb(running, document(entry(1)), START)
    for _ in range(9):  # until what is asked often is prepared
        absorb(running, document(entry(1)), START)
        assert len(running.select(feed()).stories) == 1
        assert len(list(running.all_states())) == 1
    tables = (table.name for table in moved_tables())
    upgrade(
        server,
        SCHEMA_VERSION,
        *(f"ALTER TABLE {table} ADD COLUMN of_later bigint" for table in tables),
    )
    assert len(list(running.all_states())) == 1
    assert len(running.select(feed()).stories) == 1
    absorb(running, document(entry(1), entry(2)), START + HOUR)
    begun = server.open(Role.SCHEDULER)
    absorb(begun, document(entry(1), entry(2), entry(3)), START + 2 * HOUR)
    with closing(postgres.open_reader(server.url)) as reader:
        assert len(reader.select(feed()).stories) == 3
    assert versions(server) == [(SCHEMA_VERSION + 2, SCHEMA_VERSION)]
    begun.close()
    running.close()
    with pytest.raises(StoreError, match=NEWER):  # of which not all columns are known
        moving.move(server.url, tmp_path / "back.db", lambda *_: None)


def test_beside_a_newer_schema_that_does_not_nothing_is_written_or_read(
    server: PostgresDatabase,
) -> None:
    running = server.open(Role.WORKER)
    running.apply((source(),), (feed(),), now=START)
    absorb(running, document(entry(1)), START)
    upgrade(server, SCHEMA_VERSION + 1)
    for asked in (
        lambda: absorb(running, document(entry(1), entry(2)), START + HOUR),
        lambda: running.select(feed()),
        running.ping,
        lambda: server.open(Role.WORKER),
        lambda: postgres.open_reader(server.url),
    ):
        with pytest.raises(StoreOutgrownError, match=NEWER):
            asked()
    upgrade(server, SCHEMA_VERSION)
    assert len(running.select(feed()).stories) == 1
    absorb(running, document(entry(1), entry(2)), START + HOUR)
    assert len(running.select(feed()).stories) == 2


def test_an_upgrade_says_beside_which_versions_it_works(server: PostgresDatabase) -> None:
    with closing(PostgresConnection(server.url)) as old:
        postgres_schema.create(old, 9)
        assert versions(server) == [(9, 9)]
        old.execute("ALTER TABLE aggregator_schema DROP COLUMN works_down_to")
        assert versions(server) == [(9, 9)]
        postgres_schema.bring_to_today(old, "here")
    assert versions(server) == [(SCHEMA_VERSION, WORKS_DOWN_TO)]


def test_an_upgrade_waits_for_who_writes(
    server: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_schema, "_LOCK_TIMEOUT", "100ms")
    with (
        closing(PostgresConnection(server.url)) as old,
        closing(PostgresConnection(server.url)) as writing,
    ):
        postgres_schema.create(old, 9)
        writing.begin(f"BEGIN; SELECT pg_advisory_xact_lock({lock_key(WRITES)})")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            postgres_schema.bring_to_today(old, "here")
        assert versions(server) == [(9, 9)]
        writing.execute("COMMIT")
        postgres_schema.bring_to_today(old, "here")


def test_a_process_that_is_outgrown_stops_with_a_sentence(
    aggregator: Program, server: PostgresDatabase
) -> None:
    aggregator.store = f'url = "{server.as_url}"\n'
    aggregator.configure(source_toml("a", "http://127.0.0.1:9/a.xml"))
    aggregator.start(brisk=True)
    aggregator.wait(lambda: " started " in aggregator.log.read_text(), "the end of the start")
    upgrade(server, SCHEMA_VERSION + 1)
    assert aggregator.process is not None
    assert aggregator.process.wait(PATIENCE) != 0
    log = aggregator.log.read_text()
    assert re.search(f"stopping because=.*{NEWER}", log), log
    assert f"{place_of(server.url)}: written by a newer version" in log.splitlines()[-1]


def test_each_member_of_a_fleet_that_is_outgrown_stops_with_a_sentence(
    tmp_path: Path, server: PostgresDatabase
) -> None:
    members = {name: name for name in ("scheduler", "worker", "web")}
    fleet = Fleet(tmp_path, allow_private=[], members=members)
    fleet.store = f'url = "{server.as_url}"\n'
    fleet.configure(source_toml("a", "http://127.0.0.1:9/a.xml"))
    try:
        fleet.start()
        upgrade(server, SCHEMA_VERSION + 1)
        assert all(process.wait(PATIENCE) != 0 for process in fleet.processes.values())
    finally:
        fleet.end()
    log = fleet.log.read_text()
    assert len(re.findall(f"Error: .*{NEWER}", log)) >= 3, log
