"""The URLs of a source: what each answered last, how it fares, where it moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from aggregator.model import Failed, Fetched, Gone, Mirror, NotModified, Problem, ProblemKind
from aggregator.model.instants import instant, micros, optional_micros
from aggregator.model.notes import (
    FailingMirror,
    FailingMirrors,
    Moved,
    Note,
    NoteKind,
    Unconditional,
)
from aggregator.schedule.mirror_choice import rest
from aggregator.schedule.permanent_redirects import (
    FAILURES_TO_FORGET,
    Sighting,
    is_lasting,
    sight,
)
from aggregator.store import note_rows
from aggregator.store.codec import loads
from aggregator.store.rows import mirror_of, problem_to_text
from aggregator.web.addresses import origin_of
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from aggregator.model import Attempt, Source


def synchronise(connection: sqlite3.Connection, source_id: int, source: Source) -> None:
    """Make the stored URLs those that are configured; one that stays keeps what is known of it."""
    stored = {
        url
        for (url,) in connection.execute(
            "SELECT url FROM mirrors WHERE source_id = ?", (source_id,)
        )
    }
    connection.executemany(
        "DELETE FROM mirrors WHERE source_id = ? AND url = ?",
        [(source_id, url) for url in stored - set(source.urls)],
    )
    connection.executemany(
        """INSERT INTO mirrors (source_id, url, host, position) VALUES (?, ?, ?, ?)
           ON CONFLICT (source_id, url) DO UPDATE SET position = excluded.position""",
        [(source_id, url, origin_of(url), position) for position, url in enumerate(source.urls)],
    )


def forget_documents(connection: sqlite3.Connection, source_id: int) -> None:
    """Ask for the whole document again: it is to be read in another way."""
    connection.execute(
        """UPDATE mirrors SET etag = NULL, last_modified = NULL, validators_url = NULL,
                  body_sha256 = NULL WHERE source_id = ?""",
        (source_id,),
    )


def mirrors_of(connection: sqlite3.Connection, source_id: int) -> tuple[Mirror, ...]:
    """Return the URLs of a source, the preferred one first."""
    rows = connection.execute(
        """SELECT m.*, g.until_at AS gated_until_at
             FROM mirrors m LEFT JOIN gates g ON g.host = m.host
            WHERE m.source_id = ? ORDER BY m.position""",
        (source_id,),
    )
    return tuple(mirror_of(row) for row in rows)


def record(
    connection: sqlite3.Connection, source: Source, source_id: int, attempt: Attempt, now: datetime
) -> None:
    """Store what one request taught of the URL that was asked."""
    where = (source_id, attempt.url)
    if attempt.unconditional is not None:
        connection.execute(
            """UPDATE mirrors SET unconditional = unconditional + 1
                WHERE source_id = ? AND url = ?""",
            where,
        )
    match attempt.outcome:
        case Fetched(validators=validators, sha256=sha256, permanent_url=permanent_url) as answer:
            connection.execute(
                """UPDATE mirrors SET etag = ?, last_modified = ?, validators_url = ?,
                          body_sha256 = ?, failures = 0, resting_until_at = NULL, problem = NULL,
                          certificate_until_at = ?
                    WHERE source_id = ? AND url = ?""",
                (
                    validators.etag,
                    validators.last_modified,
                    validators.url,
                    sha256,
                    optional_micros(answer.certificate_until_at),
                    *where,
                ),
            )
            _follow_move(connection, where, permanent_url, now)
        case NotModified(validators=validators, permanent_url=permanent_url) as answer:
            connection.execute(
                """UPDATE mirrors SET etag = coalesce(?, etag),
                          last_modified = coalesce(?, last_modified),
                          failures = 0, resting_until_at = NULL, problem = NULL,
                          certificate_until_at = ?
                    WHERE source_id = ? AND url = ?""",
                (
                    validators.etag,
                    validators.last_modified,
                    optional_micros(answer.certificate_until_at),
                    *where,
                ),
            )
            _follow_move(connection, where, permanent_url, now)
        case Failed(problem=problem) | Gone(problem=problem):
            _record_failure(connection, source, where, problem, now)
        case _:
            assert_never(attempt.outcome)


def _record_failure(
    connection: sqlite3.Connection,
    source: Source,
    where: tuple[int, str],
    problem: Problem,
    now: datetime,
) -> None:
    row = connection.execute(
        "SELECT failures, moved_url FROM mirrors WHERE source_id = ? AND url = ?", where
    ).fetchone()
    if row is None:
        return
    failures = row["failures"] + 1
    forget = row["moved_url"] is not None and (
        failures >= FAILURES_TO_FORGET or problem.kind is ProblemKind.GONE
    )
    if forget:
        note_rows.drop(connection, NoteKind.MOVED, source_id=where[0])
    # A source's only URL rests by the source's own schedule.
    resting = now + rest(failures) if len(source.urls) > 1 else None
    connection.execute(
        """UPDATE mirrors SET failures = ?, problem = ?, resting_until_at = ?,
                  moved_url = CASE WHEN ? THEN NULL ELSE moved_url END
            WHERE source_id = ? AND url = ?""",
        (failures, problem_to_text(problem), optional_micros(resting), forget, *where),
    )


def _follow_move(
    connection: sqlite3.Connection,
    where: tuple[int, str],
    permanent_url: str | None,
    now: datetime,
) -> None:
    row = connection.execute(
        "SELECT * FROM mirrors WHERE source_id = ? AND url = ?", where
    ).fetchone()
    if row is None or (permanent_url is None and row["sighted_url"] is None):
        return
    before = None
    if row["sighted_url"] is not None:
        before = Sighting(
            row["sighted_url"], instant(row["sighted_since_at"]), row["sighted_polls"]
        )
    after = sight(before, permanent_url, now)
    believed = after is not None and is_lasting(after, now)
    kept = None if believed else after
    connection.execute(
        """UPDATE mirrors SET sighted_url = ?, sighted_since_at = ?, sighted_polls = ?,
                  moved_url = coalesce(?, moved_url) WHERE source_id = ? AND url = ?""",
        (
            None if kept is None else kept.url,
            None if kept is None else micros(kept.since_at),
            0 if kept is None else kept.polls,
            after.url if after is not None and believed else None,
            *where,
        ),
    )
    if after is not None and believed:
        moved = Moved(redact(after.url))
        note_rows.put(connection, moved, micros(now), source_id=where[0])


def failing(db: sqlite3.Connection) -> tuple[Note, ...]:
    """Name the mirrors that fail while their source is well: others answer for them."""
    rows = db.execute(
        """SELECT s.name, m.url, m.failures, m.problem
             FROM mirrors m JOIN sources s ON s.id = m.source_id
            WHERE m.failures > 0 AND m.problem IS NOT NULL AND s.problem IS NULL
              AND s.removed_at IS NULL
            ORDER BY s.position, m.position"""
    )
    failing: dict[str, tuple[FailingMirror, ...]] = {}
    for name, url, failures, problem in rows.fetchall():
        mirror = FailingMirror(redact(url), failures, loads(Problem, problem))
        failing[name] = (*failing.get(name, ()), mirror)
    return tuple(Note(FailingMirrors(mirrors), name) for name, mirrors in failing.items())


def unconditional(db: sqlite3.Connection) -> tuple[Note, ...]:
    """Name the sources that were asked for everything though we hold validators."""
    rows = db.execute(
        """SELECT s.name, sum(m.unconditional) FROM mirrors m JOIN sources s ON s.id = m.source_id
            WHERE m.unconditional > 0 AND s.removed_at IS NULL GROUP BY s.id"""
    )
    return tuple(Note(Unconditional(count), name) for name, count in rows.fetchall())
