"""uvicorn, inside our own event loop and with bounds on what callers may hold open."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.serve.callers import from_the_operator
from aggregator.serve.listeners import BACKLOG

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.types import ASGIApp
    from uvicorn.server import ServerState


#: How long a connection stays open for a further request.
KEEP_ALIVE_SECONDS = 5

#: Request line and header fields; a generous reader sends 2 KiB.
HEADER_BYTES = 16 * 1024

#: Answers under way at shutdown get this long.
GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """What callers may hold open.

    A request must arrive whole in `request_seconds` (a feed reader's is one packet). Beyond
    `answered` connections more get 503, each of them holding at most a few pieces of a body;
    beyond `held` more are dropped: half of the usual limit of open files, the other half is for
    polls and the database.
    """

    request_seconds: float = 10.0
    answered: int = 400
    held: int = 512


class _BoundedProtocol(H11Protocol):
    """HTTP/1.1 of a caller who must get on with it: uvicorn itself waits for a request for ever."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: ConnectionBounds,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start waiting for a request, or drop the connection when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._bounds.held:
            transport.abort()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when the request is whole; bytes that trickle in buy no time."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        super().connection_lost(exc)
        self._forget()

    def _watch(self) -> None:
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY} or self.transport.is_closing():
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(
                self._bounds.request_seconds, self.transport.close
            )

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """uvicorn that leaves signals to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def make_server(app: ASGIApp, bounds: ConnectionBounds) -> Server:
    """Return a server for `app` within `bounds`; it logs errors only, and never a request."""
    protocol = partial(_BoundedProtocol, bounds=bounds)
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
            limit_concurrency=bounds.answered,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=HEADER_BYTES,
        )
    )


async def serve(
    app: ASGIApp,
    sockets: list[socket.socket],
    stop: asyncio.Event,
    bounds: ConnectionBounds = ConnectionBounds(),
    *,
    operator: list[socket.socket] | None = None,
) -> None:
    """Serve `app` on `sockets` until `stop` is set, then finish answers under way and return.

    What comes to the sockets of the `operator` is answered as theirs. All are closed in any case.
    """
    servers = [(make_server(app, bounds), sockets)]
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
