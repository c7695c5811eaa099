"""A network of this process's own, with nothing but loopback: ports are free, nobody is reached."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

#: unshare(2), netdevice(7).
_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def leave_network() -> None:
    """Let this process, and all that it starts from now on, be alone (root)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
