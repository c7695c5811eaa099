"""Since when a feed's documents have been the bytes that they are: what HTTP's dates are made of.

A feed's version counts what may have changed its documents; which of them that did only their
bytes tell. Each document that was ever made has a row here, which changes when its bytes do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

#: The least that two dates of HTTP differ by, in microseconds (RFC 9110 section 5.6.7).
_A_SECOND = 1_000_000


def known_since(
    connection: sqlite3.Connection, feed_id: int, name: str, form: str, digest: bytes
) -> int | None:
    """Return since when a document has had the bytes of this digest, `None` where it has not."""
    row = connection.execute(
        """SELECT since_at FROM served_bytes
            WHERE feed_id = ? AND name = ? AND form = ? AND digest = ?""",
        (feed_id, name, form, digest),
    ).fetchone()
    return None if row is None else int(row[0])


def change(
    connection: sqlite3.Connection,
    feed_id: int,
    name: str,
    form: str,
    *,
    digest: bytes,
    changed_at: int,
) -> int:
    """Store that a document has other bytes since `changed_at`; return the moment to tell.

    It never goes back, and two documents never have the same second.
    """
    (since,) = connection.execute(
        """INSERT INTO served_bytes (feed_id, name, form, digest, since_at)
           VALUES (:feed, :name, :form, :digest, :at)
           ON CONFLICT (feed_id, name, form) DO UPDATE SET digest = excluded.digest,
             since_at = CASE WHEN served_bytes.digest = excluded.digest
                             THEN served_bytes.since_at
                             WHEN excluded.since_at < served_bytes.since_at + :second
                             THEN served_bytes.since_at + :second
                             ELSE excluded.since_at END
           RETURNING since_at""",
        {
            "feed": feed_id,
            "name": name,
            "form": form,
            "digest": digest,
            "at": changed_at,
            "second": _A_SECOND,
        },
    ).fetchone()
    return int(since)


def forget(connection: sqlite3.Connection) -> None:
    """Drop the rows of parts of archives of which all entries have been pruned."""
    connection.execute(
        """DELETE FROM served_bytes WHERE name != '' AND NOT EXISTS (
             SELECT 1 FROM archive a WHERE a.feed_id = served_bytes.feed_id
                AND a.month = CAST(replace(substr(served_bytes.name, 1, 7), '-', '') AS INTEGER))
            AND NOT EXISTS (
             SELECT 1 FROM retold r WHERE r.feed_id = served_bytes.feed_id
                AND r.month = CAST(replace(substr(served_bytes.name, 1, 7), '-', '') AS INTEGER))"""
    )
