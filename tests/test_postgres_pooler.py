"""A store behind pgbouncer: as without it where that pools by session, else refused."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.fleet import queue
from aggregator.fleet.session import Session
from aggregator.model.errors import BusyError, StoreError
from aggregator.store import postgres
from aggregator.store.engines import postgres_engine
from aggregator.store.engines.roles import Role
from tests import PATIENCE
from tests.engines import PostgresDatabase
from tests.making import HOUR, START, absorb, document, entry, feed, source
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no pgbouncer here")


@contextmanager
def pooler(url: str, mode: str) -> Iterator[str]:
    """Lend where a database is behind pgbouncer, which runs as whoever may ask the server."""
    server = conninfo_to_dict(url)
    host = str(server.get("host") or "127.0.0.1")
    owner = Path(host).stat().st_uid if host.startswith("/") else 65534
    port = free_port()
    given = {
        "listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "",
        "auth_type": "any", "pool_mode": mode, "ignore_startup_parameters": "options",
    }  # fmt: skip
    place = f"* = host={host} port={server.get('port') or 5432} user={server['user']}"
    lines = "\n".join(f"{name} = {value}" for name, value in given.items())
    # Not below the test's folder: nobody else may look into that.
    settings = Path(tempfile.gettempdir()) / f"pgbouncer-{port}.ini"
    settings.write_text(f"[databases]\n{place}\n[pgbouncer]\n{lines}\n")
    user = owner if os.geteuid() == 0 else None
    process = subprocess.Popen([str(PROGRAM), "-q", settings], user=user, stderr=subprocess.DEVNULL)
    try:
        behind = make_conninfo(
            host="127.0.0.1", port=port, user=server["user"], dbname=server["dbname"]
        )
        wait_for(behind)
        yield behind
    finally:
        process.terminate()
        process.wait(PATIENCE)
        settings.unlink()


def wait_for(url: str) -> None:
    for _ in range(100):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path, is_own=True)) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_engine, "PATIENCE", "100ms")


@pytest.mark.usefixtures("impatient")
def test_by_session_all_is_as_without_it(server: PostgresDatabase) -> None:
    with pooler(server.url, "session") as url:
        with closing(postgres.open_store(url, role=Role.ALONE)) as store:
            store.apply((source(),), (feed(),), now=START)
            for number in range(9):  # until what is asked often is prepared
                entries = (entry(one) for one in range(number + 1))
                absorb(store, document(*entries), START + number * HOUR)
                assert len(store.select(feed()).stories) == number + 1
            with pytest.raises(BusyError, match="aggregator run"):
                postgres.open_store(url, role=Role.ALONE)
        postgres.open_store(url, role=Role.ALONE).close()


def test_by_session_others_are_heard_and_names_are_held(server: PostgresDatabase) -> None:
    with pooler(server.url, "session") as url:
        asyncio.run(hear_and_hold(url))


async def hear_and_hold(url: str) -> None:
    """Let a member hear what another process tells, and hold its name and the lead."""
    beat = timedelta(seconds=1)
    async with queue.opened(url, beat) as jobs:

        def member(name: str) -> Session:
            return Session(
                url,
                role="web",
                name=name,
                schema=jobs.schema,
                silence_s=jobs.silence_s,
                tick=beat / 10,
                heartbeat=beat,
                give_up=lambda _: None,
                wants_lead=True,
                listens=True,
            )

        session = member("rack")
        await session.begin()
        async with asyncio.timeout(PATIENCE):
            await session.led.wait()
            await jobs.tell()
            await session.heard.wait()
        with pytest.raises(BusyError, match=r"called rack is at work: `aggregator web` \(process"):
            await member("rack").begin()
        await session.close()
        again = member("rack")
        async with asyncio.timeout(PATIENCE):
            while not again.is_up.is_set():  # the pooler gives the session back in a moment
                with suppress(BusyError):
                    await again.begin()
        await again.close()


@pytest.mark.parametrize(
    ("mode", "is_busy"), [("transaction", False), ("transaction", True), ("statement", False)]
)
def test_by_transaction_it_is_refused(
    server: PostgresDatabase, mode: str, *, is_busy: bool
) -> None:
    remedy = r"shares out sessions by transactions; let it pool by session \(pgbouncer: pool_mode"
    server.open().close()
    with pooler(server.url, mode) as url, psycopg.connect(url) as others:
        if is_busy:
            others.execute("SELECT 1")
        for role in (Role.ALONE, Role.WORKER):
            with pytest.raises(StoreError, match=remedy):
                postgres.open_store(url, role=role)
        with pytest.raises(StoreError, match=remedy):
            postgres.open_reader(url)
    with closing(psycopg.connect(server.url)) as direct:
        (locks,) = direct.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        ).fetchone() or (None,)
        assert locks == 0
