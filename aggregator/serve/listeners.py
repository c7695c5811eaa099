"""The sockets that callers connect to: addresses, Unix sockets, and what systemd passes."""

from __future__ import annotations

import errno
import os
import socket
import stat
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aggregator.config import Listen

#: Callers that may wait for accept(); they do so from the moment that the sockets are open. More
#: than a thousand readers come at the same moment, as their programs ask at the full hour; whoever
#: finds no place here tries again a second later (RFC 6298 §2).
BACKLOG = 2048

#: What the kernel keeps of an answer until its reader has it (socket(7); it takes twice as much
#: memory): 600 KiB a second at a round trip of 0.2 s. Left to itself it keeps up to 4 MiB for each
#: of those who take nothing.
SEND_BUFFER_BYTES = 128 * 1024

#: A peer that acknowledges nothing for this long is gone (TCP_USER_TIMEOUT).
UNACKNOWLEDGED_MILLISECONDS = 30_000

#: Owner and group: the account of the reverse proxy joins the group.
UNIX_SOCKET_MODE = 0o660

#: The operator's: the owner alone, and root.
OPERATOR_SOCKET_MODE = 0o600

#: The first file descriptor that systemd passes (sd_listen_fds(3)).
_FIRST_PASSED_FD = 3


def open_sockets(listen: Listen, environ: Mapping[str, str] | None = None) -> list[socket.socket]:
    """Return the listening sockets that `listen` names, or those that systemd passed in `environ`.

    A host name may mean several addresses; all are bound. A Unix socket that nobody serves any
    more is replaced. Raises `AggregatorError` with the place and a remedy.
    """
    passed = _passed_sockets(environ or {})
    return passed or _open(listen, "listen", UNIX_SOCKET_MODE)


def open_operator_sockets(listen: Listen | None) -> list[socket.socket]:
    """Return the sockets of `operator_listen`, none where there is none; errors as there."""
    return [] if listen is None else _open(listen, "operator_listen", OPERATOR_SOCKET_MODE)


def _open(listen: Listen, key: str, mode: int) -> list[socket.socket]:
    if listen.unix_path is not None:
        return [_unix_socket(listen.unix_path, key, mode)]
    assert listen.host is not None  # noqa: S101 - the configuration's promise
    assert listen.port is not None  # noqa: S101 - the configuration's promise
    return _tcp_sockets(listen.host, listen.port, key)


def _passed_sockets(environ: Mapping[str, str]) -> list[socket.socket]:
    """Adopt the sockets of systemd's socket activation (sd_listen_fds(3))."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(environ.get("LISTEN_FDS", "0"))
    sockets = [socket.socket(fileno=fd) for fd in range(_FIRST_PASSED_FD, _FIRST_PASSED_FD + count)]
    for listener in sockets:
        listener.set_inheritable(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return sockets


def _tcp_sockets(host: str, port: int, key: str) -> list[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AggregatorError(
            f"cannot listen on {host}: {error.strerror}; give an address in [server] {key}"
        ) from error
    addresses = dict.fromkeys((family, address) for family, _, _, _, address in found)
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            sockets.append(_tcp_socket(family, address, alone=len(addresses) == 1))
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise AggregatorError(_complaint(f"{host}:{port}", key, error)) from error
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
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
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


def _unix_socket(path: Path, key: str, mode: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_abandoned(path)
        listener.bind(str(path))
        # Nobody can connect before listen(), so the mode is right from the first caller on.
        path.chmod(mode)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AggregatorError(_complaint(f"unix:{path}", key, error)) from error
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


def _complaint(place: str, key: str, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"{place} is in use by another program; stop it or change [server] {key}"
        case errno.EACCES | errno.EPERM:
            return f"{place} may not be opened by this user; change [server] {key}"
        case errno.EADDRNOTAVAIL:
            return f"{place} is no address of this machine; change [server] {key}"
        case _:
            return f"cannot listen on {place}: {error.strerror or error}; change [server] {key}"
