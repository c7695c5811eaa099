"""What a process does with a database on a server, as far as others must know of it."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """Who opens a database: a process that does everything alone, or one that others work beside.

    Its value is the command's name.
    """

    ALONE = "run"
    COMMAND = "poll"
    SCHEDULER = "scheduler"
    WORKER = "worker"
    WEB = "web"

    @property
    def shares(self) -> bool:
        """Whether others may be at work on the same database, who hand out and take leases."""
        return self is not Role.ALONE
