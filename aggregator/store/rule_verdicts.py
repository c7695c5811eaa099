"""What rules say of stored entries: kept beside them, so that a window is one question to SQL.

Rules are asked when an entry is new or edited, and again about what is in a feed's window when the
rules change. They decide on what is stored as the publisher's, never on what rules made of it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator import rules
from aggregator.model import Rules
from aggregator.model.instants import instant
from aggregator.store.codec import dumps
from aggregator.store.feed_windows import feeds_of
from aggregator.store.rows import categories_of, feed_of
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from aggregator.model import Feed, Source


def facts_of(row: sqlite3.Row) -> rules.Facts:
    """Return what rules may ask of a stored entry; its age is that when it was first seen."""
    terms = (
        word
        for category in categories_of(row["categories"])
        for word in (category.term, category.label)
        if word
    )
    age = instant(row["first_seen_at"]) - instant(row["published_at"]) if row["dated"] else None
    return rules.Facts(
        title=row["title"],
        text=f"{visible_text(row['content_html'])} {row['summary']}".strip(),
        author=row["author"],
        url=row["url"],
        categories=tuple(dict.fromkeys(terms)),
        age=age,
        tags=given_tags(row),
    )


def given_tags(row: sqlite3.Row) -> tuple[str, ...]:
    """Return the tags that rules of its source gave an entry."""
    return tuple(json.loads(row["tags"]))


def judge(
    connection: sqlite3.Connection, source_id: int, source: Source, *, entry_ids: Iterable[int]
) -> None:
    """Ask the source's rules, and those of every feed that it is in, about these entries."""
    feeds = ((row["id"], feed_of(row["config"])) for row in feeds_of(connection, source_id))
    asked = [(feed_id, feed) for feed_id, feed in feeds if _asks(feed, source)]
    if source.rules == Rules() and not asked:
        return
    for entry_id in entry_ids:
        facts = _judge_by_source(connection, entry_id, source)
        for feed_id, feed in asked:
            _judge_by_feed(connection, entry_id, facts, source, (feed_id, feed))


def judge_again(
    connection: sqlite3.Connection,
    source_id: int,
    source: Source,
    feed_ids: set[int],
    *,
    with_source: bool,
) -> None:
    """Ask once more about what the source has in the windows of some feeds: rules have changed.

    And about what rules have left out before, which archives may show again. `with_source`: its own
    rules, too.
    """
    feeds = [row for row in feeds_of(connection, source_id) if row["id"] in feed_ids]
    lowest = min((row["floor"] for row in feeds), default=0)
    if with_source:
        for entry_id in _concerned(connection, source_id, lowest, None):
            _judge_by_source(connection, entry_id, source)
    for row in feeds:
        feed = feed_of(row["config"])
        if _asks(feed, source):
            for entry_id in _concerned(connection, source_id, row["floor"], row["id"]):
                facts = facts_of(_entry(connection, entry_id))
                _judge_by_feed(connection, entry_id, facts, source, (row["id"], feed))
        else:
            connection.execute(
                """DELETE FROM exclusions WHERE feed_id = ? AND entry_id IN
                     (SELECT id FROM entries WHERE source_id = ?)""",
                (row["id"], source_id),
            )


def _asks(feed: Feed, source: Source) -> bool:
    """Tell whether the feed may leave out single entries of the source."""
    return bool(feed.rules.keep or feed.rules.block or source.rules.tag)


def _concerned(
    connection: sqlite3.Connection, source_id: int, floor: int, feed_id: int | None
) -> list[int]:
    """Return what lies above the floor, and what the feed (`None`: the source) has left out."""
    rows = connection.execute(
        """SELECT id FROM entries WHERE source_id = :source AND (order_key > :floor
             OR CASE WHEN :feed IS NULL THEN blocked IS NOT NULL ELSE id IN
               (SELECT entry_id FROM exclusions WHERE feed_id = :feed) END)""",
        {"source": source_id, "floor": floor, "feed": feed_id},
    )
    return [entry_id for (entry_id,) in rows.fetchall()]


def _entry(connection: sqlite3.Connection, entry_id: int) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute(
        "SELECT * FROM entries WHERE id = ?", (entry_id,)
    ).fetchone()
    return row


def _judge_by_source(connection: sqlite3.Connection, entry_id: int, source: Source) -> rules.Facts:
    """Store what the source's rules say; return the entry's facts with the tags that they give."""
    row = _entry(connection, entry_id)
    facts = facts_of(row)
    tags, blocked = rules.tags(source, facts), rules.blocked(source, facts)
    if (row["tags"], row["blocked"]) != (dumps(tags), blocked):
        connection.execute(
            "UPDATE entries SET tags = ?, blocked = ? WHERE id = ?",
            (dumps(tags), blocked, entry_id),
        )
    return replace(facts, tags=tags)


def _judge_by_feed(
    connection: sqlite3.Connection,
    entry_id: int,
    facts: rules.Facts,
    source: Source,
    asked: tuple[int, Feed],
) -> None:
    feed_id, feed = asked
    because = rules.judge(source, feed, facts)
    if because is None:
        connection.execute(
            "DELETE FROM exclusions WHERE feed_id = ? AND entry_id = ?", (feed_id, entry_id)
        )
    else:
        connection.execute(
            """INSERT INTO exclusions (feed_id, entry_id, because) VALUES (?, ?, ?)
               ON CONFLICT (feed_id, entry_id) DO UPDATE SET because = excluded.because""",
            (feed_id, entry_id, because),
        )
