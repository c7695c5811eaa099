"""Ports of this machine that nobody else is given by chance."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from itertools import count

#: Below those that the kernel gives to whoever asks for any (ip(7), ip_local_port_range): none of
#: them is lost between being found and being listened on, as the port of a client would be.
_FIRST, _PORTS = 20_000, 12_000

#: Every process begins elsewhere, and takes no port twice in turn.
_turns = count(os.getpid() * 101)


def free_port(following: int = 0) -> int:
    """Return a port of loopback that is free for TCP and UDP, as are the `following` ones."""
    while True:
        port = _FIRST + next(_turns) % (_PORTS - following)
        with ExitStack() as stack:
            try:
                for number in range(port, port + following + 1):
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        stack.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", number))
            except OSError:
                continue
            return port
