"""How sources fared lately: their days, their delays, and all of one of them."""

# sqlite: the whole module

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.model.health import (
    MirrorHealth,
    SourceDay,
    SourceRecord,
    SourceReport,
    StoreFigures,
    Trouble,
)
from aggregator.model.instants import MICROSECOND, instant, micros, optional_instant
from aggregator.operations import AlarmKind
from aggregator.rules.held_secrets import open_url
from aggregator.store.pages.source_status import history, statuses
from aggregator.store.rows.typed_rows import problem_of, source_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from aggregator.rules.secrets import Secrets

_EPOCH = date(1970, 1, 1)
#: Polls and entries of one source that its page looks at.
SHOWN_POLLS = 50
DATED_ENTRIES = 500
#: A poll that is due waits a moment for its turn; this long says that there are too many.
OVERDUE = timedelta(minutes=10)


def healths(connection: sqlite3.Connection, secrets: Secrets) -> tuple[SourceRecord, ...]:
    """Return the row and the days of every configured source, in its order."""
    days = _days(connection)
    rows = connection.execute("SELECT name, id, delay FROM sources WHERE removed_at IS NULL")
    known = {row["name"]: row for row in rows.fetchall()}
    return tuple(
        SourceRecord(one, tuple(days.get(known[one.name]["id"], ())), _delay(known[one.name]))
        for one in statuses(connection, secrets)
    )


def report(connection: sqlite3.Connection, secrets: Secrets, name: str) -> SourceReport | None:
    """Return all of one source, `None` where none has this name."""
    row = _row(connection, name)
    if row is None:
        return None
    (status,) = statuses(connection, secrets, (name,))
    published = connection.execute(
        """SELECT published_at FROM entries WHERE source_id = ? AND dated = 1
            ORDER BY order_key DESC LIMIT ?""",
        (row["id"], DATED_ENTRIES),
    ).fetchall()
    days = _days(connection, row["id"]).get(row["id"], [])
    return SourceReport(
        health=SourceRecord(status, tuple(days), _delay(row)),
        mirrors=_mirrors(connection, secrets, row),
        polls=tuple(history(connection, row["id"], SHOWN_POLLS)),
        troubles=_troubles(connection, row["id"]),
        published_at=tuple(instant(at) for (at,) in published),
    )


def figures(
    connection: sqlite3.Connection, now: datetime, bytes_on_disk: Mapping[str, int]
) -> StoreFigures:
    """Return what is counted of all sources; reads the rows of those that are overdue alone."""
    (overdue,) = connection.execute(
        """SELECT count(*) FROM sources
            WHERE removed_at IS NULL AND enabled = 1 AND next_poll_at <= :late
              AND EXISTS (SELECT 1 FROM mirrors m WHERE m.source_id = sources.id
                    AND NOT EXISTS (SELECT 1 FROM gates g
                                     WHERE g.host = m.host AND g.until_at > :now))""",
        {"late": micros(now - OVERDUE), "now": micros(now)},
    ).fetchone()
    found = dict.fromkeys((kind.value for kind in AlarmKind), 0)
    found |= dict(
        connection.execute("SELECT kind, count(*) FROM alarms WHERE ended_at IS NULL GROUP BY kind")
    )
    return StoreFigures(overdue, tuple(found.items()), tuple(bytes_on_disk.items()))


def _row(connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT id, config, delay FROM sources WHERE name = ? AND removed_at IS NULL",
        (name,),
    ).fetchone()
    return row


def _days(
    connection: sqlite3.Connection, source_id: int | None = None
) -> dict[int, list[SourceDay]]:
    found: dict[int, list[SourceDay]] = defaultdict(list)
    of_one = "" if source_id is None else "WHERE source_id = :source"
    for row in connection.execute(
        f"SELECT * FROM source_days {of_one} ORDER BY source_id, day",  # noqa: S608 -- built of constants
        {"source": source_id},
    ):
        day = _EPOCH + timedelta(days=row["day"])
        found[row["source_id"]].append(
            SourceDay(day, row["polls"], row["unmodified"], row["failures"], row["new"])
        )
    return found


def _delay(row: sqlite3.Row) -> timedelta | None:
    return None if row["delay"] is None else row["delay"] * MICROSECOND


def _mirrors(
    connection: sqlite3.Connection, secrets: Secrets, row: sqlite3.Row
) -> tuple[MirrorHealth, ...]:
    source = source_of(row["config"])

    def told(url: str | None) -> str | None:
        return None if url is None else secrets.conceal(open_url(source, url))

    return tuple(
        MirrorHealth(
            url=told(one["url"]) or "",
            moved_url=told(one["moved_url"]),
            failures=one["failures"],
            problem=problem_of(one["problem"]),
            resting_until_at=optional_instant(one["resting_until_at"]),
            document_at=optional_instant(one["document_at"]),
            certificate_until_at=optional_instant(one["certificate_until_at"]),
        )
        for one in connection.execute(
            "SELECT * FROM mirrors WHERE source_id = ? ORDER BY position", (row["id"],)
        ).fetchall()
    )


def _troubles(connection: sqlite3.Connection, source_id: int) -> tuple[Trouble, ...]:
    rows = connection.execute(
        "SELECT kind, since_at, ended_at FROM alarms WHERE subject = ? ORDER BY since_at DESC",
        (f"source {source_id}",),
    )
    return tuple(
        Trouble(row["kind"], instant(row["since_at"]), optional_instant(row["ended_at"]))
        for row in rows.fetchall()
    )
