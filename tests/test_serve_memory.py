"""How much memory renderings may take, and what stays when it is too much."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from aggregator.model import Feed, FeedKind, Selection
from aggregator.publish import Format
from aggregator.publish.catalogue import Catalogue, FeedDocument
from aggregator.serve.cache import KEPT_BYTES, UnavailableError
from aggregator.serve.feed_routes import find_rendering
from aggregator.serve.server_context import Caches, Served
from aggregator.serve.timeouts import TIMEOUTS
from tests.publishing import config, story
from tests.serving import Stock, site

FEEDS = tuple(
    Feed(f"sources/s{number}", f"S{number}", kind=FeedKind.SOURCE) for number in range(50)
)
CATALOGUE = Catalogue(config(feeds=FEEDS))

#: What hardly shrinks, so that sizes can be told.
NOISE = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(20_000))


@dataclass
class Counting(Stock):
    """A stock that remembers what was read."""

    read: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__((story(content_html=f"<p>{NOISE}</p>"),))

    def select(self, feed: Feed) -> Selection:
        self.read.append(feed.name)
        return super().select(feed)


def document(number: int) -> FeedDocument:
    return FeedDocument(FEEDS[number], Format.JSON)


def served(store: Stock, *, most_bytes: int = KEPT_BYTES) -> Served:
    return replace(Served.of(site(store)), caches=Caches.within(TIMEOUTS, most_bytes=most_bytes))


async def size_of_one() -> int:
    rendering = await find_rendering(served(Counting()), CATALOGUE, document(0))
    assert rendering is not None
    return rendering.representation.bytes_held


async def test_what_was_asked_for_longest_ago_goes_first() -> None:
    store = Counting()
    memory = served(store, most_bytes=3 * await size_of_one() + 1000)
    for number in (0, 1, 2, 0, 3, 0, 1):  # 3 takes the place of 1
        await find_rendering(memory, CATALOGUE, document(number))
    assert store.read == [FEEDS[number].name for number in (0, 1, 2, 3, 1)]


async def test_thousands_of_feeds_do_not_fill_the_memory() -> None:
    store = Counting()
    bound = 5 * await size_of_one()
    memory = served(store, most_bytes=bound)
    for number in range(50):
        await find_rendering(memory, CATALOGUE, document(number))
    assert memory.caches.renderings.bytes_held <= bound
    store.read.clear()
    for number in range(50):
        await find_rendering(memory, CATALOGUE, document(49 - number))
    assert 45 <= len(store.read) <= 47


async def test_a_change_gives_back_what_the_former_rendering_took() -> None:
    store = Counting()
    memory = served(store)
    for _ in range(20):
        store.version += 1
        await find_rendering(memory, CATALOGUE, document(0))
    assert memory.caches.renderings.bytes_held == await size_of_one()


async def test_one_that_is_larger_than_all_that_may_be_kept_is_kept_alone() -> None:
    store = Counting()
    memory = served(store, most_bytes=10)
    for number in (0, 0, 1, 1):
        assert await find_rendering(memory, CATALOGUE, document(number)) is not None
    assert store.read == [FEEDS[0].name, FEEDS[1].name]


async def test_what_is_kept_is_the_last_good_one_and_what_is_not_is_unavailable() -> None:
    store = Counting()
    memory = served(store, most_bytes=await size_of_one() + 1000)
    for number in (0, 1):
        await find_rendering(memory, CATALOGUE, document(number))
    store.broken = True
    store.version += 1
    assert await find_rendering(memory, CATALOGUE, document(1)) is not None
    with pytest.raises(UnavailableError):
        await find_rendering(memory, CATALOGUE, document(0))


async def test_a_part_that_no_archive_has_takes_no_memory() -> None:
    memory = served(Counting())
    for number in range(5):
        wanted = FeedDocument(FEEDS[0], Format.JSON, f"2026-0{number + 1}")
        assert await find_rendering(memory, CATALOGUE, wanted) is None
    assert memory.caches.renderings.bytes_held == 0
