"""Feeds that were called otherwise, or that are no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.rows.typed_rows import feed_of

if TYPE_CHECKING:
    import sqlite3

    from aggregator.model import Feed


def renamed(connection: sqlite3.Connection, name: str) -> str | None:
    """Return what the feed that had this name before is called today."""
    row = connection.execute(
        "SELECT name FROM feeds WHERE former_name = ? AND removed_at IS NULL", (name,)
    ).fetchone()
    return None if row is None else str(row["name"])


def removed(connection: sqlite3.Connection, name: str) -> Feed | None:
    """Return a feed that is removed, as it was configured last."""
    row = connection.execute(
        "SELECT config FROM feeds WHERE name = ? AND removed_at IS NOT NULL", (name,)
    ).fetchone()
    return None if row is None else feed_of(row["config"])
