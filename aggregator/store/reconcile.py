"""Making the stored sources and feeds those of the configuration.

A source is its name, else its URL: a changed name with the same URL is a rename, which loses
nothing; a changed URL under the same name keeps the entries and forgets what belonged to the old
URL (validators, body hash, failures). A removed source keeps its history, unseen.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.model import Rules
from aggregator.model.instants import MICROSECOND
from aggregator.model.notes import NoteKind
from aggregator.store import archive, feed_windows, mirrors, note_rows, rule_verdicts
from aggregator.store.feed_versions import NEXT_CHANGE, bump
from aggregator.store.rows import feed_of, feed_to_text, source_of, source_to_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping

    from aggregator.model import Feed, Source


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored source, as far as matching it with the configuration goes."""

    source_id: int
    name: str
    url: str
    removed: bool


def match_sources(sources: tuple[Source, ...], stored: list[Stored]) -> dict[str, Stored]:
    """Return which stored source each configured one is, by the configured name.

    Today's sources before removed ones, names before URLs; each stored source at most once.
    """
    matched: dict[str, Stored] = {}
    free = {one.source_id: one for one in stored}
    rules: tuple[tuple[bool, Callable[[Stored], str], Callable[[Source], str]], ...] = (
        (False, lambda one: one.name, lambda source: source.name),
        (False, lambda one: one.url, lambda source: source.url),
        (True, lambda one: one.name, lambda source: source.name),
        (True, lambda one: one.url, lambda source: source.url),
    )
    for removed, stored_by, configured_by in rules:
        index = {
            stored_by(one): one
            for one in sorted(free.values(), key=lambda one: one.source_id)
            if one.removed is removed
        }
        for source in sources:
            found = index.get(configured_by(source))
            if source.name not in matched and found is not None and found.source_id in free:
                matched[source.name] = found
                del free[found.source_id]
    return matched


def apply_configuration(
    connection: sqlite3.Connection,
    sources: tuple[Source, ...],
    feeds: tuple[Feed, ...],
    now: int,
) -> tuple[str, ...]:
    """Apply the whole configuration; return one line for each change."""
    changes: list[str] = []
    ruled = {
        row["id"]: source_of(row["config"]).rules
        for row in connection.execute("SELECT id, config FROM sources")
    }
    touched = _apply_sources(connection, sources, now, changes)
    touched_feeds = _apply_feeds(connection, feeds, now, changes)
    touched_feeds |= _apply_memberships(connection, sources, feeds, now)
    _judge(connection, ruled, touched, touched_feeds)
    for row in connection.execute("SELECT * FROM feeds WHERE removed_at IS NULL").fetchall():
        feed = feed_of(row["config"])
        entries = feed_windows.shown(connection, row, feed)
        kept = feed_windows.advance(connection, row, feed, entries, now)
        archive.record(connection, row, kept, now)
        if (
            len(kept) < len(entries)
            or row["name"] in touched_feeds
            or (touched and _shows(connection, row, touched))
        ):
            bump(connection, row["id"], now)
    return tuple(changes)


def _judge(
    connection: sqlite3.Connection,
    ruled: Mapping[int, Rules],
    touched: set[int],
    touched_feeds: set[str],
) -> None:
    """Ask the rules again where they, the sources or the feeds are not what they were.

    `ruled` are the rules that the sources had before.
    """
    rows = connection.execute("SELECT id, config FROM sources WHERE removed_at IS NULL").fetchall()
    concerned = touched | {
        source_id
        for name, source_id in connection.execute(
            """SELECT f.name, m.source_id FROM memberships m JOIN feeds f ON f.id = m.feed_id
                WHERE m.until_key IS NULL"""
        )
        if name in touched_feeds
    }
    for row in rows:
        if row["id"] in concerned:
            source = source_of(row["config"])
            before = ruled.get(row["id"], Rules())
            rule_verdicts.judge_again(
                connection, row["id"], source, with_source=source.rules != before
            )


def _shows(connection: sqlite3.Connection, feed: sqlite3.Row, source_ids: set[int]) -> bool:
    members = connection.execute(
        "SELECT source_id FROM memberships WHERE feed_id = ? AND until_key IS NULL", (feed["id"],)
    )
    return any(source_id in source_ids for (source_id,) in members)


def _apply_sources(
    connection: sqlite3.Connection, sources: tuple[Source, ...], now: int, changes: list[str]
) -> set[int]:
    """Update the table of sources; return the ids of those whose stories may look different."""
    rows = {row["id"]: row for row in connection.execute("SELECT * FROM sources").fetchall()}
    stored = [
        Stored(row["id"], row["name"], row["url"], row["removed_at"] is not None)
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
            changes.append(f"source {one.name} removed")
    # Names may have been swapped: no intermediate state may break their uniqueness.
    for source in sources:
        found = matched.get(source.name)
        if found is not None and found.name != source.name:
            connection.execute(
                "UPDATE sources SET name = ? WHERE id = ?",
                (f"\0{found.source_id}", found.source_id),
            )
    touched: set[int] = set()
    for position, source in enumerate(sources):
        found = matched.get(source.name)
        if found is None:
            _add(connection, source, position, now)
            changes.append(f"source {source.name} added")
        else:
            row = rows[found.source_id]
            lines = _change(connection, row, source, position, now=now)
            changes += lines
            if lines or row["config"] != source_to_text(source):
                touched.add(found.source_id)
    return touched


def _add(connection: sqlite3.Connection, source: Source, position: int, now: int) -> None:
    added = connection.execute(
        """INSERT INTO sources
             (name, url, host, config, position, enabled, public_id, created_at, next_poll_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            source.name,
            source.url,
            source.host,
            source_to_text(source),
            position,
            source.enabled,
            uuid.uuid4().urn,
            now,
            now,
        ),
    ).lastrowid
    assert added is not None  # noqa: S101 -- sqlite3's promise after an INSERT
    mirrors.synchronise(connection, added, source)


def _change(
    connection: sqlite3.Connection, row: sqlite3.Row, source: Source, position: int, *, now: int
) -> list[str]:
    """Update one source; return a line for each change that an operator cares for."""
    changes: list[str] = []
    text = source_to_text(source)
    returned = row["removed_at"] is not None
    # What a source that is back published meanwhile is as old to readers as an added one's.
    connection.execute(
        """UPDATE sources SET name = ?, url = ?, host = ?, config = ?, position = ?, enabled = ?,
                  first_polled_at = CASE WHEN removed_at IS NULL THEN first_polled_at END,
                  removed_at = NULL WHERE id = ?""",
        (source.name, source.url, source.host, text, position, source.enabled, row["id"]),
    )
    if row["url"] != source.url:
        connection.execute(
            """UPDATE sources SET document_hints = NULL, failures = 0, failing_since_at = NULL,
                      problem = NULL, not_before_at = NULL, next_poll_at = ?,
                      because = 'the URL changed' WHERE id = ?""",
            (now, row["id"]),
        )
        note_rows.drop(connection, NoteKind.MOVED, source_id=row["id"])
    mirrors.synchronise(connection, row["id"], source)
    if returned:
        changes.append(f"source {source.name} is back")
    if row["name"] != source.name:
        _rename_feed(connection, row["name"], source.name)
        changes.append(f"source {row['name']} renamed {source.name}")
    if text == row["config"]:
        return changes
    before = source_of(row["config"])
    if _reading(before) != _reading(source):
        mirrors.forget_documents(connection, row["id"])
    if before.interval != source.interval:
        _reschedule(connection, row, source)
    if row["url"] != source.url:
        changes.append(f"source {source.name} has another url")
    elif before != replace(source, name=before.name):
        changes.append(f"source {source.name} changed")
    return changes


def _rename_feed(connection: sqlite3.Connection, before: str, after: str) -> None:
    """Let the automatic feed of a renamed source go on under its new name, unless that is taken."""
    connection.execute(
        f"""UPDATE feeds SET name = :new, former_name = :old, change_number = {NEXT_CHANGE}
            WHERE name = :old AND NOT EXISTS (SELECT 1 FROM feeds WHERE name = :new)""",  # noqa: S608 -- built of constants
        {"new": f"sources/{after}", "old": f"sources/{before}"},
    )


def _reading(source: Source) -> tuple[object, ...]:
    """Return what decides how a document is read: another reading wants the document again."""
    return source.timezone, source.encoding, source.max_entries


def _reschedule(connection: sqlite3.Connection, row: sqlite3.Row, source: Source) -> None:
    """Let a shorter fixed interval count from the last poll; a failing source keeps its pause."""
    if source.interval is None or row["last_poll_at"] is None or row["problem"] is not None:
        return
    connection.execute(
        "UPDATE sources SET next_poll_at = min(next_poll_at, ?) WHERE id = ?",
        (row["last_poll_at"] + source.interval // MICROSECOND, row["id"]),
    )


def _apply_feeds(
    connection: sqlite3.Connection, feeds: tuple[Feed, ...], now: int, changes: list[str]
) -> set[str]:
    """Update the table of feeds; return the names of those that changed."""
    stored = {row["name"]: row for row in connection.execute("SELECT * FROM feeds").fetchall()}
    configured = {feed.name for feed in feeds}
    touched: set[str] = set()
    for name, row in stored.items():
        if row["removed_at"] is None and name not in configured:
            connection.execute(
                f"UPDATE feeds SET removed_at = ?, change_number = {NEXT_CHANGE} WHERE id = ?",  # noqa: S608 -- built of constants
                (now, row["id"]),
            )
            note_rows.drop_all_of_feed(connection, row["id"])
            if not feed_of(row["config"]).automatic:
                changes.append(f"feed {name} removed")
    for feed in feeds:
        change = _store_feed(connection, feed, stored.get(feed.name), now)
        if change is not None:
            touched.add(feed.name)
            if not feed.automatic:
                changes.append(f"feed {feed.name} {change}")
    return touched


def _store_feed(
    connection: sqlite3.Connection, feed: Feed, old: sqlite3.Row | None, now: int
) -> str | None:
    """Store one feed; return what became of it, `None` where it is what it was."""
    text = feed_to_text(feed)
    if old is None:
        connection.execute(
            """INSERT INTO feeds (name, config, public_id, created_at, changed_at)
               VALUES (?, ?, ?, ?, ?)""",
            (feed.name, text, uuid.uuid4().urn, now, now),
        )
        return "added"
    if old["config"] != text or old["removed_at"] is not None:
        connection.execute(
            "UPDATE feeds SET config = ?, removed_at = NULL WHERE id = ?", (text, old["id"])
        )
    if old["removed_at"] is not None:
        return "is back"
    # An earlier version wrote the same feed with fewer words.
    same = old["config"] == text or feed_of(old["config"]) == feed_of(text)
    return None if same else "changed"


def _apply_memberships(
    connection: sqlite3.Connection, sources: tuple[Source, ...], feeds: tuple[Feed, ...], now: int
) -> set[str]:
    """Let sources join and leave feeds; return the names of the feeds whose members changed."""
    source_ids = {
        name: source_id
        for source_id, name in connection.execute(
            "SELECT id, name FROM sources WHERE removed_at IS NULL"
        )
    }
    selected = {
        (feed.name, source_ids[source.name]): source.backfill
        for feed, source in _pairs(feeds, sources)
    }
    touched: set[str] = set()
    rows = {row["name"]: row for row in connection.execute("SELECT * FROM feeds").fetchall()}
    members = {
        (name, source_id)
        for name, source_id in connection.execute(
            """SELECT f.name, m.source_id FROM memberships m JOIN feeds f ON f.id = m.feed_id
                WHERE m.until_key IS NULL"""
        )
    }
    for name, source_id in sorted(members - selected.keys()):
        feed_windows.leave(connection, feed_id=rows[name]["id"], source_id=source_id)
        touched.add(name)
    for name, source_id in sorted(selected.keys() - members):
        feed_windows.join(
            connection,
            feed_id=rows[name]["id"],
            feed_created=rows[name]["created_at"],
            source_id=source_id,
            backfill=selected[name, source_id],
            now=now,
        )
        touched.add(name)
    return touched


def _pairs(feeds: tuple[Feed, ...], sources: tuple[Source, ...]) -> Iterator[tuple[Feed, Source]]:
    """Yield each feed with each source that it selects; thousands of feeds name one source only."""
    by_name = {source.name: source for source in sources}
    for feed in feeds:
        few = feed.sources is not None and feed.tags is None
        named = (by_name[name] for name in feed.sources or () if name in by_name)
        for source in named if few else sources:
            if feed.selects(source):
                yield feed, source
