"""A member's session: its name, who hands out, and a server that goes away and comes back."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
import weakref
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from aggregator.fleet import queue
from aggregator.fleet.session import Session
from aggregator.fleet.trouble import let_go
from aggregator.model.errors import AggregatorError, BusyError
from aggregator.model.members import Member
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.feed_documents import item, rss
from tests.fleet import Fleet
from tests.making import START
from tests.own_server import OwnServer
from tests.program import PROGRAM, Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from aggregator.fleet.queue import JobQueue
    from tests.web import Publisher

TICK = timedelta(seconds=0.1)
HEARTBEAT = timedelta(seconds=5)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path, is_own=True)) as made:
        yield made


@pytest.fixture
def server() -> Iterator[OwnServer]:
    made = OwnServer()
    try:
        yield made
    finally:
        made.end()


class Sessions:
    """Sessions of members of one fleet, each as if it were a process of its own."""

    def __init__(self, url: str, jobs: JobQueue) -> None:
        self.jobs = jobs
        self.given_up: list[AggregatorError] = []
        self._url = url
        self._opened: list[Session] = []

    async def begin(
        self,
        name: str | None,
        role: str = "worker",
        *,
        heartbeat: timedelta = HEARTBEAT,
        silence_s: float | None = None,
    ) -> Session:
        session = Session(
            self._url,
            role=role,
            name=name,
            schema=self.jobs.schema,
            silence_s=self.jobs.silence_s if silence_s is None else silence_s,
            tick=TICK,
            heartbeat=heartbeat,
            give_up=self.given_up.append,
            wants_lead=role == "scheduler",
            listens=False,
        )
        await session.begin()
        self._opened.append(session)
        return session

    def cut_off(self, session: Session) -> None:
        """End a session on the server."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 10000)", (session._backend,))

    async def end(self) -> None:
        for session in self._opened:
            await session.close()


@asynccontextmanager
async def sessions(url: str) -> AsyncIterator[Sessions]:
    async with queue.opened(url, HEARTBEAT) as jobs:
        made = Sessions(url, jobs)
        try:
            yield made
        finally:
            await made.end()


async def wait(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- of anything
            await asyncio.sleep(0.01)


def test_a_name_is_one_members_and_free_once_that_is_gone(database: PostgresDatabase) -> None:
    async def work() -> None:
        async with sessions(database.url) as members:
            first = await members.begin("rack")
            with pytest.raises(
                BusyError, match=r"called rack is at work: `aggregator worker` \(pro"
            ):
                await members.begin("rack", "web")
            await first.close()
            await members.begin("rack", "web")
            # Who gave none is called by its machine and process, and a number where that is taken.
            unnamed = [await members.begin(None) for _ in range(3)]
            assert unnamed[0].name.startswith(f"{socket.gethostname()}-")
            assert [one.name for one in unnamed[1:]] == [f"{unnamed[0].name}-{n}" for n in (2, 3)]

    asyncio.run(work())


def test_a_name_whose_session_outlives_its_member_is_taken(database: PostgresDatabase) -> None:
    async def work() -> None:
        async with sessions(database.url) as members:
            lost = await members.begin("rack")
            await members.jobs.members.say(Member("rack", "worker", "host", 1))
            with pytest.raises(BusyError):
                await members.begin("rack")
            await members.jobs.database.run(
                "UPDATE members SET seen_at = now() - make_interval(secs => 3600)"
            )
            with pytest.raises(BusyError):  # it has only begun, and the row is of one before it
                await members.begin("rack")
            members.jobs.silence_s = 0.0  # as if the session were old, too
            await members.begin("rack")
            # The one that had it, should it live, ends.
            await wait(lambda: members.given_up)
            assert isinstance(members.given_up[0], BusyError)
            assert not lost.is_up.is_set()

    asyncio.run(work())


def test_who_is_cut_off_has_its_name_again_and_hands_out_no_more(
    database: PostgresDatabase,
) -> None:
    async def work() -> None:
        async with sessions(database.url) as members:
            first = await members.begin("a", "scheduler")
            await wait(lambda: first.leads)
            second = await members.begin("b", "scheduler")
            await asyncio.sleep(TICK.total_seconds() * 5)
            assert (first.leads, second.leads) == (True, False)
            lost = first.lost
            members.cut_off(first)
            await second.led.wait()
            assert (lost.is_set(), first.leads) == (True, False), "it knows in that moment"
            await wait(first.is_up.is_set)
            assert (members.given_up, first.leads) == ([], False), "though it is connected again"
            await second.close()
            await first.led.wait()

    asyncio.run(work())


def begin(program: Program, *words: str) -> subprocess.Popen[bytes]:
    with program.log.open("a") as log:
        return subprocess.Popen(
            [PROGRAM, *words, "--config", program.config], stdout=log, stderr=log
        )


def test_a_second_member_of_a_name_ends_and_says_whose_it_is(
    tmp_path: Path, database: PostgresDatabase
) -> None:
    program = Program(tmp_path, allow_private=[])
    program.store = f'url = "{database.as_url}"\n'
    program.configure(source_toml("a", "https://a.example/feed.xml"))
    first = begin(program, "worker", "--name", "rack")
    try:
        program.wait(lambda: " begins " in program.log.read_text(), "the first one")
        told = program.run("web", "--name", "rack")
        assert told.returncode == 75, told.stderr
        assert f"`aggregator worker` (process {first.pid} on {socket.gethostname()})" in told.stderr
        first.kill()
        first.wait(PATIENCE)
        program.log.write_text("")
        first = begin(program, "worker", "--name", "rack")
        program.wait(lambda: " begins " in program.log.read_text(), "another one, at once")
    finally:
        first.kill()
        first.wait(PATIENCE)


def test_after_a_restart_of_the_server_all_goes_on_within_seconds(
    tmp_path: Path, web: Publisher, server: OwnServer
) -> None:
    members = {"one": "scheduler", "two": "scheduler", "worker": "worker", "web": "web"}
    fleet = Fleet(tmp_path, allow_private=[f"{web.host}:{web.port}"], members=members)
    fleet.store = f'url = "{server.url}"\n'
    web.route("/a.xml", body=rss(item("a-1", START, title="first")))
    fleet.configure(source_toml("a", web.url("/a.xml"), 'interval = "1s"'))
    try:
        fleet.start()
        fleet.wait(lambda: fleet.titles() == ["first"], "the first entry")
        web.route("/a.xml", body=rss(item("a-1", START, title="first")), delay=0.5)
        asked = len(web.requests)
        fleet.wait(lambda: len(web.requests) > asked, "a poll that is under way")
        server.stop()
        fleet.wait(lambda: fleet.log.read_text().count("server is away") == 4, "all to notice")
        assert fleet.titles() == ["first"], "from its cache"
        time.sleep(1)  # so long that whoever doubles its pauses comes late
        web.route("/a.xml", body=rss(item("a-2", START, title="second")))
        server.start()
        begun_s = time.monotonic()
        fleet.wait(lambda: "second" in fleet.titles(), "polls")
        assert time.monotonic() - begun_s < PATIENCE / 4  # who waits for time-outs takes longer
        told = fleet.log.read_text
        fleet.wait(lambda: told().count("server is back after_s=") == 4, "all to be back")
        assert told().count("server is away") == 4
        assert fleet.stop() == 0
    finally:
        fleet.end()


def test_who_leads_and_is_frozen_leads_no_more(database: PostgresDatabase) -> None:
    """Its machine answers for it, so that the server never learns of it."""

    async def work() -> None:
        async with sessions(database.url) as members:
            first = await members.begin("a", "scheduler")
            await wait(lambda: first.leads)
            host, pid = socket.gethostname(), os.getpid()
            await members.jobs.members.say(Member("a", "scheduler", host, pid))
            second = await members.begin("b", "scheduler", heartbeat=TICK)
            await asyncio.sleep(TICK.total_seconds() * 10)
            assert (first.leads, second.leads) == (True, False), "it is heard of"
            await members.jobs.database.run(
                "UPDATE members SET seen_at = now() - make_interval(secs => 3600)"
            )
            await asyncio.sleep(TICK.total_seconds() * 10)
            assert (first.leads, second.leads) == (True, False), "it has only begun"
            third = await members.begin("c", "scheduler", heartbeat=TICK, silence_s=0.0)
            await wait(lambda: second.leads or third.leads)
            assert not first.leads

    asyncio.run(work())


def test_what_the_frames_of_an_error_hold_is_let_go() -> None:
    """Half-made connections among them: a server that is to stop waits a minute for each."""
    held: list[weakref.ref[object]] = []

    class Connection:
        pass

    def fail(within: BaseException | None = None) -> None:
        connection = Connection()
        held.append(weakref.ref(connection))
        if within is not None:
            raise OSError from within
        raise TimeoutError

    def failed(*within: BaseException) -> BaseException:
        try:
            fail(*within)
        except OSError as error:
            return error
        raise AssertionError

    every = ExceptionGroup("all", [failed(failed()), failed()])  # type: ignore[type-var]  # they are
    assert all(one() is not None for one in held)
    let_go(every)
    assert [one() for one in held] == [None] * 3
    assert every.exceptions
