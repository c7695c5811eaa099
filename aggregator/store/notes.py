"""What else is wrong, or worth knowing, by subject: "config", "feed all", "source x", "moved x"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def put(connection: sqlite3.Connection, subject: str, text: str, now: int) -> None:
    """Remember a note; one that says the same already is left as it is."""
    connection.execute(
        """INSERT INTO notes (subject, text, noted_at) VALUES (?, ?, ?)
           ON CONFLICT (subject)
           DO UPDATE SET text = excluded.text, noted_at = excluded.noted_at
           WHERE text IS NOT excluded.text""",
        (subject, text, now),
    )


def drop(connection: sqlite3.Connection, subject: str) -> None:
    """Forget a note."""
    connection.execute("DELETE FROM notes WHERE subject = ?", (subject,))
