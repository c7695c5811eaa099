"""Corrections of the schedule that no poll makes: after an outage, a pause, a step of the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND, micros
from aggregator.schedule import resume
from aggregator.schedule.policy import first_allowed
from aggregator.store.rows import hints_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

#: A clock that stands this far before a source's last poll has been set back.
CLOCK_STEP = timedelta(minutes=1)


def forgive(db: sqlite3.Connection, source_ids: tuple[int, ...]) -> None:
    """Count the newest failure of these sources for nothing."""
    for source_id in source_ids:
        db.execute(
            """UPDATE sources SET failures = max(failures - 1, 0),
                      failing_since_at = CASE WHEN failures > 1 THEN failing_since_at END,
                      next_poll_at = min(next_poll_at, last_poll_at) WHERE id = ?""",
            (source_id,),
        )
        db.execute(
            """UPDATE mirrors SET failures = max(failures - 1, 0), resting_until_at = NULL
                WHERE source_id = ?""",
            (source_id,),
        )


def spread(db: sqlite3.Connection, now: datetime, dice: Callable[[], float]) -> int:
    """Spread the sources that are overdue at `now`; return how many."""
    overdue = db.execute(
        """SELECT id, document_hints FROM sources WHERE removed_at IS NULL AND enabled = 1
            AND last_poll_at IS NOT NULL AND next_poll_at <= ? ORDER BY next_poll_at, id""",
        (micros(now),),
    ).fetchall()
    moments = resume.spread(len(overdue), now=now, dice=dice)
    planned = [
        (micros(first_allowed(hints_of(row["document_hints"]), at)[0]), row["id"])
        for at, row in zip(moments, overdue, strict=True)
    ]
    db.executemany("UPDATE sources SET next_poll_at = ? WHERE id = ?", planned)
    return len(overdue)


def is_clock_set_back(db: sqlite3.Connection, now: int) -> bool:
    """Tell whether some source was polled at a moment that is still to come."""
    stepped = db.execute(
        "SELECT 1 FROM sources WHERE removed_at IS NULL AND last_poll_at > ? LIMIT 1",
        (now + CLOCK_STEP // MICROSECOND,),
    ).fetchone()
    return stepped is not None


def follow_clock_back(db: sqlite3.Connection, now: int) -> None:
    """After the clock was set back: move what was planned by the same step.

    Otherwise sources would stay silent for as long as the step was; moved together, they keep
    their pauses and their distance from each other.
    """
    (newest,) = db.execute("SELECT max(last_poll_at) FROM sources").fetchone()
    step = max(newest - now, 0)
    db.execute(
        """UPDATE sources SET next_poll_at = next_poll_at - :step,
                  not_before_at = not_before_at - :step, last_poll_at = :now
            WHERE last_poll_at > :now""",
        {"step": step, "now": now},
    )
    db.execute("UPDATE gates SET until_at = until_at - ? WHERE until_at > ?", (step, now + step))
