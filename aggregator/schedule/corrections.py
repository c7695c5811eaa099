"""Corrections that no poll makes: of a failure that was our own, of a clock that was set back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.schedule.mirror_record import MirrorRecord

#: A clock that is this far before a source's last poll has been set back.
CLOCK_STEP = timedelta(minutes=1)


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
