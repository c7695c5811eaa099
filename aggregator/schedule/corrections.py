"""Corrections of the schedule that no poll makes: of a failure that was our own, of the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.schedule.mirror_record import MirrorRecord

#: A clock that is this far before a source's last poll has been set back.
CLOCK_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Course:
    """How a source fares: its failures in a row, since when, and when it was and will be polled."""

    failures: int
    failing_since_at: datetime | None
    last_poll_at: datetime | None
    next_poll_at: datetime


def forgive(course: Course) -> Course:
    """Return the course once its newest failure counts for nothing: the poll is due again."""
    failures = max(course.failures - 1, 0)
    return replace(
        course,
        failures=failures,
        failing_since_at=course.failing_since_at if failures else None,
        next_poll_at=min(course.next_poll_at, course.last_poll_at or course.next_poll_at),
    )


def forgive_mirror(record: MirrorRecord) -> MirrorRecord:
    """Return what is remembered of a URL once its newest failure counts for nothing."""
    return replace(record, failures=max(record.failures - 1, 0), resting_until_at=None)


def step_back(newest_poll_at: datetime | None, now: datetime) -> timedelta:
    """Return by how much the clock was set back since the newest poll of all, else nothing.

    All that is planned moves by the same step: otherwise sources would stay silent for as long as
    it was; moved together, they keep their pauses and their distance from each other.
    """
    if newest_poll_at is None or newest_poll_at - now <= CLOCK_STEP:
        return timedelta()
    return newest_poll_at - now
