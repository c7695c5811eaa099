"""Stories as the operator looks at them: who tells them, how surely, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aggregator.model.instants import instant
from aggregator.model.reports import Reported, StoryReport

if TYPE_CHECKING:
    import sqlite3

# sqlite: CROSS JOIN keeps the tables in this order
_OF_STORY = """WITH joined (id, score, because) AS (
     SELECT id, NULL, join_because FROM stories WHERE id = :root
      UNION ALL
     SELECT id, join_score, join_because FROM stories WHERE joined_id = :root),
   told (id, score, because) AS (
     SELECT id, score, because FROM joined
      UNION ALL
     SELECT s.id, j.score, j.because FROM joined j CROSS JOIN stories s ON s.original_id = j.id)
   SELECT e.public_id, o.name, e.title, e.url, e.published_at, told.score, told.because
     FROM told CROSS JOIN entries e ON e.story_id = told.id
     JOIN sources o ON o.id = e.source_id ORDER BY e.id"""


def newest(connection: sqlite3.Connection, most: int) -> tuple[StoryReport, ...]:
    """Return the stories that several articles tell, those that were told last first."""
    rows = connection.execute(
        """SELECT joined_id, max(id) AS last_id FROM stories WHERE joined_id IS NOT NULL
            GROUP BY joined_id ORDER BY last_id DESC LIMIT ?""",
        (most,),
    ).fetchall()
    found = (of_story(connection, row["joined_id"]) for row in rows)
    return tuple(one for one in found if one is not None)


def of_story(connection: sqlite3.Connection, story_id: int) -> StoryReport | None:
    """Return the story that an article is told within, with all who tell it."""
    root = connection.execute(
        """SELECT r.id, r.public_id, r.locked FROM stories s
             JOIN stories r ON r.id = coalesce(s.joined_id, s.id) WHERE s.id = ?""",
        (story_id,),
    ).fetchone()
    if root is None:
        return None
    rows = connection.execute(_OF_STORY, {"root": root["id"]})
    return StoryReport(
        story_id=root["public_id"],
        locked=bool(root["locked"]),
        entries=tuple(reported(row, score=row["score"], because=row["because"]) for row in rows),
    )


def reported(row: sqlite3.Row, *, score: float | None, because: str | None) -> Reported:
    """Return the entry of a row, how surely it tells its story, and why, which is JSON."""
    return Reported(
        entry_id=row["public_id"],
        source=row["name"],
        title=row["title"],
        url=row["url"],
        published_at=instant(row["published_at"]),
        score=score,
        because=None if because is None else json.loads(because),
    )
