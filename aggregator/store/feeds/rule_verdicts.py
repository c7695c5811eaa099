"""What rules say of stored entries: kept beside them, so that a window is one question to SQL.

Rules are asked when an entry is new or edited, and again about what is in a feed's window when the
rules change. They decide on what is stored as the publisher's, never on what rules made of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aggregator import rules
from aggregator.model import Rules
from aggregator.model.instants import instant
from aggregator.store.feeds.feed_windows import feeds_of
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import categories_of, feed_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts.entry_texts import visible_in
from aggregator.store.texts.packed_texts import COLUMNS, texts_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from aggregator.model import Source
    from aggregator.store.texts.packed_texts import Texts

#: Entries that are in memory together with their texts, of which one may be 1 MB.
MOST_TEXTS = 50


def facts_of(row: sqlite3.Row, texts: Texts) -> rules.Facts:
    """Return what rules may ask of a stored entry; its age is that when it was first seen."""
    terms = (
        word
        for category in categories_of(texts["categories"])
        for word in (category.term, category.label)
        if word
    )
    age = instant(row["first_seen_at"]) - instant(row["published_at"]) if row["dated"] else None
    return rules.Facts(
        title=row["title"],
        text=f"{visible_in(texts)} {texts['summary']}".strip(),
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
    connection: sqlite3.Connection, source_id: int, source: Source, *, entry_ids: Sequence[int]
) -> None:
    """Ask the source's rules, and those of every feed that it is in, about these entries."""
    feeds = {row["id"]: feed_of(row["config"]) for row in feeds_of(connection, source_id)}
    asked = {feed_id: feed for feed_id, feed in feeds.items() if rules.may_leave_out(feed, source)}
    if not entry_ids or (source.rules == Rules() and not asked):
        return
    for row, facts in asked_about(connection, entry_ids):
        found = rules.verdict(source, asked.values(), facts)
        _write_tags(connection, row, found.tags, found.blocked)
        for feed_id, because in zip(asked, found.left_out, strict=True):
            _write_exclusion(connection, feed_id, row["id"], because)


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
        concerned = _concerned(connection, source_id, lowest, None)
        for entry, facts in asked_about(connection, concerned):
            found = rules.verdict(source, (), facts)
            _write_tags(connection, entry, found.tags, found.blocked)
    for row in feeds:
        feed = feed_of(row["config"])
        if rules.may_leave_out(feed, source):
            concerned = _concerned(connection, source_id, row["floor"], row["id"])
            for entry, facts in asked_about(connection, concerned):
                because = rules.judge(source, feed, facts)
                _write_exclusion(connection, row["id"], entry["id"], because)
        else:
            connection.execute(
                """DELETE FROM exclusions WHERE feed_id = ? AND entry_id IN
                     (SELECT id FROM entries WHERE source_id = ?)""",
                (row["id"], source_id),
            )


def _concerned(
    connection: sqlite3.Connection, source_id: int, floor: int, feed_id: int | None
) -> list[int]:
    """Return what lies above the floor, and what the feed (`None`: the source) has left out."""
    left_out = "blocked IS NOT NULL"
    if feed_id is not None:
        left_out = "id IN (SELECT entry_id FROM exclusions WHERE feed_id = :feed)"
    rows = connection.execute(
        f"""SELECT id FROM entries
             WHERE source_id = :source AND (order_key > :floor OR {left_out})""",  # noqa: S608 -- built of constants
        {"source": source_id, "floor": floor, "feed": feed_id},
    )
    return [entry_id for (entry_id,) in rows.fetchall()]


def asked_about(
    connection: sqlite3.Connection, entry_ids: Sequence[int]
) -> Iterator[tuple[sqlite3.Row, rules.Facts]]:
    """Yield some entries, each with what rules may ask of it."""
    for row, texts in with_texts(connection, entry_ids):
        yield row, facts_of(row, texts)


def with_texts(
    connection: sqlite3.Connection, entry_ids: Sequence[int]
) -> Iterator[tuple[sqlite3.Row, Texts]]:
    """Yield some entries, each with its texts; those that are read together newest first."""
    for row in rows_of(
        connection,
        f"""SELECT e.*, {COLUMNS} FROM entries e JOIN texts t ON t.entry_id = e.id
             WHERE e.id IN ({{marks}}) ORDER BY e.order_key DESC""",  # noqa: S608 -- built of constants
        entry_ids,
        at_once=MOST_TEXTS,
    ):
        yield row, texts_in(connection, row)


def _write_tags(
    connection: sqlite3.Connection, row: sqlite3.Row, tags: tuple[str, ...], blocked: str | None
) -> None:
    if (row["tags"], row["blocked"]) != (dumps(tags), blocked):
        connection.execute(
            "UPDATE entries SET tags = ?, blocked = ? WHERE id = ?",
            (dumps(tags), blocked, row["id"]),
        )


def _write_exclusion(
    connection: sqlite3.Connection, feed_id: int, entry_id: int, because: str | None
) -> None:
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
