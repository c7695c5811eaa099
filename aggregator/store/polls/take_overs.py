"""An article's own source comes after others: its story stands where theirs did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    import sqlite3

    from aggregator.store.stories import tie_rows
else:  # with what tells stories apart
    tie_rows = LateModule("aggregator.store.stories.tie_rows")


def take_over(connection: sqlite3.Connection, copy_id: int, original_id: int) -> None:
    """Let an original stand where its copy did among what is joined."""
    tie_rows.give(connection, copy_id, original_id)
    copy = connection.execute(
        "SELECT joined_id, join_score, join_because FROM stories WHERE id = ?", (copy_id,)
    ).fetchone()
    ids = {"original": original_id, "copy": copy_id}
    if copy["joined_id"] not in (None, original_id):
        connection.execute(
            """UPDATE stories SET joined_id = :root, join_score = :score, join_because = :because
                WHERE id = :original AND joined_id IS NULL""",
            {
                "root": copy["joined_id"],
                "score": copy["join_score"],
                "because": copy["join_because"],
                "original": original_id,
            },
        )
    for statement in (
        # Of several copies one may have been joined to this one, another one elsewhere.
        """UPDATE stories SET joined_id = NULL, join_score = NULL
            WHERE id = :original AND joined_id = :copy""",
        "UPDATE stories SET joined_id = :original WHERE joined_id = :copy",
        """UPDATE stories SET joined_id = (SELECT joined_id FROM stories WHERE id = :original)
            WHERE joined_id = :original
              AND EXISTS (SELECT 1 FROM stories
                           WHERE id = :original AND joined_id IS NOT NULL)""",
    ):
        connection.execute(statement, ids)
    connection.execute(
        "UPDATE stories SET joined_id = NULL, join_score = NULL, join_because = NULL WHERE id = ?",
        (copy_id,),
    )
    for statement in (
        """UPDATE stories SET continued_id = (SELECT continued_id FROM stories WHERE id = :copy)
            WHERE id = :original AND continued_id IS NULL""",
        "UPDATE stories SET continued_id = NULL WHERE id = :copy",
        "UPDATE stories SET continued_id = :original WHERE continued_id = :copy",
    ):
        connection.execute(statement, ids)
