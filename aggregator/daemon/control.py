"""How a command speaks with the running daemon: a Unix socket beside the database.

One request, a JSON object on a line; then events, a JSON object a line each, until the end. Who may
read the database may ask (mode 0600). `{"do": "poll", "names": […], "force": …}` answers `expect`,
`polled`…, `done`; `{"do": "reload"}`, `{"do": "health"}`, `{"do": "settings"}` and
`{"do": "stories", "what": "split", "entries": […]}` answer `done`; each may answer `error`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import contextmanager, suppress
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from aggregator.model.errors import AggregatorError, StoreUnavailableError
from aggregator.store.engines.lock import beside, holder
from aggregator.store.engines.sqlite_errors import store_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from datetime import timedelta
    from pathlib import Path

Event = dict[str, Any]

#: A request is a short line; a longer one is not from our command.
LONGEST_REQUEST = 1 << 20


class Silence(Enum):
    """How a daemon that runs fails to answer."""

    MUTE = auto()
    ENDED = auto()


class NoAnswerError(AggregatorError):
    """A daemon was asked and has not answered, or not to the end."""

    def __init__(self, how: Silence) -> None:
        super().__init__(_SILENCES[how])
        self.how = how


_SILENCES = {
    Silence.MUTE: "the daemon runs but does not answer",
    Silence.ENDED: "the daemon ended before it had answered",
}

#: Unix socket addresses are this short (unix(7): sun_path).
_LONGEST_ADDRESS = 107


def socket_path(store_path: Path) -> Path:
    """Return the control socket's path beside the database."""
    return beside(store_path, "sock")


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """Yield an address for `path` that fits, whatever the depth of its folder."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class ControlServer:
    """Answers requests on the control socket; the process that holds the database makes one."""

    def __init__(self, store_path: Path, handle: Callable[[Event], AsyncIterator[Event]]) -> None:
        self._path = socket_path(store_path)
        self._handle = handle
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket that a killed daemon left behind is replaced.

        Raises `StoreUnavailableError` where the disk has no room for it.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._path.unlink(missing_ok=True)
            with _address(self._path) as address:
                listener.bind(address)
            self._path.chmod(0o600)
            listener.listen(8)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            trouble = store_error(self._path, error)
            if isinstance(trouble, StoreUnavailableError):
                raise trouble from error
            raise AggregatorError(f"{self._path}: cannot listen: {error}") from error
        self._server = await asyncio.start_unix_server(
            self._serve, sock=listener, limit=LONGEST_REQUEST
        )

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            try:
                request = json.loads(await reader.readline())
                async for event in self._handle(request):
                    writer.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
                    await writer.drain()
            except (ValueError, KeyError, TypeError, AttributeError):
                writer.write(b'{"event": "error", "text": "not a request", "exit_status": 1}\n')
            finally:
                writer.close()
                await writer.wait_closed()


def ask(
    store_path: Path, request: Event, *, patience: timedelta | None = None
) -> Iterator[Event] | None:
    """Ask the daemon that holds the database; return its events, or `None` when none runs.

    Raises `NoAnswerError` when the daemon ends before it has answered, or is silent for longer than
    `patience` (`None`: for ever, as polls take their time).
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(None if patience is None else patience.total_seconds())
    try:
        with _address(socket_path(store_path)) as address:
            connection.connect(address)
        connection.sendall(json.dumps(request).encode() + b"\n")
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except TimeoutError as error:
        connection.close()
        raise NoAnswerError(Silence.MUTE) from error
    except OSError as error:
        connection.close()
        message = f"{socket_path(store_path)}: the daemon cannot be asked: {error.strerror}"
        if isinstance(error, PermissionError):
            message += "; ask as the user that runs it, such as sudo -u aggregator aggregator …"
        raise AggregatorError(message) from error
    return _events(connection)


def starting(store_path: Path) -> str | None:
    """Return the pid of a daemon that holds the database and does not listen yet, or `None`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        try:
            with _address(socket_path(store_path)) as address:
                connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            found = holder(store_path)
        except OSError:  # full, or not ours to ask: it listens
            return None
        else:
            return None
    return found.pid if found is not None and found.is_daemon else None


def _events(connection: socket.socket) -> Iterator[Event]:
    with connection, connection.makefile("r", encoding="utf-8") as lines:
        event: Event = {}
        try:
            for line in lines:
                event = json.loads(line)
                yield event
        except TimeoutError as error:
            raise NoAnswerError(Silence.MUTE) from error
        if event.get("event") not in {"done", "error"}:
            raise NoAnswerError(Silence.ENDED)
