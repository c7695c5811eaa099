"""An article's own source comes after others: its story stands where theirs did."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def take_over(connection: sqlite3.Connection, copy_id: int, original_id: int) -> None:
    """Let an original stand where its copy did among what is joined."""
    connection.execute(
        "UPDATE stories SET joined_id = :original WHERE joined_id = :copy AND id != :original",
        {"original": original_id, "copy": copy_id},
    )
    copy = connection.execute(
        "SELECT joined_id, join_score, join_because FROM stories WHERE id = ?", (copy_id,)
    ).fetchone()
    if copy["joined_id"] is not None and copy["joined_id"] != original_id:
        for statement in (
            """UPDATE stories SET joined_id = :root, join_score = :score, join_because = :because
                WHERE id = :original AND joined_id IS NULL""",
            """UPDATE stories SET joined_id = (SELECT joined_id FROM stories WHERE id = :original)
                WHERE joined_id = :original""",
        ):
            connection.execute(
                statement,
                {
                    "root": copy["joined_id"],
                    "score": copy["join_score"],
                    "because": copy["join_because"],
                    "original": original_id,
                },
            )
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
        connection.execute(statement, {"original": original_id, "copy": copy_id})
