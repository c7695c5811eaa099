"""How a source is doing from poll to poll: its failures in a row, and when it last succeeded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What the past of a source says of it, and when it is due next.

    `failures` are those in a row, the first of which was at `failing_since_at`. A source without
    `first_polled_at` has answered nothing yet.
    """

    next_poll_at: datetime
    failures: int = 0
    failing_since_at: datetime | None = None
    first_polled_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None


def after_poll(
    before: SourceHealth, *, failed: bool, now: datetime, next_poll_at: datetime
) -> SourceHealth:
    """Return the health after a poll that ended at `now`."""
    polled = replace(before, last_poll_at=now, next_poll_at=next_poll_at)
    if failed:
        return replace(
            polled,
            failures=before.failures + 1,
            failing_since_at=before.failing_since_at or now,
        )
    return replace(
        polled,
        failures=0,
        failing_since_at=None,
        first_polled_at=before.first_polled_at or now,
        last_success_at=now,
    )


def forgive(health: SourceHealth) -> SourceHealth:
    """Return the health once its newest failure counts for nothing: the poll is due again."""
    failures = max(health.failures - 1, 0)
    return replace(
        health,
        failures=failures,
        failing_since_at=health.failing_since_at if failures else None,
        next_poll_at=min(health.next_poll_at, health.last_poll_at or health.next_poll_at),
    )
