"""A connection of a caller, bounded: whose it is, for how long it may wait, what it is sent.

What the implementations of HTTP/1.1 below it have in common. Requests are taken apart here: each
comes to them whole, one at a time, when the one before is answered, and only if its head has one
meaning (`request_heads`). A request for what is at hand never comes to them: it is answered at once
(`ready_feeds`).
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.serve import page_messages
from aggregator.serve.request_heads import END, body_bytes, is_hopeless, read_head
from aggregator.serve.responses import PIECE_BYTES, text_response, unavailable_response
from aggregator.serve.room import Stage

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    import uvicorn
    from starlette.types import Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol as Implementation
    from uvicorn.server import ServerState

    from aggregator.serve.client_connections import ClientConnections, OpenConnection
    from aggregator.serve.connection_bounds import ConnectionBounds
    from aggregator.serve.ready_feeds import Ready
    from aggregator.serve.request_heads import Asked
    from aggregator.serve.room import Room
else:
    Implementation = object

#: How long a connection stays open for a further request.
KEEP_ALIVE_SECONDS = 5

#: So many requests of one packet are answered before others get a turn, at some 30 µs each.
ANSWERED_AT_ONCE = 32

#: A body at hand leaves in pieces of this size. One waits in our memory while its reader takes
#: nothing, where a response of a route has two of `PIECE_BYTES`.
READY_PIECE_BYTES = 2 * PIECE_BYTES


class Awaited(Enum):
    """What a caller is to send."""

    REQUEST = auto()  # nothing of it has come
    REST = auto()  # of a request that has begun
    NOTHING = auto()  # until it is answered


@dataclass(frozen=True, slots=True)
class House:
    """What all connections of a server share; `ready` answers what is at hand."""

    bounds: ConnectionBounds
    clients: ClientConnections
    room: Room[OpenConnection]
    ready: Callable[[Asked], Ready | None]


class BoundedConnection(Implementation):
    """A caller who must get on with it: uvicorn itself waits for a request for ever.

    A mixin before one of uvicorn's protocols. Whatever it answers itself carries the protective
    fields of every other answer.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        house: House,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._inner, self.app = self.app, self._answer
        self._bounds, self._clients, self._room = house.bounds, house.clients, house.room
        self._ready = house.ready
        self._client: str | None = None
        self._is_beyond_room = False
        self._has_answered = False
        self._read = b""  # what has come and is not taken yet
        self._body_left = 0  # of a request that is taken
        self._is_called = False  # again, to go on with what has come
        self._waiting_since_s: float | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._unsent: memoryview | None = None  # of a body at hand
        self._closes = False  # when that is sent
        self._counted_for: str | None = None  # besides `_client`, while that is sent

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start waiting for a request, or drop the connection when there are too many."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._client = self._clients.client_of(self._peer)
        self._clients.take(self._client, self)
        if self._clients.connections(self._client) > self._bounds.held_each:
            transport.abort()
            return
        if len(self._room) >= self._bounds.answered:
            self._is_beyond_room = not self._make_room()
        if len(self._room) >= self._bounds.held:
            transport.abort()
        else:
            self._watch()

    def _make_room(self) -> bool:
        other = self._room.who_gives_way(self._clients.greediest(self._client))
        if other is not None:
            other.give_way()
        return other is not None

    def give_way(self) -> None:
        """Leave at once, for another connection."""
        self._room.leave(self)
        self._clients.give_back(self._client, self)
        self._client = None
        self.transport.abort()

    @property
    def unsent_bytes(self) -> int:
        """What waits in our memory until the reader takes it."""
        return self.transport.get_write_buffer_size()

    @property
    def _peer(self) -> str | None:
        return None if self.client is None else self.client[0]

    # --- a request that a route answers -----------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with 503 where its client has more than its share."""
        forwarded_for = [
            value.decode("latin-1")
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
        ]
        client = self._client or self._clients.client_of(self._peer, forwarded_for)
        self._clients.take(client, self)
        try:
            app = unavailable_response(close=True) if self._is_too_much(client) else self._inner
            await app(scope, receive, send)
        finally:
            self._clients.give_back(client, self)

    def _is_too_much(self, client: str | None) -> bool:
        bounds, clients = self._bounds, self._clients
        return (
            self._is_beyond_room
            or len(self.tasks) > bounds.answered
            or clients.connections(client) > bounds.answered_each
            or clients.unsent_bytes(client) > bounds.unsent_each
        )

    def data_received(self, data: bytes) -> None:
        """Take a request when it is whole; bytes that trickle in buy no time."""
        if not self._read and self._is_free and not self._body_left and self._answer_at_once(data):
            return  # the usual reader's request: one packet
        self._read = self._read + data if self._read else data
        self._take_requests()

    def _take_requests(self) -> None:
        """Take what has come, as far as that can be answered now; wait for the rest."""
        turns = 0
        while self._read and self._is_free and turns < ANSWERED_AT_ONCE:
            if self._body_left:
                piece, self._read = self._read[: self._body_left], self._read[self._body_left :]
                self._body_left -= len(piece)
                super().data_received(piece)
            elif not self._take_head():
                break
            else:
                turns += 1
        if self.transport.is_closing():
            self._read = b""
        elif self._read and not self._is_free:
            self.flow.pause_reading()  # what else is asked for comes afterwards
        elif self._read and turns == ANSWERED_AT_ONCE and not self._is_called:
            self._is_called = True
            self.flow.pause_reading()
            self.loop.call_soon(self._go_on_taking)
        self._watch()

    def _go_on_taking(self) -> None:
        self._is_called = False
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self._take_requests()

    @property
    def _is_free(self) -> bool:
        """Whether a request can be taken, or more of one that was."""
        if self._unsent is not None or self.transport.is_closing():
            return False
        if self._body_left:
            return True
        return self._is_answered and not self.flow.write_paused

    @property
    def _is_answered(self) -> bool:
        cycle: object = self.cycle  # there is none before the first request
        return cycle is None or self.cycle.response_complete

    def _take_head(self) -> bool:
        """Take the head that has come; `False` where its rest is still to come."""
        end = self._read.find(END)
        while end == 0 or self._read.startswith(b"\r\n"):  # RFC 9112 §2.2
            self._read = self._read[2:]
            end = self._read.find(END)
        if end < 0:
            if self._read and is_hopeless(self._read):
                self._refuse()
            return False
        end += len(END)
        head, self._read = self._read[:end], self._read[end:]
        if self._answer_at_once(head):
            return True
        body = body_bytes(head)
        if body is None:
            self._refuse()
        else:
            self._body_left = body
            self._parse_head(head)
        return True

    def _parse_head(self, head: bytes) -> None:
        """Give the parser a whole head."""
        super().data_received(head)

    def _refuse(self) -> None:
        """Answer what is no request, or has a head that is too long, and close."""
        refusal = text_response(400, page_messages.NO_REQUEST, {"Connection": "close"})
        fields = (name + b": " + value + b"\r\n" for name, value in refusal.raw_headers)
        head = b"".join((b"HTTP/1.1 400 Bad Request\r\n", *self._dated(), *fields, b"\r\n"))
        self.transport.write(head + bytes(refusal.body))
        self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own English
        """Answer what the parser refuses though its head looked well."""
        self._refuse()

    def _dated(self) -> list[bytes]:
        """Return the fields that every answer has: the date."""
        usual = self.server_state.default_headers
        return [name + b": " + value + b"\r\n" for name, value in usual]

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._has_answered = True
        super().on_response_complete()
        self._unset_keepalive_if_required()  # `_alarm` is for that, too
        self._take_requests()

    # --- a request for what is at hand ------------------------------------------------------------

    def _answer_at_once(self, packet: bytes) -> bool:
        """Answer a packet if it is a request for what is at hand and its client may have more."""
        asked = read_head(packet)
        ready = None if asked is None else self._ready(asked)
        if asked is None or ready is None:
            return False
        client = self._client
        if client is None and asked.forwarded_for:
            client = self._clients.client_of(self._peer, asked.forwarded_for)
            self._clients.take(client, self)
            self._counted_for = client
        if self._is_too_much(client):
            self._stop_counting()
            return False
        self.server_state.total_requests += 1
        self._closes = asked.closes
        self._send(ready)
        return True

    def _send(self, ready: Ready) -> None:
        fields = [
            name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers
        ]
        close = b"connection: close\r\n\r\n" if self._closes else b"\r\n"
        head = b"".join((ready.status_line, *fields, ready.fields, close))
        if ready.body:
            body = memoryview(ready.body)
            self._unsent = body[READY_PIECE_BYTES:]
            self.transport.writelines((head, body[:READY_PIECE_BYTES]))
            self._go_on()
        else:
            self.transport.write(head)
            self._finish()

    def _go_on(self) -> None:
        """Send of a body at hand what its reader takes."""
        while self._unsent is not None and not self.flow.write_paused:
            if not self._unsent:
                self._unsent = None
                self._finish()
            elif self.transport.is_closing():
                self._unsent = None
            else:
                piece, self._unsent = (
                    self._unsent[:READY_PIECE_BYTES],
                    self._unsent[READY_PIECE_BYTES:],
                )
                self.transport.write(piece)
        if self._unsent is not None:
            self._waiting_since_s = None
            self.flow.pause_reading()  # what else is asked for comes afterwards

    def _finish(self) -> None:
        """Wait for the next request after an answer of what is at hand."""
        self._has_answered = True
        self._stop_counting()
        if self._closes:
            self.transport.close()
            return
        self._waiting_since_s = self.loop.time()
        if not self.flow.write_paused:
            self._room.begin(self, Stage.IDLE)
        self.flow.resume_reading()
        self._set_alarm()

    def _stop_counting(self) -> None:
        if self._counted_for is not None:
            self._clients.give_back(self._counted_for, self)
            self._counted_for = None

    # --- waiting ----------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Wait until the reader has taken what was sent, while not too many others do the same."""
        super().pause_writing()
        self._room.move(self, Stage.STALLED)
        if self._room.at(Stage.STALLED) > self._bounds.stalled:
            longest = self._room.longest(Stage.STALLED)
            if longest is not None:
                longest.give_way()

    def resume_writing(self) -> None:
        """Go on with the answer, or wait for the next request."""
        super().resume_writing()
        self._go_on()
        self._take_requests()

    def shutdown(self) -> None:
        """Close the connection when what is under way is sent."""
        if self._unsent is None:
            super().shutdown()
        else:
            self._closes = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline, and give back what it held of its client's share."""
        self._unsent = None
        super().connection_lost(exc)
        self._clients.give_back(self._client, self)
        self._stop_counting()
        self._room.leave(self)
        self._forget()

    @property
    def _awaited(self) -> Awaited:
        """What the caller is to send."""
        if self._body_left:
            return Awaited.REST
        if self._unsent is not None or not self._is_answered:
            return Awaited.NOTHING
        return Awaited.REST if self._read else Awaited.REQUEST

    def _watch(self) -> None:
        """Note what the connection is at, and let it wait no longer than it may."""
        if self.transport.is_closing():
            self._forget()
            return
        awaited = self._awaited
        self._room.move(self, self._stage(awaited))
        if awaited is Awaited.NOTHING:
            self._waiting_since_s = None
        elif self._waiting_since_s is None:
            self._waiting_since_s = self.loop.time()
            self._set_alarm()

    def _stage(self, awaited: Awaited) -> Stage:
        if self.flow.write_paused:
            return Stage.STALLED
        match awaited:
            case Awaited.NOTHING:
                return Stage.ANSWERED
            case Awaited.REQUEST if self._has_answered:
                return Stage.IDLE
            case _:
                return Stage.WAITING

    def _set_alarm(self) -> None:
        """Look again when the shorter time is over; requests that come meanwhile set no other."""
        if self._alarm is None:
            seconds = min(self._bounds.request_seconds, KEEP_ALIVE_SECONDS)
            self._alarm = self.loop.call_later(seconds, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        self._alarm = None
        if self._waiting_since_s is None or self.transport.is_closing():
            return
        is_idle = self._has_answered and self._awaited is Awaited.REQUEST
        patience = KEEP_ALIVE_SECONDS if is_idle else self._bounds.request_seconds
        left = self._waiting_since_s + patience - self.loop.time()
        if left <= 0:
            self.transport.close()
        else:
            seconds = min(left, self._bounds.request_seconds, KEEP_ALIVE_SECONDS)
            self._alarm = self.loop.call_later(seconds, self._look_at_the_clock)

    def _forget(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
