"""uvicorn, inside our own event loop and with bounds on what callers may hold open."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.applications import Starlette
    from uvicorn.server import ServerState

    from aggregator.config import Listen

#: How long a connection stays open for a further request.
KEEP_ALIVE_SECONDS = 5

#: Request line and header fields; a generous reader sends 2 KiB.
HEADER_BYTES = 16 * 1024

#: Callers that may wait for accept(); they do so from the moment that the sockets are open.
BACKLOG = 128

#: A peer that acknowledges nothing for this long is gone (TCP_USER_TIMEOUT).
UNACKNOWLEDGED_MILLISECONDS = 30_000

#: Answers under way at shutdown get this long.
GRACE_SECONDS = 5

#: Owner and group: the account of the reverse proxy joins the group.
UNIX_SOCKET_MODE = 0o660

#: The first file descriptor that systemd passes (sd_listen_fds(3)).
_FIRST_PASSED_FD = 3


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


def make_server(app: Starlette, bounds: ConnectionBounds) -> Server:
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
    app: Starlette,
    sockets: list[socket.socket],
    stop: asyncio.Event,
    bounds: ConnectionBounds = ConnectionBounds(),
) -> None:
    """Serve `app` on `sockets` until `stop` is set, then finish answers under way and return.

    The sockets are closed in any case.
    """
    server = make_server(app, bounds)

    async def leave_when_told() -> None:
        await stop.wait()
        server.should_exit = True

    telling = asyncio.create_task(leave_when_told())
    try:
        await server.serve(sockets=sockets)
    finally:
        telling.cancel()
        for listener in sockets:
            listener.close()


def open_sockets(listen: Listen, environ: Mapping[str, str] | None = None) -> list[socket.socket]:
    """Return the listening sockets that `listen` names, or those that systemd passed in `environ`.

    A host name may mean several addresses; all are bound. A Unix socket that nobody serves any
    more is replaced. Raises `AggregatorError` with the place and a remedy.
    """
    passed = _passed_sockets(environ or {})
    if passed:
        return passed
    if listen.unix_path is not None:
        return [_unix_socket(listen.unix_path)]
    assert listen.host is not None  # noqa: S101 - the configuration's promise
    assert listen.port is not None  # noqa: S101 - the configuration's promise
    return _tcp_sockets(listen.host, listen.port)


def _passed_sockets(environ: Mapping[str, str]) -> list[socket.socket]:
    """Adopt the sockets of systemd's socket activation (sd_listen_fds(3))."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(environ.get("LISTEN_FDS", "0"))
    sockets = [socket.socket(fileno=fd) for fd in range(_FIRST_PASSED_FD, _FIRST_PASSED_FD + count)]
    for listener in sockets:
        listener.set_inheritable(False)
    return sockets


def _tcp_sockets(host: str, port: int) -> list[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AggregatorError(
            f"cannot listen on {host}: {error.strerror}; give an address in [server] listen"
        ) from error
    addresses = dict.fromkeys((family, address) for family, _, _, _, address in found)
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            sockets.append(_tcp_socket(family, address, alone=len(addresses) == 1))
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise AggregatorError(_complaint(f"{host}:{port}", error)) from error
    return sockets


def _tcp_socket(
    family: int,
    address: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
    *,
    alone: bool,
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by the connections it accepts.
        listener.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS
        )
        if family == socket.AF_INET6:
            # "[::]" alone means every interface in both families, as people expect.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if alone else 1)
        listener.bind(address)
        # Linux lets two programs bind one port and refuses the second only here.
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _unix_socket(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_abandoned(path)
        listener.bind(str(path))
        # Nobody can connect before listen(), so the mode is right from the first caller on.
        path.chmod(UNIX_SOCKET_MODE)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AggregatorError(_complaint(f"unix:{path}", error)) from error
    return listener


def _remove_abandoned(path: Path) -> None:
    """Remove a socket that a stopped process left; raises `OSError` when somebody serves it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, "in use")


def _complaint(place: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"{place} is in use by another program; stop it or change [server] listen"
        case errno.EACCES | errno.EPERM:
            return f"{place} may not be opened by this user; change [server] listen"
        case errno.EADDRNOTAVAIL:
            return f"{place} is no address of this machine; change [server] listen"
        case _:
            return f"cannot listen on {place}: {error.strerror or error}; change [server] listen"
