"""uvicorn, inside our own event loop and with bounds on what callers may hold open."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from aggregator.serve.callers import from_the_operator
from aggregator.serve.client_connections import ClientConnections, OpenConnection
from aggregator.serve.connection_bounds import ConnectionBounds
from aggregator.serve.connections import KEEP_ALIVE_SECONDS, House
from aggregator.serve.implementations import usual_implementation
from aggregator.serve.listeners import BACKLOG
from aggregator.serve.room import Room

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from aggregator.model import IPNetwork
    from aggregator.serve.connections import BoundedConnection
    from aggregator.serve.ready_feeds import Ready
    from aggregator.serve.request_heads import Asked
    from aggregator.serve.routes import App


#: Callers that are taken in before others get a turn, at some 60 µs each.
ACCEPTED_AT_ONCE = 64

#: Answers under way at shutdown get this long.
GRACE_SECONDS = 5


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
    *,
    ready: Callable[[Asked], Ready | None] = lambda _: None,
    implementation: Callable[..., BoundedConnection] | None = None,
) -> Server:
    """Return a server for `app` within `bounds`; it logs errors only, and never a request.

    `proxies` returns the networks of proxies that are not on this machine, `ready` the answer to
    what need not come to `app`. `implementation` reads requests: the quickest, where none is given.
    """
    clients = ClientConnections(lambda: (*bounds.on_this_machine, *proxies()))
    room: Room[OpenConnection] = Room(time.monotonic)
    protocol = partial(
        implementation or usual_implementation(), house=House(bounds, clients, room, ready)
    )
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
    app: App,
    sockets: list[socket.socket],
    stop: asyncio.Event,
    bounds: ConnectionBounds = ConnectionBounds(),
    *,
    operator: list[socket.socket] | None = None,
    proxies: Callable[[], tuple[IPNetwork, ...]] = tuple,
    implementation: Callable[..., BoundedConnection] | None = None,
) -> None:
    """Serve `app` on `sockets` until `stop` is set, then finish answers under way and return.

    What comes to the sockets of the `operator` is answered as theirs. All are closed in any case.
    `proxies` and `implementation` are as in `make_server`.
    """
    make = partial(make_server, ready=app.ready, implementation=implementation)
    servers = [(make(app, bounds, proxies), sockets)]
    if operator:
        servers.append((make(from_the_operator(app), bounds), operator))

    def leave() -> None:
        app.leave()
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
