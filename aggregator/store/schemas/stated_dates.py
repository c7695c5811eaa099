"""Part of an upgrade: dates as publishers wrote them, and what they name together with a title.

What was stored before has its date as readers see it, never in the future; the publisher's own is
read from its fields where they are kept.
"""

# sqlite: the whole module

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.model.instants import instant, micros
from aggregator.refine.identity_keys import dated_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

#: Entries in memory at a time: their raw fields may be long.
_AT_ONCE = 500


def fill(connection: sqlite3.Connection) -> None:
    """Fill `stated_at`, and let each dated entry be known by its title and date, too.

    What two entries of a source have alike is the older one's, as with every key.
    """
    for entry_id, source_id, title, stated_at in _dated(connection):
        connection.execute(
            "UPDATE entries SET stated_at = ? WHERE id = ?", (micros(stated_at), entry_id)
        )
        connection.execute(
            "INSERT OR IGNORE INTO identities (source_id, key, entry_id) VALUES (?, ?, ?)",
            (source_id, dated_key(title, stated_at), entry_id),
        )


def _dated(connection: sqlite3.Connection) -> Iterator[tuple[int, int, str, datetime]]:
    last = 0
    while rows := connection.execute(
        """SELECT id, source_id, title, published_at, first_seen_at,
                  CASE WHEN published_at >= first_seen_at THEN raw END AS raw
             FROM entries WHERE dated = 1 AND id > ? ORDER BY id LIMIT ?""",
        (last, _AT_ONCE),
    ).fetchall():
        for entry_id, source_id, title, published_at, _, raw in rows:
            yield entry_id, source_id, title, _stated(raw) or instant(published_at)
        last = rows[-1][0]


def _stated(raw: str | None) -> datetime | None:
    """Return the date in the publisher's fields, of publication or else of change."""
    fields = json.loads(raw) if raw else {}
    text = fields.get("published_at") or fields.get("updated_at")
    return datetime.fromisoformat(text) if text else None
