"""The URLs of a source: what each answered last, how it fares, where it moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import Failed, Gone, Mirror, Problem, Validators
from aggregator.model.instants import instant, micros, optional_instant, optional_micros
from aggregator.model.notes import (
    FailingMirror,
    FailingMirrors,
    HeldHost,
    Moved,
    Note,
    NoteKind,
    Unconditional,
)
from aggregator.schedule import corrections
from aggregator.schedule.mirror_record import MirrorRecord, learn
from aggregator.schedule.permanent_redirects import RedirectSighting
from aggregator.store.rows import note_rows
from aggregator.store.rows.codec import loads
from aggregator.store.rows.typed_rows import mirror_of, problem_to_text
from aggregator.web.addresses import origin_of
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from aggregator.model import Attempt, Source


def places_of(source: Source) -> tuple[tuple[str, str, int], ...]:
    """Return the URLs of a source as they are stored: each with its origin and its place."""
    return tuple((url, origin_of(url), position) for position, url in enumerate(source.urls))


def keep(
    connection: sqlite3.Connection,
    places: Iterable[tuple[int, tuple[tuple[str, str, int], ...]]],
) -> None:
    """Store the URLs of sources, by their ids, as `places_of` has them; what is known stays."""
    connection.executemany(
        """INSERT INTO mirrors (source_id, url, host, position) VALUES (?, ?, ?, ?)
           ON CONFLICT (source_id, url) DO UPDATE SET position = excluded.position""",
        [(source_id, *place) for source_id, of_source in places for place in of_source],
    )


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
    keep(connection, [(source_id, places_of(source))])


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
    row = connection.execute(
        "SELECT * FROM mirrors WHERE source_id = ? AND url = ?", (source_id, attempt.url)
    ).fetchone()
    if row is None:
        return
    before = _record_of(row)
    lesson = learn(before, attempt, has_others=len(source.urls) > 1, now=now)
    outcome = attempt.outcome
    problem = problem_to_text(outcome.problem) if isinstance(outcome, Failed | Gone) else None
    if lesson.record != before or problem != row["problem"]:
        _write(connection, row, lesson.record, problem)
    if lesson.forgot_move:
        note_rows.drop(connection, NoteKind.MOVED, source_id=source_id)
    if lesson.believed_url is not None:
        moved = Moved(redact(lesson.believed_url))
        note_rows.put(connection, moved, micros(now), source_id=source_id)


def forgive(connection: sqlite3.Connection, source_id: int) -> None:
    """Count the newest failure of a source's URLs for nothing."""
    rows = connection.execute("SELECT * FROM mirrors WHERE source_id = ?", (source_id,)).fetchall()
    for row in rows:
        _write(connection, row, corrections.forgive_mirror(_record_of(row)), row["problem"])


def _record_of(row: sqlite3.Row) -> MirrorRecord:
    sighting = None
    if row["sighted_url"] is not None:
        since_at = instant(row["sighted_since_at"])
        sighting = RedirectSighting(row["sighted_url"], since_at, row["sighted_polls"])
    return MirrorRecord(
        validators=Validators(row["etag"], row["last_modified"], row["validators_url"]),
        body_sha256=row["body_sha256"],
        document_at=optional_instant(row["document_at"]),
        failures=row["failures"],
        resting_until_at=optional_instant(row["resting_until_at"]),
        certificate_until_at=optional_instant(row["certificate_until_at"]),
        unconditional=row["unconditional"],
        sighting=sighting,
        moved_url=row["moved_url"],
    )


def _write(
    connection: sqlite3.Connection, row: sqlite3.Row, record: MirrorRecord, problem: str | None
) -> None:
    validators, sighting = record.validators, record.sighting
    connection.execute(
        """UPDATE mirrors SET etag = ?, last_modified = ?, validators_url = ?, body_sha256 = ?,
                  document_at = ?, failures = ?, resting_until_at = ?, certificate_until_at = ?,
                  unconditional = ?, sighted_url = ?, sighted_since_at = ?, sighted_polls = ?,
                  moved_url = ?, problem = ?
            WHERE source_id = ? AND url = ?""",
        (
            validators.etag,
            validators.last_modified,
            validators.url,
            record.body_sha256,
            optional_micros(record.document_at),
            record.failures,
            optional_micros(record.resting_until_at),
            optional_micros(record.certificate_until_at),
            record.unconditional,
            None if sighting is None else sighting.url,
            None if sighting is None else micros(sighting.since_at),
            0 if sighting is None else sighting.polls,
            record.moved_url,
            problem,
            row["source_id"],
            row["url"],
        ),
    )


def failing(db: sqlite3.Connection) -> tuple[Note, ...]:
    """Name the mirrors that fail: where others answer for them, and where several fail.

    Of a source that fails, its own problem is that of one of them, and says nothing of the others.
    """
    rows = db.execute(
        """SELECT s.name, m.url, m.failures, m.problem, s.problem IS NULL AS others_answer
             FROM mirrors m JOIN sources s ON s.id = m.source_id
            WHERE m.failures > 0 AND m.problem IS NOT NULL AND s.removed_at IS NULL
              AND (s.problem IS NULL
                   OR (SELECT count(*) FROM mirrors o WHERE o.source_id = s.id) > 1)
            ORDER BY s.position, m.position"""
    )
    failing: dict[str, FailingMirrors] = {}
    for name, url, failures, problem, others_answer in rows.fetchall():
        mirror = FailingMirror(redact(url), failures, loads(Problem, problem))
        known = failing.get(name)
        mirrors = (mirror,) if known is None else (*known.mirrors, mirror)
        failing[name] = FailingMirrors(mirrors, others_answer=bool(others_answer))
    return tuple(Note(found, name) for name, found in failing.items())


def held_hosts(db: sqlite3.Connection, now: datetime) -> tuple[Note, ...]:
    """Name the hosts that are left alone at `now`, with how many sources wait for that."""
    rows = db.execute(
        """SELECT g.host, g.until_at, count(DISTINCT s.id)
             FROM gates g JOIN mirrors m ON m.host = g.host JOIN sources s ON s.id = m.source_id
            WHERE g.until_at > ? AND s.removed_at IS NULL AND s.enabled = 1
            GROUP BY g.host ORDER BY g.host""",
        (micros(now),),
    )
    return tuple(
        Note(HeldHost(host, instant(until) - now, sources))
        for host, until, sources in rows.fetchall()
    )


def unconditional(db: sqlite3.Connection) -> tuple[Note, ...]:
    """Name the sources that were asked for everything though we hold validators."""
    rows = db.execute(
        """SELECT s.name, sum(m.unconditional) FROM mirrors m JOIN sources s ON s.id = m.source_id
            WHERE m.unconditional > 0 AND s.removed_at IS NULL GROUP BY s.id"""
    )
    return tuple(Note(Unconditional(count), name) for name, count in rows.fetchall())
