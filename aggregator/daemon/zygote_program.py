"""The zygote: a process that has loaded what workers need, and forks one when it is asked to.

Its memory is shared by all workers. It holds nothing of the daemon: it is a program of its own with
an empty environment, and its one descriptor is the socket on which it is asked, which no worker
keeps. `aggregator.daemon.zygote` is its other end.
"""

from __future__ import annotations

import importlib
import os
import socket
import struct
import sys

from aggregator.daemon.worker_program import (
    close_standard_files,
    leave_signals_to_the_parent,
    serve,
)
from aggregator.runtime.garbage import collect_rarely, keep_what_there_is

#: Asked: a letter with a number. "f", with two pipes: fork a worker with so many bytes at most, and
#: tell its pid. "w": wait for the end of the worker with this pid, and tell its status.
ASKED = struct.Struct("!cQ")
TOLD = struct.Struct("!q")
FORK, WAIT = b"f", b"w"


def main() -> None:
    """Serve until the daemon closes the socket."""
    collect_rarely()
    leave_signals_to_the_parent()
    control = socket.socket(fileno=os.dup(0))
    close_standard_files()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    keep_what_there_is()
    while True:
        asked, pipes, _, _ = socket.recv_fds(control, ASKED.size, 2)
        if not asked:
            return
        kind, number = ASKED.unpack(asked)
        told = _forked(control, pipes, number) if kind == FORK else _waited(number)
        control.send(TOLD.pack(told))


def _forked(control: socket.socket, pipes: list[int], data_limit_bytes: int) -> int:
    """Fork a worker; return its pid, or the negative number of the error."""
    requests, answers = pipes
    try:
        pid = os.fork()
    except OSError as error:
        pid = -(error.errno or 1)
    if pid != 0:
        os.close(requests)
        os.close(answers)
        return pid
    try:
        control.close()
        serve(requests, answers, data_limit_bytes=data_limit_bytes)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever it is, no worker may go on as a zygote
        os._exit(1)


def _waited(pid: int) -> int:
    """Return the status of a worker that has ended: negative for the signal that ended it."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return 1


if __name__ == "__main__":
    main()
