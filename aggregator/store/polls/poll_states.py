"""What polls need to know of sources, read from their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import instant
from aggregator.schedule import history
from aggregator.store.polls.mirrors import mirrors_of
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.slices import ROWS
from aggregator.store.rows.typed_rows import state_of

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from aggregator.model import Lease, PollState

#: What of a source's row a poll needs to know.
_SELECT = """SELECT id, config, failures, failing_since_at, first_polled_at, last_poll_at,
    last_success_at, next_poll_at, not_before_at, document_hints, habits FROM sources"""

#: Dates of a source's newest entries that a poll's plan may look at.
ARRIVALS = 50


def enabled(connection: sqlite3.Connection) -> list[PollState]:
    """Return the states of all enabled sources, in the configuration's order."""
    rows = connection.execute(
        f"{_SELECT} WHERE removed_at IS NULL AND enabled = 1 ORDER BY position"
    )
    return [_state(connection, row) for row in rows.fetchall()]


def some(connection: sqlite3.Connection, after: int) -> tuple[list[PollState], int | None]:
    """Return the states of some enabled sources whose ids are beyond `after`, and where to go on.

    `None` where there are no further ones.
    """
    rows = connection.execute(
        f"{_SELECT} WHERE id > ? AND removed_at IS NULL AND enabled = 1 ORDER BY id LIMIT ?",
        (after, ROWS),
    ).fetchall()
    states = [_state(connection, row) for row in rows]
    return states, rows[-1]["id"] if len(rows) == ROWS else None


def named(connection: sqlite3.Connection, names: tuple[str, ...]) -> list[PollState]:
    """Return the states of the configured sources with these names, in the same order."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        f"""{_SELECT} WHERE removed_at IS NULL
              AND name IN (SELECT value FROM json_each(?)) ORDER BY position""",  # noqa: S608 -- built of constants
        (dumps(names),),
    )
    return [_state(connection, row) for row in rows.fetchall()]


def leased(connection: sqlite3.Connection, source_id: int, lease: Lease) -> PollState:
    """Return the state of a leased source, whether it is configured still or was removed."""
    found = connection.execute(f"{_SELECT} WHERE id = ?", (source_id,))
    return _state(connection, found.fetchone(), lease)


def _state(
    connection: sqlite3.Connection, row: sqlite3.Row, lease: Lease | None = None
) -> PollState:
    mirrors, habits = mirrors_of(connection, row["id"]), row["habits"]
    if habits is not None and history.stored(habits) is not None:
        return state_of(row, mirrors, (), lease)  # nobody asks for arrivals
    return state_of(row, mirrors, _arrivals(connection, row["id"]), lease)


def _arrivals(connection: sqlite3.Connection, source_id: int) -> tuple[datetime, ...]:
    rows = connection.execute(
        """SELECT published_at FROM entries WHERE source_id = ?
            ORDER BY published_at DESC LIMIT ?""",
        (source_id, ARRIVALS),
    )
    return tuple(instant(published_at) for (published_at,) in rows)
