"""Work that is handed out to other processes: sources of one queue, polled one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Batch:
    """Due sources of one queue, handed out together, longest overdue first.

    `claimed_by` is the name of their leases. `has_new`: one of them was never polled yet.
    `shortest_wait` is the shortest time from a poll to the next one among those that were, `None`
    where none was. `due_since_at` is when the first of them was due.
    """

    claimed_by: str
    queue: str
    source_ids: tuple[int, ...]
    has_new: bool
    shortest_wait: timedelta | None
    due_since_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """Sources that are due and handed out to nobody, but for those whose hosts asked to wait.

    `due` counts no further than `COUNTED`. `due_since_at` is when the first of them was due, `None`
    where there are none.
    """

    due: int
    due_since_at: datetime | None


#: So far is a backlog counted.
COUNTED = 10_000
