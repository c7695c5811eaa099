"""Who gives way when there is no room for another connection: as a decision, and over sockets."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

import pytest

from aggregator.serve import ConnectionBounds, allow_open_files
from aggregator.serve.client_connections import ClientConnections
from aggregator.serve.room import (
    PATIENCE_FOR_READER_S,
    PATIENCE_FOR_REQUEST_S,
    Room,
    Stage,
)
from tests import PATIENCE
from tests.golden import STORIES
from tests.publishing import story
from tests.serving import Running, Stock, running, site

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

#: What plays the internet here: 127.0.1.0 and above; what is below is this machine.
INTERNET = ConnectionBounds(on_this_machine=(ip_network("127.0.0.0/24"),))
SMALL = replace(INTERNET, answered=20, held=24)


# --- the decision ---------------------------------------------------------------------------------


@dataclass(eq=False)
class Caller:
    """An open connection of a client."""

    client: str
    unsent_bytes: int = 0

    def give_way(self) -> None:
        """Leave."""


@dataclass
class Hall:
    """A room with a clock that goes on when it is told to."""

    seconds: float = 0.0
    room: Room[Caller] = field(init=False)
    clients: ClientConnections = field(default_factory=lambda: ClientConnections(tuple))

    def __post_init__(self) -> None:
        self.room = Room(lambda: self.seconds)

    def enter(self, client: str, *stages: Stage) -> Caller:
        caller = Caller(client)
        self.clients.take(client, caller)
        for stage in stages:
            self.seconds += 0.01
            self.room.move(caller, stage)
        return caller

    def gives_way(self, newcomer: str) -> Caller | None:
        caller = Caller(newcomer)
        self.clients.take(newcomer, caller)
        greedy = [one for one in self.clients.greediest(newcomer) if isinstance(one, Caller)]
        return self.room.who_gives_way(greedy)


WAITING, ANSWERED, STALLED, IDLE = Stage


def test_who_is_between_two_requests_gives_way_first_and_the_longest_of_them() -> None:
    hall = Hall()
    hall.enter("greedy", WAITING)
    hall.enter("greedy", WAITING)
    asked_again = hall.enter("a", IDLE)
    first = hall.enter("b", WAITING, ANSWERED, IDLE)
    hall.enter("c", IDLE)
    hall.room.move(asked_again, ANSWERED)
    hall.room.move(asked_again, IDLE)
    assert hall.gives_way("new") is first


def test_the_client_with_most_gives_way_and_what_it_does_least_with() -> None:
    hall = Hall()
    hall.enter("a", WAITING)
    answered, stalled, waiting = (
        hall.enter("greedy", stage) for stage in (ANSWERED, STALLED, WAITING)
    )
    for expected in (waiting, stalled):
        assert hall.gives_way(f"after {expected}") is expected
        hall.room.leave(expected)
    assert hall.gives_way("last") is answered


def test_nobody_gives_way_to_a_client_that_has_as_many() -> None:
    hall = Hall()
    for client in ("a", "a", "greedy", "greedy", "greedy"):
        hall.enter(client, ANSWERED)
    hall.enter("new", ANSWERED)
    hall.enter("new", ANSWERED)
    assert hall.gives_way("new") is None


def test_who_only_holds_a_place_loses_it_after_a_while_and_not_before() -> None:
    hall = Hall()
    stalled = hall.enter("a", STALLED)
    waiting = hall.enter("b", WAITING)
    hall.enter("c", ANSWERED)
    assert hall.gives_way("1") is None
    hall.seconds = PATIENCE_FOR_REQUEST_S + 0.1
    assert hall.gives_way("2") is waiting
    hall.room.leave(waiting)
    assert hall.gives_way("3") is None
    hall.seconds = PATIENCE_FOR_READER_S + 0.1
    hall.room.move(stalled, STALLED)  # nothing has changed for it
    assert hall.gives_way("4") is stalled
    hall.room.leave(stalled)
    hall.seconds = 1e9
    assert hall.gives_way("5") is None  # who is being answered is not to pay for newcomers
    assert len(hall.room) == 1
    assert [hall.room.at(stage) for stage in Stage] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("descriptors", "answered", "held"),
    [(1 << 20, 1984, 2048), (8192, 1984, 2048), (1024, 448, 512), (64, 16, 32), (1, 1, 2)],
)
def test_bounds_follow_from_descriptors(descriptors: int, answered: int, held: int) -> None:
    bounds = ConnectionBounds().within(descriptors)
    assert (bounds.answered, bounds.held) == (answered, held)


def test_a_thousand_readers_have_room_in_whatever_the_system_allows() -> None:
    allowed = allow_open_files()
    assert allow_open_files() == allowed
    assert allow_open_files(64) == allowed  # what is allowed already is kept
    if allowed >= 4096:
        assert ConnectionBounds().within(allowed).answered >= 1000


# --- over sockets ---------------------------------------------------------------------------------


async def connect(server: Running, address: str, *, limit: int = 2**16) -> Stream:
    return await asyncio.open_connection(
        "127.0.0.1", server.port, local_addr=(address, 0), limit=limit
    )


async def ask(stream: Stream) -> int:
    """Ask for a feed, keep the connection, and return the status; 0 for no answer."""
    reader, writer = stream
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(b"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            await reader.readexactly(int(length))
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0
    return int(head.split()[1])


async def is_closed(stream: Stream) -> bool:
    with contextlib.suppress(ConnectionError):
        try:
            async with asyncio.timeout(0.2):
                return await stream[0].read(1) == b""
        except TimeoutError:
            return False
    return True


@pytest.mark.parametrize("network", [0, 1], ids=["this machine", "internet"])
async def test_readers_who_keep_their_connections_shut_nobody_out(network: int) -> None:
    async with running(site(Stock(STORIES)), SMALL) as server:
        streams = []
        for number in range(3 * SMALL.held):
            streams.append(await connect(server, f"127.0.{network}.{number + 1}"))
            assert await ask(streams[-1]) == 200, number
        assert await is_closed(streams[0])
        assert await ask(streams[-1]) == 200  # and the last still has its own
        for _, writer in streams:
            writer.close()


async def test_a_crowd_at_the_same_moment_is_answered_whole() -> None:
    """The short form of `make torture PART=readers`: all connect, then all ask."""
    readers = 200
    async with running(site(Stock(STORIES)), ConnectionBounds()) as server:
        together = asyncio.Barrier(readers)

        async def reader(number: int) -> int:
            stream = await connect(server, f"127.0.{number % 3}.{number % 250 + 1}")
            await together.wait()
            status = await ask(stream)
            stream[1].close()
            return status

        assert set(await asyncio.gather(*map(reader, range(readers)))) == {200}


async def test_few_addresses_that_fill_all_room_shut_nobody_out() -> None:
    large = Stock((story(content_html="<p>" + "x" * 3_000_000 + "</p>"),))
    async with running(site(large), SMALL) as server:
        attackers = [await connect(server, f"127.0.1.{n % 4 + 1}", limit=1) for n in range(20)]
        for number, (_, writer) in enumerate(attackers):
            if number % 2:  # half of them say nothing, half take nothing
                writer.write(b"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\n\r\n")
        for number in range(10):
            stream = await connect(server, f"127.0.2.{number + 1}")
            assert await ask(stream) == 200, number
            stream[1].close()
        for _, writer in attackers:
            writer.transport.abort()


async def test_of_readers_who_take_nothing_the_longest_leaves_and_an_honest_one_is_served() -> None:
    large = Stock((story(content_html="<p>" + "x" * 3_000_000 + "</p>"),))
    async with running(site(large), replace(INTERNET, stalled=3)) as server:
        stalled = []
        for number in range(5):
            stream = await connect(server, f"127.0.1.{number + 1}", limit=1)
            stream[1].write(b"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\n\r\n")
            await stream[0].readexactly(1)
            stalled.append(stream)
        honest = await connect(server, "127.0.2.1")
        assert await ask(honest) == 200
        assert await ask(honest) == 200
        lost = stalled[0][0]
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                await lost.readexactly(3_000_000)
                pytest.fail("it got the whole")
        for _, writer in (*stalled, honest):
            writer.transport.abort()
