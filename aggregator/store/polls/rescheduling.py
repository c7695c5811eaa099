"""Corrections of the schedule that no poll makes: after an outage, a pause, a step of the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import (
    MICROSECOND,
    instant,
    micros,
    optional_instant,
    optional_micros,
)
from aggregator.schedule import corrections, resume
from aggregator.schedule.policy import first_allowed
from aggregator.schedule.source_health import forgive as forgiven
from aggregator.store.polls import mirrors
from aggregator.store.rows.typed_rows import health_of, hints_of, problem_to_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from aggregator.model import Problem


def forgive(db: sqlite3.Connection, source_ids: tuple[int, ...]) -> None:
    """Count the newest failure of these sources for nothing."""
    for source_id in source_ids:
        row = db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
        health = forgiven(health_of(row))
        db.execute(
            """UPDATE sources SET failures = ?, failing_since_at = ?, next_poll_at = ?
                WHERE id = ?""",
            (
                health.failures,
                optional_micros(health.failing_since_at),
                micros(health.next_poll_at),
                source_id,
            ),
        )
        mirrors.forgive(db, source_id)


def spread(
    db: sqlite3.Connection, now: datetime, dice: Callable[[], float]
) -> list[tuple[int, int, int]]:
    """Return when to poll each source that is overdue at `now`, its id, and when it was due."""
    overdue = db.execute(
        """SELECT id, next_poll_at, document_hints FROM sources
          WHERE removed_at IS NULL AND enabled = 1
            AND last_poll_at IS NOT NULL AND next_poll_at <= ? ORDER BY next_poll_at, id""",
        (micros(now),),
    ).fetchall()
    moments = resume.spread(len(overdue), now=now, dice=dice)
    return [
        (
            micros(first_allowed(hints_of(row["document_hints"]), at)[0]),
            row["id"],
            row["next_poll_at"],
        )
        for at, row in zip(moments, overdue, strict=True)
    ]


def put_off(db: sqlite3.Connection, planned: Sequence[tuple[int, int, int]]) -> None:
    """Let sources be due when `spread` says; what was polled meanwhile stays as it is."""
    db.executemany("UPDATE sources SET next_poll_at = ? WHERE id = ? AND next_poll_at = ?", planned)


def is_clock_set_back(db: sqlite3.Connection, now: int) -> bool:
    """Tell whether some source was polled at a moment that is still to come."""
    return bool(_clock_step(db, now))


def follow_clock_back(db: sqlite3.Connection, now: int) -> timedelta:
    """After the clock was set back: move what was planned by the same step; return it."""
    by = _clock_step(db, now)
    step = by // MICROSECOND
    db.execute(
        """UPDATE sources SET next_poll_at = next_poll_at - :step,
                  not_before_at = not_before_at - :step, last_poll_at = :now
            WHERE last_poll_at > :now""",
        {"step": step, "now": now},
    )
    db.execute("UPDATE gates SET until_at = until_at - ? WHERE until_at > ?", (step, now + step))
    db.execute("UPDATE leases SET until_at = until_at - ?", (step,))
    return by


def _clock_step(db: sqlite3.Connection, now: int) -> timedelta:
    (newest,) = db.execute(
        "SELECT max(last_poll_at) FROM sources WHERE removed_at IS NULL"
    ).fetchone()
    return corrections.step_back(optional_instant(newest), instant(now))


def postpone(connection: sqlite3.Connection, source_id: int, at: int, problem: Problem) -> None:
    """Let a source be due then, and show its problem."""
    connection.execute(
        "UPDATE sources SET next_poll_at = ?, problem = ? WHERE id = ?",
        (at, problem_to_text(problem), source_id),
    )
