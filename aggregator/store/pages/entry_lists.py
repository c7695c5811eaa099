"""Entries as they are stored, in lists: for people who look what there is."""

# sqlite: the whole module

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.found import EntryLine
from aggregator.model.instants import instant
from aggregator.store.texts.entry_texts import visible_in
from aggregator.store.texts.packed_texts import COLUMNS, texts_in

if TYPE_CHECKING:
    import sqlite3

    from aggregator.rules.secrets import Secrets

#: Above every order key.
_FIRST = 2**63 - 1

_NEWEST = f"""
    SELECT e.*, o.name AS source, {COLUMNS} FROM entries e
      JOIN sources o ON o.id = e.source_id
      JOIN texts t ON t.entry_id = e.id
     WHERE {{of}} e.order_key < :before AND e.first_seen_at >= :since AND o.removed_at IS NULL
     ORDER BY e.order_key DESC LIMIT :most
"""  # noqa: S608 -- built of constants
_OF_ALL = _NEWEST.format(of="")
_OF_ONE = _NEWEST.format(
    of="""e.source_id = (SELECT id FROM sources WHERE name = :source AND removed_at IS NULL) AND"""
)


def newest(
    connection: sqlite3.Connection,
    secrets: Secrets,
    *,
    source: str | None,
    since: int | None,
    before: int | None,
    most: int,
) -> tuple[EntryLine, ...]:
    """Return at most so many entries, those that came last first."""
    asked = {
        "source": source,
        "since": since or 0,
        "before": _FIRST if before is None else before,
        "most": most,
    }
    rows = connection.execute(_OF_ALL if source is None else _OF_ONE, asked).fetchall()
    conceal = secrets.conceal
    return tuple(
        EntryLine(
            id=row["public_id"],
            order_key=row["order_key"],
            source=row["source"],
            title=conceal(row["title"]),
            url=row["url"] and conceal(row["url"]),
            author=row["author"] and conceal(row["author"]),
            text=conceal(visible_in(texts_in(connection, row))),
            published_at=instant(row["published_at"]),
            first_seen_at=instant(row["first_seen_at"]),
        )
        for row in rows
    )
