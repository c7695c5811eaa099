"""The members of a fleet, as they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A process of a fleet; `role` is the command's name.

    `slots` are the batches that a worker polls at a time. `is_working`: it is no scheduler that
    waits for another one's end, and no worker that drains. `jobs` and `polls` count from its start.
    `is_heard_of`: it said so a moment ago.
    """

    name: str
    role: str
    host: str
    pid: int
    slots: int = 0
    trouble: str | None = None
    is_working: bool = True
    jobs: int = 0
    polls: int = 0
    started_at: datetime | None = None
    seen_at: datetime | None = None
    is_heard_of: bool = True


@dataclass(frozen=True, slots=True)
class FleetState:
    """A fleet at a moment.

    `waiting` are the batches that no worker has begun, `doing` those that one has. `lag_s` is how
    long the oldest of `waiting` has waited, in seconds. `rescued` counts the batches whose workers
    died, since ever.
    """

    members: tuple[Member, ...]
    waiting: int
    doing: int
    lag_s: float
    rescued: int
