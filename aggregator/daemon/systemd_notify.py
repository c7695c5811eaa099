"""Telling systemd how we are: readiness, status line, watchdog (sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Notifier:
    """Sends datagrams to `NOTIFY_SOCKET`; without one (not under systemd) it does nothing.

    `watchdog_s` is how often systemd wants a sign of life, in seconds, or `None`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL of an abstract socket's name.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = _watchdog(environ)

    def reloading(self) -> None:
        """Say that a reload begins; READY=1 ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def send(self, *assignments: str) -> None:
        """Send assignments such as `READY=1`; line breaks inside one are blanks.

        Never raises: a manager that does not listen is no reason to stop.
        """
        if not self._address:
            return
        message = "\n".join(" ".join(one.splitlines()) for one in assignments)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.sendto(message.encode(), self._address)
            except OSError:
                return


def _watchdog(environ: Mapping[str, str]) -> float | None:
    pid, period = environ.get("WATCHDOG_PID"), environ.get("WATCHDOG_USEC", "")
    if not period.isdigit() or int(period) == 0 or pid not in {None, str(os.getpid())}:
        return None
    return int(period) / 1_000_000
