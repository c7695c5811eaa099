"""What a page waits for, and what never waits for a page: polls, feeds, other readers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from aggregator.publish.pages.story_keys import story_key
from aggregator.store.engines.sqlite_engine import SqliteEngine
from aggregator.store.sqlite import SqliteStore
from tests import PATIENCE
from tests.making import DAY, HOUR, START
from tests.page_world import make_world, story_of, told
from tests.serving import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.page_world import World


class Watched(SqliteStore):
    """A store that tells which threads read, and lets reads wait in the middle where wanted."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SqliteEngine(path).open_writer())
        self.threads: set[int] = set()
        self.held = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    @override
    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        with super()._moment() as db:
            db.execute("SELECT count(*) FROM entries").fetchone()  # the moment begins here
            self.held.set()
            assert self.go_on.wait(PATIENCE)
            yield db

    @override
    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        self.threads.add(threading.get_ident())
        with super()._reading() as db:
            yield db


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Watched]:
    store = Watched(tmp_path / "aggregator.db")
    yield store
    store.go_on.set()
    store.close()


@pytest.fixture
def world(store: Watched) -> World:
    made = make_world(store)
    while store.index_words(most_bytes=1 << 20):
        pass
    return made


def pages(world: World) -> tuple[str, ...]:
    """Return one page of each kind that reads the database."""
    key = story_key(world.key_of("公开周刊第一期", "news"))
    return (
        "/", f"/stories/{key}", "/search?q=text", "/search.atom?q=text", "/sources",
        "/sources/echo/health", "/overview", "/api/v1/stories?feed=news", "/api/v1/search?q=text",
    )  # fmt: skip


def fresh(world: World, number: int) -> None:
    """Let a poll with a new entry end."""
    at = START + DAY + number * HOUR
    told(world.store, "letters", "Letters", at, (story_of("letters", 800 + number, "New", at),))


@pytest.mark.parametrize("place", range(9))
async def test_a_poll_ends_while_a_page_is_in_the_middle_of_its_reading(
    store: Watched, world: World, place: int
) -> None:
    path = pages(world)[place]
    async with running(world.site) as server:
        store.held.clear()
        store.go_on.clear()
        page = asyncio.create_task(server.get(path))
        assert await asyncio.to_thread(store.held.wait, PATIENCE)
        fresh_poll = asyncio.to_thread(fresh, world, 1)
        await asyncio.wait_for(fresh_poll, PATIENCE)
        # Nor does the loop wait: what needs no database is answered meanwhile.
        assert (await server.get("/healthz")).status == 200
        assert not page.done()
        store.go_on.set()
        assert (await asyncio.wait_for(page, PATIENCE)).status == 200


async def test_a_poll_ends_while_a_reader_takes_no_byte_of_a_page(
    store: Watched, world: World
) -> None:
    async with running(world.site) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=16)
        writer.write(b"GET /overview HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await writer.drain()
        assert await reader.read(1) == b"H"
        await asyncio.wait_for(asyncio.to_thread(fresh, world, 1), PATIENCE)
        assert (await server.get("/sources")).status == 200
        writer.close()
    assert store.threads


async def test_pages_are_read_beside_the_loop_and_without_the_lock_for_writing(
    store: Watched, world: World, tmp_path: Path
) -> None:
    wanted = (*pages(world), "/feeds")
    with closing(sqlite3.connect(tmp_path / "aggregator.db", isolation_level=None)) as other:
        async with running(world.site) as server:
            other.execute("BEGIN IMMEDIATE")
            store.threads.clear()
            for path in wanted:
                assert (await server.get(path)).status == 200, path
            other.execute("ROLLBACK")
    assert store.threads
    assert threading.get_ident() not in store.threads
