"""Large documents wait for room in memory and for a worker; small ones are not held up by them."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.daemon.admission import Admission
from aggregator.daemon.bytes_in_flight import BytesInFlight
from aggregator.daemon.workers import Workers
from aggregator.fetch.deadline import Deadline
from aggregator.model import Body, Fetched, ProblemKind
from aggregator.schedule.turns import Waiting, next_in_turn
from tests import PATIENCE
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.fetching import LIMITS, fetching, problem_of
from tests.polling import Clock, house
from tests.web import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path

KIB = 1024
MOST_BYTES = 4 * KIB * KIB
LARGE_BYTES = 700 * KIB


# --- whose turn it is ---------------------------------------------------------------------------


def test_turns_alternate_between_the_smallest_and_the_oldest() -> None:
    waiting = [Waiting(0, 90), Waiting(1, 80), Waiting(2, 5), Waiting(3, 5), Waiting(4, 70)]
    order = []
    for served in range(5):
        one = next_in_turn(waiting, served=served)
        waiting.remove(one)
        order.append(one.arrival)
    assert order == [2, 0, 3, 1, 4]


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30), st.integers(0, 1), st.data())
def test_each_is_served_within_twice_as_many_turns_as_waited(
    sizes: list[int], served: int, data: st.DataObject
) -> None:
    waiting = [Waiting(arrival, size) for arrival, size in enumerate(sizes)]
    watched = data.draw(st.sampled_from(waiting))
    for turn in range(2 * len(sizes)):
        one = next_in_turn(waiting, served=served + turn)
        if one == watched:
            return
        waiting.remove(one)
        waiting.append(Waiting(len(sizes) + turn, 1))  # small ones never cease to arrive
    pytest.fail("it was never its turn")


# --- room ---------------------------------------------------------------------------------------


@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.sampled_from("ecl"), st.integers(0, 15)), max_size=60),
)
def test_room_is_never_exceeded_and_all_of_it_comes_back(
    capacity: int, steps: list[tuple[str, int]]
) -> None:
    """Enter, cancel and leave in any order; a cancelled one may have been let in just then."""
    asyncio.run(Play(Admission(capacity), capacity).run(steps))


@dataclass
class Play:
    """Steps against a room, with what is held by those that were let in and have not left."""

    room: Admission
    capacity: int
    held: list[int] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self, steps: list[tuple[str, int]]) -> None:
        for step, number in steps:
            match step:
                case "e":
                    self.tasks.append(asyncio.create_task(self.enter(min(number, self.capacity))))
                case "c" if self.tasks:
                    self.tasks[number % len(self.tasks)].cancel()
                case _:
                    self.leave(number)
            if number % 3:  # else what comes next falls into the same turn of the loop
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert self.room.taken == sum(self.held)
            assert self.room.taken <= self.capacity
        async with asyncio.timeout(PATIENCE):
            while not all(task.done() for task in self.tasks):
                await asyncio.sleep(0)
                self.leave(0)
        while self.held:
            self.leave(0)
        assert self.room.taken == 0

    async def enter(self, amount: int) -> None:
        await self.room.enter(amount, amount)
        self.held.append(amount)

    def leave(self, number: int) -> None:
        if self.held:
            self.room.leave(self.held.pop(number % len(self.held)))


async def test_a_large_one_is_not_overtaken_for_ever() -> None:
    room = Admission(10)
    await room.enter(6, 6)
    large = asyncio.create_task(room.enter(10, 10))
    await asyncio.sleep(0)
    small = [asyncio.create_task(room.enter(1, 1)) for _ in range(4)]
    await asyncio.sleep(0)
    room.leave(6)
    for _ in range(4):
        await asyncio.sleep(0)
        if room.taken < 10:
            room.leave(room.taken)
    await asyncio.sleep(0)
    assert large.done()
    room.leave(room.taken)
    await asyncio.gather(*small)


async def test_a_reservation_gives_back_what_it_does_not_need_and_all_in_the_end() -> None:
    bodies = BytesInFlight(100)
    with pytest.raises(LookupError), bodies.reservation() as one:  # noqa: PT012
        await one.reserve(1000)
        assert bodies.reserved_bytes == 100  # the whole room, for one larger than it
        one.keep(30)
        one.keep(60)
        assert bodies.reserved_bytes == 30
        await one.reserve(80)  # once more, in its place
        assert bodies.reserved_bytes == 80
        raise LookupError
    assert bodies.reserved_bytes == 0


# --- one request --------------------------------------------------------------------------------


class Noted:
    """A reservation that has room at once, and remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    async def reserve(self, size_bytes: int) -> None:
        self.calls.append(("reserve", size_bytes))

    def keep(self, size_bytes: int) -> None:
        self.calls.append(("keep", size_bytes))


SMALL, LARGE = b"x" * (256 * KIB), b"x" * (300 * KIB)


@pytest.mark.parametrize(
    ("fields", "calls"),
    [
        pytest.param({"body": SMALL}, [("keep", len(SMALL))], id="a small one asks for nothing"),
        pytest.param(
            {"body": LARGE}, [("reserve", len(LARGE)), ("keep", len(LARGE))], id="its length"
        ),
        pytest.param(
            {"body": LARGE, "framing": "chunked"},
            [("reserve", LIMITS.decoded_bytes), ("keep", len(LARGE))],
            id="no length told",
        ),
        pytest.param(
            {"body": gzip.compress(LARGE), "headers": {"Content-Encoding": "gzip"}},
            [("reserve", LIMITS.decoded_bytes), ("keep", len(LARGE))],
            id="the length is of something else",
        ),
    ],
)
async def test_a_body_reserves_what_it_may_become(
    fields: dict[str, Any], calls: list[tuple[str, int]]
) -> None:
    noted = Noted()
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", **fields)
        assert isinstance(await fetcher.fetch(web.url(), reservation=noted), Fetched)
    assert noted.calls == calls


async def test_a_poll_that_is_cancelled_or_fails_in_the_queue_gives_everything_back() -> None:
    bodies = BytesInFlight(LIMITS.decoded_bytes)

    async def poll(url: str) -> Any:
        with bodies.reservation() as one:
            return await fetcher.fetch(url, reservation=one)

    async with Publisher() as web, Publisher() as cut, fetching() as fetcher:
        web.route("/", body=LARGE)
        cut.route("/", body=LARGE, stop_after=len(LARGE) - 1)
        with bodies.reservation() as first:
            await first.reserve(LIMITS.decoded_bytes)
            waiting = asyncio.create_task(poll(web.url()))
            failing = asyncio.create_task(poll(cut.url()))
            async with asyncio.timeout(PATIENCE):
                while len(bodies._room._waiting) < 2:  # noqa: ASYNC110 -- the network tells nobody
                    await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert problem_of(await failing).kind is ProblemKind.PROTOCOL
        assert bodies.reserved_bytes == 0
        assert isinstance(await poll(web.url()), Fetched)  # the host is free, too


async def test_a_deadline_stands_still_while_we_make_a_publisher_wait() -> None:
    deadline = Deadline(0.2)
    async with deadline.running():
        with deadline.paused():
            await asyncio.sleep(0.5)
    with pytest.raises(TimeoutError):
        async with deadline.running():  # and what is left of it ends
            await asyncio.Event().wait()


async def test_waiting_for_room_is_no_part_of_a_fetchs_deadline() -> None:
    class Slow(Noted):
        async def reserve(self, size_bytes: int) -> None:
            await super().reserve(size_bytes)
            await asyncio.sleep(limits.deadline.total_seconds() + 0.5)

    limits = replace(LIMITS, deadline=LIMITS.page)
    async with Publisher() as web, fetching(limits=limits) as fetcher:
        web.route("/", body=LARGE)
        assert isinstance(await fetcher.fetch(web.url(), reservation=Slow()), Fetched)


# --- the attack ---------------------------------------------------------------------------------


class Watched(Workers):
    """Workers that note how much waits for them, and take no large one before all are known."""

    def __init__(self, small: int) -> None:
        super().__init__()
        self.peak_bytes = 0
        self._held_bytes = 0
        self._small_to_come = small
        self._all_small_came = asyncio.Event()

    async def run(
        self,
        steps: tuple[Callable[[Any], Any], ...],
        argument: object,
        *,
        deadline: timedelta,
        size_bytes: int = 0,
    ) -> Any:
        assert isinstance(argument, Body)
        size = len(argument.body)
        if size < LARGE_BYTES:
            self._small_to_come -= 1
            if not self._small_to_come:
                self._all_small_came.set()
        else:
            self._held_bytes += size
            self.peak_bytes = max(self.peak_bytes, self._held_bytes)
            await self._all_small_came.wait()
        try:
            return await super().run(steps, argument, deadline=deadline, size_bytes=size_bytes)
        finally:
            self._held_bytes -= size if size >= LARGE_BYTES else 0


async def test_many_large_documents_neither_fill_the_memory_nor_starve_the_small_ones(
    tmp_path: Path,
) -> None:
    large = [f"large-{number}" for number in range(32)]
    small = [f"small-{number}" for number in range(10)]
    filler = "<!--" + "x" * LARGE_BYTES + "-->"
    workers, bodies = Watched(len(small)), BytesInFlight(MOST_BYTES)
    async with AsyncExitStack() as stack:
        toml = '[network]\nallow_private = ["127.0.0.0/8"]\n[polling]\nconcurrency = 42\n'
        for name in large + small:
            web = await stack.enter_async_context(Publisher())
            web.route("/", body=rss(item(name)) + filler.encode() * (name in large))
            toml += source_toml(name, web.url())
        home = await stack.enter_async_context(
            house(tmp_path, Clock(), toml, workers=workers, bodies=bodies)
        )
        await home.run_until(home.clock())
        stack.push_async_callback(workers.aclose)
        ended = list(home.results)
        assert sorted(ended) == sorted(large + small)
        assert [one.problem for results in home.results.values() for one in results] == [None] * 42
    assert LARGE_BYTES <= workers.peak_bytes <= MOST_BYTES
    assert max(map(ended.index, small)) < max(map(ended.index, large))
    assert bodies.reserved_bytes == 0
