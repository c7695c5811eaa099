"""Rows of hosts that are left alone for a while: what each answer adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Failed, Gone, Mirror
from aggregator.model.instants import MICROSECOND, optional_instant, optional_micros
from aggregator.schedule.host_holds import (
    LIMITING,
    STRIKES_KEPT,
    Temper,
    answering_host,
    eased,
    hold_of,
    is_limit,
    struck,
)

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from aggregator.model import Attempt, PollState
    from aggregator.store.engines.engine import TakeTurn


def follow(
    connection: sqlite3.Connection,
    state: PollState,
    attempt: Attempt,
    now: datetime,
    *,
    take_turn: TakeTurn,
) -> datetime | None:
    """Store what an answer says of its host; return the end of its hold where that is a limit.

    `state` is from before the poll. What a host asked for before still holds; others may hear from
    it at the same time.
    """
    host = answering_host(attempt)
    asked = next((one for one in state.mirrors if one.url == attempt.url), Mirror(attempt.url))
    is_doubtful = isinstance(attempt.outcome, Failed) and attempt.outcome.status in LIMITING
    well_at = _well_at(connection, host, state) if is_doubtful else None
    before = _temper(connection, host)
    after, limited_until_at = _followed(before, asked, attempt, host_well_at=well_at, now=now)
    if after != before:
        take_turn(connection)
        before = _temper(connection, host)
        after, limited_until_at = _followed(before, asked, attempt, host_well_at=well_at, now=now)
        _keep(connection, host, after)
    return limited_until_at


def _followed(
    before: Temper, asked: Mirror, attempt: Attempt, *, host_well_at: datetime | None, now: datetime
) -> tuple[Temper, datetime | None]:
    """Return a host's temper after an answer, and the end of its hold where that is a limit."""
    if not isinstance(attempt.outcome, Failed | Gone):
        return eased(before), None
    hold = hold_of(attempt, now)
    if hold is not None:
        until_at = max(hold.until_at, before.until_at or hold.until_at)
        return Temper(before.strikes, until_at), None
    if not is_limit(attempt, asked, before, host_well_at=host_well_at, now=now):
        return before, None
    after = struck(before, now)
    return after, after.until_at


def forget(connection: sqlite3.Connection, now: int) -> None:
    """Drop the rows of holds that are over and do not lengthen another one."""
    long_ago = now - STRIKES_KEPT // MICROSECOND
    connection.execute(
        "DELETE FROM gates WHERE until_at < ? AND (strikes = 0 OR until_at < ?)", (now, long_ago)
    )


def _temper(connection: sqlite3.Connection, host: str) -> Temper:
    row = connection.execute(
        "SELECT strikes, until_at FROM gates WHERE host = ?", (host,)
    ).fetchone()
    return Temper() if row is None else Temper(row["strikes"], optional_instant(row["until_at"]))


def _keep(connection: sqlite3.Connection, host: str, temper: Temper) -> None:
    connection.execute(
        """INSERT INTO gates (host, strikes, until_at) VALUES (?, ?, ?)
           ON CONFLICT (host) DO UPDATE
              SET strikes = excluded.strikes, until_at = excluded.until_at""",
        (host, temper.strikes, optional_micros(temper.until_at)),
    )


def _well_at(connection: sqlite3.Connection, host: str, state: PollState) -> datetime | None:
    """Return when a source of `host`, or this one, last answered well."""
    (others,) = connection.execute(
        """SELECT max(s.last_success_at) FROM mirrors m JOIN sources s ON s.id = m.source_id
            WHERE m.host = ? AND m.position = 0 AND m.failures = 0 AND s.removed_at IS NULL""",
        (host,),
    ).fetchone()
    moments = (state.last_success_at, optional_instant(others))
    return max((at for at in moments if at is not None), default=None)
