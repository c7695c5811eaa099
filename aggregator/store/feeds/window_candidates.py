"""Entries as far as a feed's choice needs them: of some articles, or of all that tell the same."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.store.rows.codec import dumps
from aggregator.stories.windows import Candidate, Membership

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping


def candidates(
    connection: sqlite3.Connection, feed_id: int, story_ids: Iterable[int]
) -> list[Candidate]:
    """Return all entries of the articles of some stories, as far as the feed's choice needs them.

    An article is an original story with its copies, or a story alone.
    """
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """WITH articles (id) AS (
             SELECT DISTINCT coalesce(s.original_id, s.id) FROM json_each(:stories) asked
              CROSS JOIN stories s ON s.id = asked.value),
           told (id, original_id) AS (
             SELECT id, NULL FROM articles
              UNION ALL
             SELECT s.id, s.original_id FROM articles a CROSS JOIN stories s
                 ON s.original_id = a.id)
           SELECT e.id, e.story_id, e.source_id, e.order_key, e.held_back, e.blocked,
                  x.because, a.month, a.number, told.original_id,
                  EXISTS (SELECT 1 FROM departed d WHERE d.feed_id = :feed
                             AND d.story_id IN (told.id, told.original_id)) AS departed
             FROM told
             CROSS JOIN entries e ON e.story_id = told.id
             LEFT JOIN exclusions x ON x.feed_id = :feed AND x.entry_id = e.id
             LEFT JOIN archive a ON a.feed_id = :feed AND a.entry_id = e.id""",
        {"feed": feed_id, "stories": dumps(sorted(story_ids))},
    ).fetchall()
    memberships = _memberships(connection, feed_id, {row["source_id"] for row in rows})
    return [_candidate(row, memberships) for row in rows]


def reports(
    connection: sqlite3.Connection, feed_id: int, story_ids: Iterable[int]
) -> list[Candidate]:
    """Return the same of all articles that are joined to one with those of some stories.

    How surely they have to be alike is the feed's to say. A story of which no entry is kept though
    the feed has shown it is there, too.
    """
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order;
    # length counts the bytes of a BLOB
    rows = connection.execute(
        """WITH roots (id) AS (
             SELECT DISTINCT coalesce(a.joined_id, a.id) FROM json_each(:stories) asked
              CROSS JOIN stories s ON s.id = asked.value
              CROSS JOIN stories a ON a.id = coalesce(s.original_id, s.id)),
           articles (id, joined_id) AS (
             SELECT id, NULL FROM roots
              UNION ALL
             SELECT s.id, s.joined_id FROM roots r CROSS JOIN stories s ON s.joined_id = r.id),
           told (id, original_id, joined_id) AS (
             SELECT id, NULL, joined_id FROM articles
              UNION ALL
             SELECT s.id, s.original_id, a.joined_id FROM articles a
              CROSS JOIN stories s ON s.original_id = a.id)
           SELECT told.id AS story_id, told.original_id, told.joined_id, e.id, e.source_id,
                  e.order_key, e.held_back, e.blocked, e.first_seen_at,
                  e.content_bytes AS text_bytes, o.name, x.because, a.month, a.number,
                  n.story_id IS NOT NULL AS was_named,
                  EXISTS (SELECT 1 FROM departed d WHERE d.feed_id = :feed
                             AND d.story_id IN (told.id, told.original_id)) AS departed
             FROM told
             LEFT JOIN entries e ON e.story_id = told.id
             LEFT JOIN sources o ON o.id = e.source_id
             LEFT JOIN exclusions x ON x.feed_id = :feed AND x.entry_id = e.id
             LEFT JOIN archive a ON a.feed_id = :feed AND a.entry_id = e.id
             LEFT JOIN named n ON n.feed_id = :feed AND n.story_id = told.id
            WHERE e.id IS NOT NULL OR EXISTS (
                    SELECT 1 FROM departed d WHERE d.feed_id = :feed
                       AND d.story_id IN (told.id, told.original_id))""",
        {"feed": feed_id, "stories": dumps(sorted(story_ids))},
    ).fetchall()
    memberships = _memberships(
        connection, feed_id, {row["source_id"] for row in rows if row["id"] is not None}
    )
    return [
        _forgotten(row)
        if row["id"] is None
        else replace(
            _candidate(row, memberships),
            joined_id=row["joined_id"],
            source=row["name"],
            seen_us=row["first_seen_at"],
            text_bytes=row["text_bytes"],
            was_named=bool(row["was_named"]),
        )
        for row in rows
    ]


def _candidate(row: sqlite3.Row, memberships: Mapping[int, tuple[Membership, ...]]) -> Candidate:
    return Candidate(
        entry_id=row["id"],
        story_id=row["story_id"],
        source_id=row["source_id"],
        order_key=row["order_key"],
        held_back=bool(row["held_back"]),
        blocked=row["blocked"],
        excluded=row["because"],
        memberships=memberships[row["source_id"]],
        place=None if row["month"] is None else (row["month"], row["number"]),
        original_id=row["original_id"],
        departed=bool(row["departed"]),
    )


def _forgotten(row: sqlite3.Row) -> Candidate:
    return Candidate(
        entry_id=0,
        story_id=row["story_id"],
        source_id=0,
        order_key=0,
        held_back=False,
        blocked=None,
        excluded=None,
        memberships=(),
        place=None,
        original_id=row["original_id"],
        departed=True,
        joined_id=row["joined_id"],
        is_forgotten=True,
    )


def _memberships(
    connection: sqlite3.Connection, feed_id: int, source_ids: set[int]
) -> dict[int, tuple[Membership, ...]]:
    found: dict[int, list[Membership]] = defaultdict(list)
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT source_id, after_key, until_key, floor FROM memberships
            WHERE feed_id = ? AND source_id IN (SELECT value FROM json_each(?))""",
        (feed_id, dumps(sorted(source_ids))),
    )
    for source_id, after, until, floor in rows:
        found[source_id].append(Membership(after, until, floor))
    return {source_id: tuple(found[source_id]) for source_id in source_ids}
