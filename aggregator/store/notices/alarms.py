"""The operations feed: what its looks see, the alarms that they leave, and what it told."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import (
    Category,
    Feed,
    Origin,
    Particulars,
    Person,
    Selection,
    SourceParticulars,
    Story,
)
from aggregator.model.instants import (
    MICROSECOND,
    instant,
    micros,
    optional_instant,
    optional_micros,
)
from aggregator.model.notes import Note, NoteKind
from aggregator.operations import (
    CERTIFICATE_NOTICE,
    Alarm,
    AlarmKind,
    Watched,
    WatchedFeed,
    WatchedSource,
    certificate_ends,
)
from aggregator.runtime.late_modules import LateModule
from aggregator.store.rows import note_rows
from aggregator.store.rows.typed_rows import feed_of, problem_of, source_of
from aggregator.stories.unstable_ids import UNSTABLE_POLLS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from aggregator.model.notes import Fact
    from aggregator.model.notices import Receiver
    from aggregator.operations import Told, deliveries
    from aggregator.rules.secrets import Secrets
    from aggregator.store.configured import list_rows
    from aggregator.store.notices import outbox
else:  # for those who want to be notified
    deliveries = LateModule("aggregator.operations.deliveries")
    outbox = LateModule("aggregator.store.notices.outbox")
    list_rows = LateModule(
        "aggregator.store.configured.list_rows"
    )  # most configurations have no list

#: What the feed keeps. The newest entry stays whatever its age: an id is never given twice.
KEPT_EVENTS = 200
KEPT_FOR = timedelta(days=90)

#: Who speaks in the feed.
AUTHOR = "aggregator"

#: No configured feed can have this name.
FEED = Feed(
    name="_status",
    title="aggregator: operations",
    sources=(),
    window=KEPT_FOR,
    min_entries=1,
    limit=KEPT_EVENTS,
    description="What is wrong with sources, feeds and the configuration, and what works again.",
    language="en",
    author=AUTHOR,
)
_MAKERS = (Person(AUTHOR),)

# Where several mirrors answer for each other, the certificate that matters is of the one in use:
# the first that does not fail. What was stored of the others may be long out of date.
#
# The order key of a source's newest entry is when it came, and of its first document's entries when
# they were published.
_SOURCES = f"""
    SELECT s.*,
           (SELECT data FROM notes WHERE source_id = s.id AND kind = '{NoteKind.MOVED}') AS moved,
           (SELECT data FROM notes WHERE source_id = s.id AND kind = '{NoteKind.GAPS}') AS gaps,
           coalesce((SELECT max(order_key) FROM entries WHERE source_id = s.id),
                    s.content_changed_at, s.created_at) AS newest_at,
           (SELECT certificate_until_at FROM mirrors m WHERE m.source_id = s.id AND m.failures = 0
             ORDER BY m.position LIMIT 1) AS certificate_until_at
      FROM sources s WHERE s.removed_at IS NULL AND s.enabled = 1
"""  # noqa: S608 -- made of constants

# A look is taken every minute, at all sources; of nearly all there is nothing to tell. What is
# left out here is what `look` would find nothing of.
#
# sqlite: a configuration is text, of which one value is read
_WORTH_A_LOOK = f"""
    SELECT * FROM ({_SOURCES}) s
     WHERE failing_since_at IS NOT NULL
        OR unstable_polls >= :unstable
        OR moved IS NOT NULL
        OR gaps IS NOT NULL
        OR certificate_until_at < :certificate
        OR EXISTS (SELECT 1 FROM alarms WHERE subject = 'source ' || s.id)
        OR (last_success_at - newest_at) / 1e6
           > CAST(json_extract(config, '$.expected_every') AS REAL)
     ORDER BY position
"""  # noqa: S608 -- made of constants


def watched(connection: sqlite3.Connection, now: datetime, lists: Collection[str] = ()) -> Watched:
    """Return what a look at `now` needs: sources, lists, feeds that people chose, configuration.

    Of the enabled sources those of which something is wrong or an alarm is kept; `lists` are the
    names of those that are configured.
    """
    bounds = {"unstable": UNSTABLE_POLLS, "certificate": micros(now + CERTIFICATE_NOTICE)}
    rows = connection.execute(_WORTH_A_LOOK, bounds)
    return Watched(
        sources=tuple(_watched_source(row) for row in rows),
        lists=list_rows.watched(connection, lists) if lists else (),
        feeds=_watched_feeds(connection),
        config=note_rows.of_the_whole(connection, NoteKind.NOT_RELOADED)
        or note_rows.of_the_whole(connection, NoteKind.RESTART_NEEDED),
    )


def _watched_source(row: sqlite3.Row) -> WatchedSource:
    source = source_of(row["config"])
    return WatchedSource(
        key=f"source {row['id']}",
        name=source.name,
        newest_at=instant(row["newest_at"]),
        private=source.private,
        expected_every=source.expected_every,
        next_poll_at=instant(row["next_poll_at"]),
        last_success_at=optional_instant(row["last_success_at"]),
        failing_since_at=optional_instant(row["failing_since_at"]),
        problem=problem_of(row["problem"]),
        moved=_fact(NoteKind.MOVED, row["moved"]),
        gaps=_fact(NoteKind.GAPS, row["gaps"]),
        unstable_ids=row["unstable_polls"] >= UNSTABLE_POLLS,
        certificate_until_at=optional_instant(row["certificate_until_at"]),
    )


def _fact(kind: NoteKind, text: str | None) -> Fact | None:
    return None if text is None else note_rows.fact_of(kind, text)


def _watched_feeds(connection: sqlite3.Connection) -> tuple[WatchedFeed, ...]:
    rows = connection.execute(
        """SELECT f.id, f.name, f.config, n.kind, n.data FROM feeds f
             JOIN notes n ON n.feed_id = f.id AND n.kind = coalesce(
                  (SELECT kind FROM notes WHERE feed_id = f.id AND kind = ?), ?)
            WHERE f.removed_at IS NULL ORDER BY f.name""",
        (NoteKind.LIMIT_REACHED, NoteKind.SIZE_REACHED),
    )
    return tuple(
        WatchedFeed(f"feed {row['id']}", row["name"], _fact(NoteKind(row["kind"]), row["data"]))
        for row in rows
        # Nobody asked for those of every tag and source, which have no `limit`: one busy source
        # would raise the alarm of each.
        if not feed_of(row["config"]).kind.is_minor
    )


def alarms(connection: sqlite3.Connection) -> tuple[Alarm, ...]:
    """Return the alarms that the last look left."""
    rows = connection.execute("SELECT * FROM alarms ORDER BY subject, kind")
    return tuple(
        Alarm(
            subject=row["subject"],
            kind=AlarmKind(row["kind"]),
            since_at=instant(row["since_at"]),
            ended_at=optional_instant(row["ended_at"]),
            told=bool(row["told"]),
            told_at=optional_instant(row["told_at"]),
        )
        for row in rows
    )


def tell(
    connection: sqlite3.Connection,
    before: tuple[Alarm, ...],
    told: Told,
    now: datetime,
    receivers: Sequence[Receiver] = (),
) -> bool:
    """Store what came of a look at `before`; each entry gets its public id here, for ever.

    What `receivers` want of it waits for them from now on. Returns whether that was done: not where
    another look has stored alarms meanwhile, since both would tell the same.
    """
    if alarms(connection) != before:
        return False
    if told.alarms != before:
        _replace_alarms(connection, told.alarms)
    # The clock may have been set back: what is told later did not happen earlier.
    (newest,) = connection.execute("SELECT coalesce(max(happened_at), 0) FROM events").fetchone()
    happened_at = max(micros(now), newest)
    connection.executemany(
        """INSERT INTO events (public_id, kind, title, content_html, happened_at)
           VALUES (?, ?, ?, ?, ?)""",
        [
            (uuid.uuid4().urn, event.kind, event.title, event.content_html, happened_at)
            for event in told.events
        ],
    )
    _forget(connection, now)
    for receiver in receivers:
        notices = deliveries.notices_of(told.events, now)
        if wanted := deliveries.wanted_by(receiver, notices):
            outbox.queue(connection, receiver.name, wanted, now)
    return True


def _replace_alarms(connection: sqlite3.Connection, kept: tuple[Alarm, ...]) -> None:
    connection.execute("DELETE FROM alarms")
    connection.executemany(
        """INSERT INTO alarms (subject, kind, since_at, ended_at, told, told_at)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [
            (
                alarm.subject,
                alarm.kind,
                micros(alarm.since_at),
                optional_micros(alarm.ended_at),
                alarm.told,
                optional_micros(alarm.told_at),
            )
            for alarm in kept
        ],
    )


def _forget(connection: sqlite3.Connection, now: datetime) -> None:
    """Drop entries that are too many or too old: a run of the oldest, never the newest."""
    connection.execute(
        """DELETE FROM events WHERE id < (SELECT max(id) FROM events)
              AND (id < (SELECT max(id) FROM events) - :most + 1
                   OR id < coalesce((SELECT min(id) FROM events WHERE happened_at >= :oldest),
                                    (SELECT max(id) FROM events)))""",
        {"most": KEPT_EVENTS, "oldest": micros(now) - KEPT_FOR // MICROSECOND},
    )


def operations_selection(connection: sqlite3.Connection, secrets: Secrets) -> Selection:
    """Return the operations feed, newest entry first, without secrets. Call in a transaction.

    Its version grows with every change, since entries come at one end and go at the other.
    """
    (feed_id,) = connection.execute("SELECT operations_id FROM counters").fetchone()
    rows = connection.execute("SELECT * FROM events ORDER BY id").fetchall()
    (created_at,) = connection.execute("SELECT min(created_at) FROM feeds").fetchone()
    changed_at = instant(max((row["happened_at"] for row in rows), default=created_at or 0))
    origin = Origin(
        name=FEED.name,
        title=FEED.title,
        id=feed_id,
        url=None,
        site_url=None,
        updated_at=changed_at,
        language=FEED.language,
        particulars=SourceParticulars(_MAKERS),
    )
    stories: list[Story] = []
    order_key = 0
    for row in rows:
        order_key = max(row["happened_at"], order_key + 1)
        happened_at = instant(row["happened_at"])
        stories.append(
            Story(
                id=row["public_id"],
                order_key=order_key,
                origin=origin,
                url=None,
                title=secrets.conceal(row["title"]),
                content_html=secrets.conceal(row["content_html"]),
                summary="",
                particulars=Particulars(_MAKERS),
                published_at=happened_at,
                updated_at=happened_at,
                categories=(Category(row["kind"]),),
                language=FEED.language,
            )
        )
    return Selection(
        feed=FEED,
        id=feed_id,
        version=rows[0]["id"] + rows[-1]["id"] if rows else 0,
        changed_at=changed_at,
        stories=tuple(reversed(stories)),
    )


def certificate_notes(connection: sqlite3.Connection, now: datetime) -> tuple[Note, ...]:
    """Return a note on each source whose certificate is about to end."""
    ends = (
        (row["name"], certificate_ends(optional_instant(row["certificate_until_at"]), now))
        for row in connection.execute(_SOURCES)
    )
    return tuple(Note(fact, name) for name, fact in ends if fact is not None)
