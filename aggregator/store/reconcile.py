"""Making the stored sources and feeds those of the configuration.

What becomes of a source is `schedule.source_changes`'s decision. A removed one keeps its history,
unseen.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from aggregator.model import FeedKind, Rules
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
    match_sources,
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
from aggregator.store.feed_versions import NEXT_CHANGE, bump
from aggregator.store.rows import feed_of, feed_to_text, health_of, source_of, source_to_text
from aggregator.stories.owners import own_domains
from aggregator.stories.windows import deciding

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator

    from aggregator.model import Feed, Source
    from aggregator.model.changes import Change


def apply_configuration(
    connection: sqlite3.Connection,
    sources: tuple[Source, ...],
    feeds: tuple[Feed, ...],
    now: int,
) -> tuple[Change, ...]:
    """Apply the whole configuration; return what changed."""
    changes: list[Change] = []
    touched = _apply_sources(connection, sources, now, changes)
    asked = _apply_feeds(connection, feeds, now, changes)
    for feed_id, source_id in _apply_memberships(connection, sources, feeds, now):
        asked.setdefault(feed_id, set()).add(source_id)
    for source_id in touched:
        for row in feed_windows.feeds_of(connection, source_id):
            asked.setdefault(row["id"], set()).add(source_id)
    _judge(connection, touched, asked)
    for row in feed_windows.asked_or_due(connection, asked, now):
        feed = feed_of(row["config"])
        stories = feed_windows.stories_of_sources(connection, row["id"], asked.get(row["id"], ()))
        change = feed_windows.show(connection, row, feed, stories)
        dropped = feed_windows.advance(connection, row["id"], feed, now)
        # What has no room was shown to nobody.
        stayed = feed_windows.still_shown(connection, row["id"], change.came)
        archive.record(connection, row["id"], stayed, now)
        if row["id"] in asked or dropped:
            bump(connection, row["id"], now)
    return tuple(changes)


def _judge(
    connection: sqlite3.Connection, touched: dict[int, Rules], asked: dict[int, set[int]]
) -> None:
    """Ask the rules again where they, the sources or the feeds are not what they were.

    `touched` has the rules that a source had before, `asked` the sources of a feed that it is to be
    asked about.
    """
    feeds: dict[int, set[int]] = {source_id: set() for source_id in touched}
    for feed_id, source_ids in asked.items():
        for source_id in source_ids:
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
    connection: sqlite3.Connection, sources: tuple[Source, ...], now: int, changes: list[Change]
) -> dict[int, Rules]:
    """Update the table of sources; return those whose stories may look different.

    With the rules that they had before, by id.
    """
    rows = {row["id"]: row for row in connection.execute("SELECT * FROM sources").fetchall()}
    stored = [
        StoredSource(row["id"], row["name"], row["url"], row["removed_at"] is not None)
        for row in rows.values()
    ]
    matched = match_sources(sources, stored)
    kept = {one.source_id for one in matched.values()}
    for one in stored:
        if not one.removed and one.source_id not in kept:
            connection.execute(
                "UPDATE sources SET removed_at = ? WHERE id = ?", (now, one.source_id)
            )
            note_rows.drop_all_of_source(connection, one.source_id)
            changes.append(ChangedSource(ChangeKind.REMOVED, one.name))
    # Names may have been swapped: no intermediate state may break their uniqueness.
    for source in sources:
        found = matched.get(source.name)
        if found is not None and found.name != source.name:
            connection.execute(
                "UPDATE sources SET name = ? WHERE id = ?",
                (f"\0{found.source_id}", found.source_id),
            )
    touched: dict[int, Rules] = {}
    for position, source in enumerate(sources):
        found = matched.get(source.name)
        if found is None:
            _add(connection, source, position, now)
            changes.append(ChangedSource(ChangeKind.ADDED, source.name))
        else:
            row, text = rows[found.source_id], source_to_text(source)
            if (row["config"], row["position"], row["removed_at"]) == (text, position, None):
                continue
            before = source_of(row["config"])
            changed = reconfigure(
                found,
                before,
                source,
                health_of(row),
                is_failing=row["problem"] is not None,
                now=instant(now),
            )
            _change(connection, row, source, position, changed)
            told = _told(found, source, changed)
            changes += told
            if told or before != source:  # an earlier version wrote the same with fewer words
                touched[found.source_id] = before.rules
    return touched


def _add(connection: sqlite3.Connection, source: Source, position: int, now: int) -> None:
    (source_id,) = connection.execute(
        """INSERT INTO sources
             (name, url, queue, config, position, enabled, public_id, created_at, next_poll_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
        (
            source.name,
            source.url,
            source.queue,
            source_to_text(source),
            position,
            source.enabled,
            uuid.uuid4().urn,
            now,
            now,
        ),
    ).fetchone()
    mirrors.synchronise(connection, source_id, source)
    source_domains.synchronise(connection, source_id, own_domains(source, None))


def _change(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    source: Source,
    position: int,
    changed: SourceChange,
) -> None:
    """Store how a source is configured now, and what that changes of it."""
    health = changed.health
    connection.execute(
        """UPDATE sources SET name = ?, url = ?, queue = ?, config = ?, position = ?, enabled = ?,
                  removed_at = NULL, first_polled_at = ?, failures = ?, failing_since_at = ?,
                  next_poll_at = ? WHERE id = ?""",
        (
            source.name,
            source.url,
            source.queue,
            source_to_text(source),
            position,
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
    if changed.is_renamed:
        _rename_feed(connection, row["name"], source.name)


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
        {"new": FeedKind.SOURCE.name_of(after), "old": FeedKind.SOURCE.name_of(before)},
    )


def _apply_feeds(
    connection: sqlite3.Connection, feeds: tuple[Feed, ...], now: int, changes: list[Change]
) -> dict[int, set[int]]:
    """Update the table of feeds; return those that changed, by id.

    Each with the sources of which it may show other entries now, not counting those that are to
    join or leave.
    """
    stored = {row["name"]: row for row in connection.execute("SELECT * FROM feeds").fetchall()}
    configured = {feed.name for feed in feeds}
    touched: dict[int, set[int]] = {}
    for name, row in stored.items():
        if row["removed_at"] is None and name not in configured:
            connection.execute(
                f"UPDATE feeds SET removed_at = ?, change_number = {NEXT_CHANGE} WHERE id = ?",  # noqa: S608 -- built of constants
                (now, row["id"]),
            )
            feed_windows.clear(connection, row["id"])
            note_rows.drop_all_of_feed(connection, row["id"])
            if not feed_of(row["config"]).is_automatic:
                changes.append(ChangedFeed(ChangeKind.REMOVED, name))
    for feed in feeds:
        old = stored.get(feed.name)
        feed_id = _add_feed(connection, feed, now) if old is None else old["id"]
        change = ChangeKind.ADDED if old is None else _change_feed(connection, feed, old)
        if change is not None:
            same = old is not None and deciding(feed_of(old["config"])) == deciding(feed)
            touched[feed_id] = set() if same else feed_windows.sources_of(connection, feed_id)
            if not feed.is_automatic:
                changes.append(ChangedFeed(change, feed.name))
    return touched


def _add_feed(connection: sqlite3.Connection, feed: Feed, now: int) -> int:
    added = connection.execute(
        """INSERT INTO feeds (name, config, public_id, created_at, changed_at)
           VALUES (?, ?, ?, ?, ?)""",
        (feed.name, feed_to_text(feed), uuid.uuid4().urn, now, now),
    ).lastrowid
    assert added is not None  # noqa: S101 -- sqlite3's promise after an INSERT
    return added


def _change_feed(connection: sqlite3.Connection, feed: Feed, old: sqlite3.Row) -> ChangeKind | None:
    """Update one feed; return what became of it, `None` where it is what it was."""
    text = feed_to_text(feed)
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
    connection: sqlite3.Connection, sources: tuple[Source, ...], feeds: tuple[Feed, ...], now: int
) -> set[tuple[int, int]]:
    """Let sources join and leave feeds; return which did, as feed and source."""
    source_ids = {
        name: source_id
        for source_id, name in connection.execute(
            "SELECT id, name FROM sources WHERE removed_at IS NULL"
        )
    }
    rows = {
        row["name"]: row
        for row in connection.execute("SELECT id, name, created_at FROM feeds").fetchall()
    }
    selected = {
        (rows[feed.name]["id"], source_ids[source.name]): source.backfill
        for feed, source in _pairs(feeds, sources)
    }
    created = {row["id"]: row["created_at"] for row in rows.values()}
    members = {
        (feed_id, source_id)
        for feed_id, source_id in connection.execute(
            "SELECT feed_id, source_id FROM memberships WHERE until_key IS NULL"
        )
    }
    left, joined = members - selected.keys(), selected.keys() - members
    for feed_id, source_id in sorted(left):
        feed_windows.leave(connection, feed_id=feed_id, source_id=source_id)
    for feed_id, source_id in sorted(joined):
        feed_windows.join(
            connection,
            feed_id=feed_id,
            feed_created=created[feed_id],
            source_id=source_id,
            backfill=selected[feed_id, source_id],
            now=now,
        )
    return left | joined


def _pairs(feeds: tuple[Feed, ...], sources: tuple[Source, ...]) -> Iterator[tuple[Feed, Source]]:
    """Yield each feed with each source that it selects; most of thousands of feeds select few."""
    by_name = {source.name: source for source in sources}
    by_tag: dict[str, list[str]] = {}
    for source in sources:
        for tag in source.carried_tags:
            by_tag.setdefault(tag, []).append(source.name)
    for feed in feeds:
        names: Collection[str] = by_name
        if feed.sources is not None or feed.tags is not None:
            tagged = (name for tag in feed.tags or () for name in by_tag.get(tag, ()))
            names = {*(feed.sources or ()), *tagged} & by_name.keys()
        for name in names:
            if feed.selects(by_name[name]):
                yield feed, by_name[name]
