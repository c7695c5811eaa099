"""Streams that tell open pages of changes: what they say, how many there are, how they end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aggregator.serve import create_app
from aggregator.serve.streams import MOST_STREAMS, Streams
from tests import PATIENCE
from tests.page_world import configured, make_world
from tests.publishing import story
from tests.serving import Stock, running, site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aggregator.store import Store


async def first(stream: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream), PATIENCE)


async def test_a_stream_tells_of_each_change_and_ends_with_the_feed() -> None:
    streams, versions = Streams(look_seconds=0.001), [1]
    stream = streams.of_versions(lambda: versions[0] if versions else None)
    assert (await first(stream)).startswith(b"retry: ")
    waiting = asyncio.create_task(first(stream))
    versions[0] = 2
    assert await waiting == b"event: changed\ndata: 2\n\n"
    versions.clear()
    assert [told async for told in stream] == []


async def test_all_end_together_and_none_begins_afterwards() -> None:
    streams = Streams(look_seconds=PATIENCE * 10)
    stream = streams.of_versions(lambda: 1)
    await first(stream)
    waiting = asyncio.create_task(anext(stream, None))
    streams.end()
    assert await asyncio.wait_for(waiting, PATIENCE) is None
    assert streams.are_full


async def test_there_are_so_many_and_no_more() -> None:
    streams = Streams()
    opened = [streams.of_versions(lambda: 1) for _ in range(MOST_STREAMS)]
    for one in opened:
        assert not streams.are_full
        await first(one)
    assert streams.are_full
    await opened[0].aclose()  # type: ignore[attr-defined]  # a generator
    assert not streams.are_full
    for one in opened:
        await one.aclose()


async def test_an_open_page_hears_of_new_stories_and_the_server_ends_at_once() -> None:
    shelf = Stock((story(),))
    app = create_app(site(shelf))
    app.streams.look_seconds = 0.01
    async with running(site(shelf), app=app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /events/feeds/all HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert b"200 OK" in head
        assert b"content-type: text/event-stream" in head.lower()
        await asyncio.wait_for(reader.readuntil(b"retry: 30000\n\n"), PATIENCE)
        shelf.publish(story(id="urn:x-test:new"))
        told = await asyncio.wait_for(reader.readuntil(b"data: 2\n\n"), PATIENCE)
        assert b"event: changed\n" in told
    rest = await asyncio.wait_for(reader.read(), PATIENCE)  # the server has ended, and so has this
    assert rest.endswith(b"0\r\n\r\n")
    writer.close()


async def test_a_stream_is_there_where_the_page_is(store: Store) -> None:
    world = make_world(store, configured())
    async with running(world.site) as server:
        assert (await server.ask("HEAD", "/events/feeds/news")).status == 200
        assert (await server.get("/events/feeds/news.atom")).status == 404
        assert (await server.get("/events/")).status == 404
        assert (await server.get("/events/stories/1")).status == 404
