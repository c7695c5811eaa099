"""Making the stored sources and feeds those of the configuration.

What becomes of a source is `schedule.source_changes`'s decision. A removed one keeps its history,
unseen.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from aggregator.model import Rules
from aggregator.model.changes import (
    ChangedFeed,
    ChangedSource,
    ChangeKind,
    ReaddressedSource,
    RenamedSource,
)
from aggregator.model.instants import instant, micros, optional_micros
from aggregator.model.notes import NoteKind
from aggregator.schedule.source_changes import (
    SourceChange,
    StoredSource,
    reconfigure,
)
from aggregator.store import (
    archive,
    feed_windows,
    mirrors,
    note_rows,
    rule_verdicts,
    source_domains,
)
from aggregator.store.configuration_plan import renamed_feed
from aggregator.store.feed_versions import NEXT_CHANGE, bump
from aggregator.store.rows import feed_of, health_of, source_of
from aggregator.stories.owners import own_domains
from aggregator.stories.windows import deciding

if TYPE_CHECKING:
    import sqlite3

    from aggregator.model import Source
    from aggregator.model.changes import Change
    from aggregator.schedule.source_changes import SourceChange, StoredSource
    from aggregator.store.configuration_plan import Plan, PlannedFeed, PlannedSource


def apply_configuration(connection: sqlite3.Connection, plan: Plan, now: int) -> tuple[Change, ...]:
    """Apply a whole configuration; return what changed."""
    changes: list[Change] = []
    touched, fresh = _apply_sources(connection, plan, now, changes)
    asked, added = _apply_feeds(connection, plan, now, changes)
    for feed_id, source_id in _apply_memberships(connection, plan, now):
        asked.setdefault(feed_id, set()).add(source_id)
    for source_id in touched:
        for row in feed_windows.feeds_of(connection, source_id):
            asked.setdefault(row["id"], set()).add(source_id)
    _judge(connection, touched, asked, fresh)
    for feed_id in sorted(added):
        if asked[feed_id] <= fresh:  # of which nothing is stored yet
            del asked[feed_id]
            bump(connection, feed_id, now)
    sizes: feed_windows.Sizes = {}
    for row in feed_windows.asked_or_due(connection, asked, now):
        feed = feed_of(row["config"])
        stories = feed_windows.stories_of_sources(connection, row["id"], asked.get(row["id"], ()))
        change = feed_windows.show(connection, row, feed, stories, sizes)
        dropped = feed_windows.advance(connection, row["id"], feed, now)
        # What has no room was shown to nobody.
        stayed = feed_windows.still_shown(connection, row["id"], change.came)
        archive.record(connection, row["id"], stayed, now)
        if row["id"] in asked or dropped:
            bump(connection, row["id"], now)
    return tuple(changes)


def _judge(
    connection: sqlite3.Connection,
    touched: dict[int, Rules],
    asked: dict[int, set[int]],
    fresh: set[int],
) -> None:
    """Ask the rules again where they, the sources or the feeds are not what they were.

    `touched` has the rules that a source had before, `asked` the sources of a feed that it is to be
    asked about; `fresh` sources have no entries.
    """
    feeds: dict[int, set[int]] = {source_id: set() for source_id in touched}
    for feed_id, source_ids in asked.items():
        for source_id in source_ids - fresh:
            feeds.setdefault(source_id, set()).add(feed_id)
    for source_id in sorted(feeds):
        row = connection.execute(
            "SELECT config FROM sources WHERE id = ? AND removed_at IS NULL", (source_id,)
        ).fetchone()
        if row is None:
            continue
        source = source_of(row["config"])
        with_source = source_id in touched and source.rules != touched[source_id]
        rule_verdicts.judge_again(
            connection, source_id, source, feeds[source_id], with_source=with_source
        )


def _apply_sources(
    connection: sqlite3.Connection, plan: Plan, now: int, changes: list[Change]
) -> tuple[dict[int, Rules], set[int]]:
    """Update the table of sources; return those whose stories may look different, and new ones.

    The first with the rules that they had before, by id.
    """
    for one in plan.gone_sources:
        connection.execute("UPDATE sources SET removed_at = ? WHERE id = ?", (now, one.source_id))
        note_rows.drop_all_of_source(connection, one.source_id)
        changes.append(ChangedSource(ChangeKind.REMOVED, one.name))
    # Names may have been swapped: no intermediate state may break their uniqueness.
    for planned in plan.sources:
        found = planned.stored
        if found is not None and found.name != planned.source.name:
            connection.execute(
                "UPDATE sources SET name = ? WHERE id = ?",
                (f"\0{found.source_id}", found.source_id),
            )
    touched: dict[int, Rules] = {}
    fresh: set[int] = set()
    for planned in plan.sources:
        found, source = planned.stored, planned.source
        if found is None:
            fresh.add(_add(connection, planned, now))
            changes.append(ChangedSource(ChangeKind.ADDED, source.name))
            continue
        row = connection.execute(
            "SELECT * FROM sources WHERE id = ?", (found.source_id,)
        ).fetchone()
        before = source_of(row["config"])
        changed = reconfigure(
            found,
            before,
            source,
            health_of(row),
            is_failing=row["problem"] is not None,
            now=instant(now),
        )
        _change(connection, row, planned, changed)
        told = _told(found, source, changed)
        changes += told
        if told or before != source:  # an earlier version wrote the same with fewer words
            touched[found.source_id] = before.rules
    return touched, fresh


def _add(connection: sqlite3.Connection, planned: PlannedSource, now: int) -> int:
    source = planned.source
    source_id = connection.execute(
        """INSERT INTO sources
             (name, url, queue, config, position, enabled, public_id, created_at, next_poll_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            source.name,
            source.url,
            planned.queue,
            planned.text,
            planned.position,
            source.enabled,
            uuid.uuid4().urn,
            now,
            now,
        ),
    ).lastrowid
    assert source_id is not None  # noqa: S101 -- sqlite3's promise after an INSERT
    mirrors.synchronise(connection, source_id, source)
    source_domains.synchronise(connection, source_id, own_domains(source, None))
    return source_id


def _change(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    planned: PlannedSource,
    changed: SourceChange,
) -> None:
    """Store how a source is configured now, and what that changes of it."""
    health, source = changed.health, planned.source
    connection.execute(
        """UPDATE sources SET name = ?, url = ?, queue = ?, config = ?, position = ?, enabled = ?,
                  removed_at = NULL, first_polled_at = ?, failures = ?, failing_since_at = ?,
                  next_poll_at = ? WHERE id = ?""",
        (
            source.name,
            source.url,
            planned.queue,
            planned.text,
            planned.position,
            source.enabled,
            optional_micros(health.first_polled_at),
            health.failures,
            optional_micros(health.failing_since_at),
            micros(health.next_poll_at),
            row["id"],
        ),
    )
    if changed.has_other_url:
        connection.execute(
            """UPDATE sources SET document_hints = NULL, problem = NULL, not_before_at = NULL,
                      because = 'the URL changed' WHERE id = ?""",
            (row["id"],),
        )
        note_rows.drop(connection, NoteKind.MOVED, source_id=row["id"])
    mirrors.synchronise(connection, row["id"], source)
    source_domains.synchronise(connection, row["id"], own_domains(source, row["site_url"]))
    if changed.is_read_otherwise:
        mirrors.forget_documents(connection, row["id"])
    if (names := renamed_feed(planned)) is not None:
        _rename_feed(connection, *names)


def _told(stored: StoredSource, source: Source, changed: SourceChange) -> list[Change]:
    """Return the changes that an operator cares for."""
    told: list[Change] = []
    if changed.is_back:
        told.append(ChangedSource(ChangeKind.BACK, source.name))
    if changed.is_renamed:
        told.append(RenamedSource(source.name, former_name=stored.name))
    if changed.has_other_url:
        told.append(ReaddressedSource(source.name))
    elif changed.differs:
        told.append(ChangedSource(ChangeKind.CHANGED, source.name))
    return told


def _rename_feed(connection: sqlite3.Connection, before: str, after: str) -> None:
    """Let the automatic feed of a renamed source go on under its new name, unless that is taken."""
    connection.execute(
        f"""UPDATE feeds SET name = :new, former_name = :old, change_number = {NEXT_CHANGE}
            WHERE name = :old AND NOT EXISTS (SELECT 1 FROM feeds WHERE name = :new)""",  # noqa: S608 -- built of constants
        {"new": after, "old": before},
    )


def _apply_feeds(
    connection: sqlite3.Connection, plan: Plan, now: int, changes: list[Change]
) -> tuple[dict[int, set[int]], set[int]]:
    """Update the table of feeds; return those that changed, by id, and which of these are new.

    The first each with the sources of which it may show other entries now, not counting those that
    are to join or leave.
    """
    touched: dict[int, set[int]] = {}
    added: set[int] = set()
    for feed_id, name in plan.gone_feeds:
        (config,) = connection.execute(
            f"""UPDATE feeds SET removed_at = ?, change_number = {NEXT_CHANGE} WHERE id = ?
                RETURNING config""",  # noqa: S608 -- built of constants
            (now, feed_id),
        ).fetchone()
        feed_windows.clear(connection, feed_id)
        note_rows.drop_all_of_feed(connection, feed_id)
        if not feed_of(config).is_automatic:
            changes.append(ChangedFeed(ChangeKind.REMOVED, name))
    for planned in plan.feeds:
        feed = planned.feed
        # By its name: the feed of a source that was renamed has got that just now.
        old = connection.execute(
            "SELECT id, config, removed_at FROM feeds WHERE name = ?", (feed.name,)
        ).fetchone()
        if old is None:
            feed_id, change = _add_feed(connection, planned, now), ChangeKind.ADDED
            added.add(feed_id)
            touched[feed_id] = set()
        else:
            feed_id, kind = old["id"], _change_feed(connection, planned, old)
            if kind is None:
                continue
            change = kind
            same = deciding(feed_of(old["config"])) == deciding(feed)
            touched[feed_id] = set() if same else feed_windows.sources_of(connection, feed_id)
        if not feed.is_automatic:
            changes.append(ChangedFeed(change, feed.name))
    return touched, added


def _add_feed(connection: sqlite3.Connection, planned: PlannedFeed, now: int) -> int:
    added = connection.execute(
        """INSERT INTO feeds (name, config, public_id, created_at, changed_at)
           VALUES (?, ?, ?, ?, ?)""",
        (planned.feed.name, planned.text, uuid.uuid4().urn, now, now),
    ).lastrowid
    assert added is not None  # noqa: S101 -- sqlite3's promise after an INSERT
    return added


def _change_feed(
    connection: sqlite3.Connection, planned: PlannedFeed, old: sqlite3.Row
) -> ChangeKind | None:
    """Update one feed; return what became of it, `None` where it is what it was."""
    text = planned.text
    if old["config"] != text or old["removed_at"] is not None:
        connection.execute(
            "UPDATE feeds SET config = ?, removed_at = NULL WHERE id = ?", (text, old["id"])
        )
    if old["removed_at"] is not None:
        return ChangeKind.BACK
    # An earlier version wrote the same feed with fewer words.
    same = old["config"] == text or feed_of(old["config"]) == feed_of(text)
    return None if same else ChangeKind.CHANGED


def _apply_memberships(
    connection: sqlite3.Connection, plan: Plan, now: int
) -> set[tuple[int, int]]:
    """Let sources join and leave feeds; return which did, as feed and source."""
    for feed_id, source_id in plan.left:
        feed_windows.leave(connection, feed_id=feed_id, source_id=source_id)
    feeds = {
        name: connection.execute(
            "SELECT id, created_at FROM feeds WHERE name = ?", (name,)
        ).fetchone()
        for name in {name for (name, _), _ in plan.joined}
    }
    source_ids = {
        name: connection.execute(
            "SELECT id FROM sources WHERE name = ? AND removed_at IS NULL", (name,)
        ).fetchone()["id"]
        for name in {name for (_, name), _ in plan.joined}
    }
    joined = {
        (feeds[feed]["id"], source_ids[source]): (feeds[feed]["created_at"], backfill)
        for (feed, source), backfill in plan.joined
    }
    for (feed_id, source_id), (created, backfill) in sorted(joined.items()):
        feed_windows.join(
            connection,
            feed_id=feed_id,
            feed_created=created,
            source_id=source_id,
            backfill=backfill,
            now=now,
        )
    return {*plan.left, *joined}
