"""uvicorn, inside our own event loop and with bounds on what callers may hold open."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.serve import page_messages
from aggregator.serve.callers import from_the_operator
from aggregator.serve.client_connections import ClientConnections, OpenConnection
from aggregator.serve.connection_bounds import ConnectionBounds
from aggregator.serve.listeners import BACKLOG
from aggregator.serve.responses import text_response, unavailable_response
from aggregator.serve.room import Room, Stage

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.server import ServerState

    from aggregator.model import IPNetwork


#: How long a connection stays open for a further request.
KEEP_ALIVE_SECONDS = 5

#: Request line and header fields; a generous reader sends 2 KiB.
HEADER_BYTES = 16 * 1024

#: Callers that are taken in before others get a turn, at some 60 µs each.
ACCEPTED_AT_ONCE = 64

#: Answers under way at shutdown get this long.
GRACE_SECONDS = 5


class _BoundedConnection(h11.Connection):
    """h11 whose bound on a header holds for one that arrives whole as well."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event; raises `h11.RemoteProtocolError` for a header that is too long."""
        event = super().next_event()
        if isinstance(event, h11.Request) and _head_bytes(event) > HEADER_BYTES:
            raise h11.RemoteProtocolError("the header is too long")
        return event


def _head_bytes(request: h11.Request) -> int:
    fields = sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers)
    return len(request.method) + len(request.target) + len("  HTTP/1.1\r\n\r\n") + fields


class _BoundedProtocol(H11Protocol):
    """HTTP/1.1 of a caller who must get on with it: uvicorn itself waits for a request for ever.

    Whatever it answers itself carries the protective fields of every other answer.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: ConnectionBounds,
        clients: ClientConnections,
        room: Room[OpenConnection],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = _BoundedConnection(h11.SERVER, HEADER_BYTES)
        self._inner, self.app = self.app, self._answer
        self._bounds = bounds
        self._clients = clients
        self._room = room
        self._client: str | None = None
        self._is_beyond_room = False
        self._has_answered = False
        self._deadline: asyncio.TimerHandle | None = None

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

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own English
        """Answer what is no request, or a header that is too long, and close."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # an answer that has not begun is not sent any more
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        refusal = text_response(400, page_messages.NO_REQUEST, {"Connection": "close"})
        body = bytes(refusal.body)
        for event in (
            h11.Response(status_code=400, headers=refusal.raw_headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when the request is whole; bytes that trickle in buy no time."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._has_answered = True
        super().on_response_complete()
        self._watch()

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
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline, and give back what it held of its client's share."""
        super().connection_lost(exc)
        self._clients.give_back(self._client, self)
        self._room.leave(self)
        self._forget()

    def _watch(self) -> None:
        if self.transport.is_closing():
            self._forget()
            return
        self._room.move(self, self._stage())
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(
                self._bounds.request_seconds, self.transport.close
            )

    def _stage(self) -> Stage:
        if self.flow.write_paused:
            return Stage.STALLED
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            return Stage.ANSWERED
        has_begun, _ = self.conn.trailing_data
        return Stage.WAITING if has_begun or not self._has_answered else Stage.IDLE

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """uvicorn that leaves signals to the daemon, and takes callers in a few at a time."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)  # asyncio made it as long as what it accepts at once

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def make_server(
    app: ASGIApp,
    bounds: ConnectionBounds,
    proxies: Callable[[], tuple[IPNetwork, ...]] = tuple,
) -> Server:
    """Return a server for `app` within `bounds`; it logs errors only, and never a request.

    `proxies` returns the networks of proxies that are not on this machine.
    """
    clients = ClientConnections(lambda: (*bounds.on_this_machine, *proxies()))
    room: Room[OpenConnection] = Room(time.monotonic)
    protocol = partial(_BoundedProtocol, bounds=bounds, clients=clients, room=room)
    return Server(
        uvicorn.Config(
            app,
            http=protocol,  # type: ignore[arg-type]  # it is only called, like a class
            ws="none",
            lifespan="off",
            interface="asgi3",
            loop="asyncio",
            workers=1,
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=ACCEPTED_AT_ONCE,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


async def serve(
    app: ASGIApp,
    sockets: list[socket.socket],
    stop: asyncio.Event,
    bounds: ConnectionBounds = ConnectionBounds(),
    *,
    operator: list[socket.socket] | None = None,
    proxies: Callable[[], tuple[IPNetwork, ...]] = tuple,
) -> None:
    """Serve `app` on `sockets` until `stop` is set, then finish answers under way and return.

    What comes to the sockets of the `operator` is answered as theirs. All are closed in any case.
    `proxies` are as in `make_server`.
    """
    servers = [(make_server(app, bounds, proxies), sockets)]
    if operator:
        servers.append((make_server(from_the_operator(app), bounds), operator))

    def leave() -> None:
        for server, _ in servers:
            server.should_exit = True

    async def leave_when_told() -> None:
        await stop.wait()
        leave()

    telling = asyncio.create_task(leave_when_told())
    try:
        await asyncio.gather(*(server.serve(sockets=opened) for server, opened in servers))
    finally:
        leave()
        telling.cancel()
        for _, opened in servers:
            for listener in opened:
                listener.close()
