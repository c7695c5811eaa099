"""How sources fare, as `status` and `explain` show it: one row each, and their last polls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import PastPoll, PollOutcome, Problem, SourceStatus
from aggregator.model.instants import instant, optional_instant
from aggregator.rules.held_secrets import open_url
from aggregator.store.rows.codec import dumps, loads
from aggregator.store.rows.typed_rows import problem_of, source_of
from aggregator.stories.concealment import public_site, public_title
from aggregator.stories.unstable_ids import UNSTABLE_POLLS

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from aggregator.rules.secrets import Secrets


def statuses(
    connection: sqlite3.Connection, secrets: Secrets, names: tuple[str, ...] | None = None
) -> list[SourceStatus]:
    """Return one row a configured source, of `names` or all, in the configuration's order.

    None of `secrets` is in what its documents say of it.
    """
    # sqlite: a list of values is one parameter, as JSON
    named = "" if names is None else "AND name IN (SELECT value FROM json_each(:names))"
    rows = connection.execute(
        f"""SELECT s.*, (SELECT sum(unconditional) FROM mirrors WHERE source_id = s.id)
                   AS unconditional,
                   (SELECT CASE WHEN count(*) = count(g.until_at) THEN min(g.until_at) END
                      FROM mirrors m LEFT JOIN gates g ON g.host = m.host
                     WHERE m.source_id = s.id) AS host_until_at,
                   (SELECT count(*) FROM entries WHERE source_id = s.id) AS entries
              FROM sources s WHERE removed_at IS NULL {named} ORDER BY position""",  # noqa: S608 -- built of constants
        {"names": dumps(names)},
    )
    return [_status_of(row, secrets) for row in rows.fetchall()]


def failing(connection: sqlite3.Connection) -> dict[str, Problem]:
    """Return what is wrong with the enabled sources that fail, by their names."""
    rows = connection.execute(
        """SELECT name, problem FROM sources WHERE problem IS NOT NULL AND removed_at IS NULL
              AND enabled = 1 ORDER BY position"""
    )
    return {name: loads(Problem, text) for name, text in rows.fetchall()}


def history(connection: sqlite3.Connection, source_id: int, most: int) -> list[PastPoll]:
    """Return the newest polls of a source, newest first."""
    rows = connection.execute(
        """SELECT polled_at, outcome, problem, new, updated, because FROM polls
            WHERE source_id = ? ORDER BY id DESC LIMIT ?""",
        (source_id, most),
    )
    return [
        PastPoll(
            polled_at=instant(row["polled_at"]),
            outcome=PollOutcome(row["outcome"]),
            problem=problem_of(row["problem"]),
            new=row["new"],
            updated=row["updated"],
            because=row["because"],
        )
        for row in rows.fetchall()
    ]


def _next_poll_at(row: sqlite3.Row) -> datetime:
    """Return when the source is polled next: when it is due, and no wait is left."""
    moments = (row["next_poll_at"], row["not_before_at"], row["host_until_at"])
    return instant(max(moment for moment in moments if moment is not None))


def _status_of(row: sqlite3.Row, secrets: Secrets) -> SourceStatus:
    source = source_of(row["config"])
    title = public_title(source, row["document_title"], secrets)
    return SourceStatus(
        name=source.name,
        url=secrets.conceal(open_url(source, source.url)),
        title=None if title == source.name else title,
        enabled=source.enabled,
        entries=row["entries"],
        last_poll_at=optional_instant(row["last_poll_at"]),
        last_success_at=optional_instant(row["last_success_at"]),
        next_poll_at=_next_poll_at(row) if source.enabled else None,
        host_until_at=optional_instant(row["host_until_at"]),
        because=row["because"],
        problem=problem_of(row["problem"]),
        tags=source.tags,
        site_url=public_site(row["site_url"], secrets),
        unstable_ids=row["unstable_polls"] >= UNSTABLE_POLLS,
        unconditional=row["unconditional"],
    )
