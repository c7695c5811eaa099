"""What all sources did lately, in figures that are few however many sources there are."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from aggregator.model.health import Busy, Overview, SourceDay
from aggregator.model.instants import MICROSECOND
from aggregator.store.rows.typed_rows import source_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.upkeep import database_days
from aggregator.stories.concealment import public_title

if TYPE_CHECKING:
    import sqlite3

    from aggregator.rules.secrets import Secrets

#: Sources that are told by themselves: those with most new entries.
BUSIEST = 6

_EPOCH = date(1970, 1, 1)


def overview(
    connection: sqlite3.Connection, secrets: Secrets, *, since: date, until: date
) -> Overview:
    """Return what became of all sources from one day to another, both included."""
    span = ((since - _EPOCH).days, (until - _EPOCH).days)
    days = connection.execute(
        """SELECT d.day, sum(d.polls) AS polls, sum(d.unmodified) AS unmodified,
                  sum(d.failures) AS failures, sum(d.new) AS new
             FROM source_days d JOIN sources s ON s.id = d.source_id
            WHERE s.removed_at IS NULL AND d.day BETWEEN ? AND ? GROUP BY d.day ORDER BY d.day""",
        span,
    ).fetchall()
    busiest = connection.execute(
        """SELECT s.id, s.config, s.document_title FROM (
              SELECT source_id, sum(new) AS new FROM source_days
               WHERE day BETWEEN ? AND ? GROUP BY source_id HAVING sum(new) > 0) AS d
             JOIN sources s ON s.id = d.source_id
            WHERE s.removed_at IS NULL ORDER BY d.new DESC, s.id LIMIT ?""",
        (*span, BUSIEST),
    ).fetchall()
    of_source = _days_of(connection, [row["id"] for row in busiest], span)
    delays = connection.execute(
        """SELECT delay FROM sources WHERE removed_at IS NULL AND delay IS NOT NULL
              AND enabled = 1"""
    ).fetchall()
    (pricing,) = connection.execute("SELECT pricing FROM counters").fetchone()
    return Overview(
        days=tuple(map(_day, days)),
        busiest=tuple(
            Busy(
                public_title(source_of(row["config"]), row["document_title"], secrets),
                tuple(of_source[row["id"]]),
            )
            for row in busiest
        ),
        delays=tuple(delay * MICROSECOND for (delay,) in delays),
        sizes=database_days.noted(connection),
        pricing=pricing,
    )


def _days_of(
    connection: sqlite3.Connection, source_ids: list[int], span: tuple[int, int]
) -> dict[int, list[SourceDay]]:
    found: dict[int, list[SourceDay]] = defaultdict(list)
    statement = """SELECT * FROM source_days WHERE day BETWEEN ? AND ?
                      AND source_id IN ({marks}) ORDER BY source_id, day"""
    for row in rows_of(connection, statement, source_ids, *span):
        found[row["source_id"]].append(_day(row))
    return found


def _day(row: sqlite3.Row) -> SourceDay:
    return SourceDay(
        _EPOCH + timedelta(days=row["day"]),
        row["polls"],
        row["unmodified"],
        row["failures"],
        row["new"],
    )
