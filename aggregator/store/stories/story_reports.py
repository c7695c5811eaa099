"""Stories as the operator looks at them: who tells them, how surely, and why."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model.instants import instant
from aggregator.model.reports import Reported, StoryReport
from aggregator.store.stories import tie_rows
from aggregator.stories.ties import THRESHOLDS, Groups

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from aggregator.stories.ties import Tie

# sqlite: CROSS JOIN keeps the tables in this order
_OF_STORY = """WITH joined (id, score, because) AS (
     SELECT id, NULL, join_because FROM stories WHERE id = :root
      UNION ALL
     SELECT id, join_score, join_because FROM stories WHERE joined_id = :root),
   told (id, article_id, score, because) AS (
     SELECT id, id, score, because FROM joined
      UNION ALL
     SELECT s.id, j.id, j.score, j.because FROM joined j
      CROSS JOIN stories s ON s.original_id = j.id)
   SELECT e.public_id, o.name, e.title, e.url, e.published_at, told.article_id, told.score,
          told.because
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
    rows = connection.execute(_OF_STORY, {"root": root["id"]}).fetchall()
    article_ids = [row["article_id"] for row in rows]
    ties = tie_rows.among(connection, (root["id"],))
    like = likes(article_ids, ties)
    return StoryReport(
        story_id=root["public_id"],
        locked=bool(root["locked"]),
        entries=tuple(
            reported(row, score=row["score"], because=row["because"], like=one)
            for row, one in zip(rows, like, strict=True)
        ),
        parts={name: _parts(article_ids, ties, least) for name, least in THRESHOLDS.items()},
    )


def likes(article_ids: Sequence[int], ties: Iterable[Tie]) -> list[tuple[tuple[int, float], ...]]:
    """Return the ties of each of some entries to those before it, by the places of these from 1."""
    place = {article_id: number for number, article_id in reversed([*enumerate(article_ids, 1)])}
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for tie in ties:
        if tie.one in place and tie.other in place:
            first, second = sorted((place[tie.one], place[tie.other]))
            found[second].append((first, tie.score))
    return [
        tuple(sorted(found[number], key=lambda one: (-one[1], one[0])))
        for number in range(1, len(article_ids) + 1)
    ]


def _parts(
    article_ids: Sequence[int], ties: Iterable[Tie], least: float
) -> tuple[tuple[int, ...], ...]:
    """Return the places of what holds together, from 1; all of a story do at `wide`."""
    groups = Groups(ties, least)
    parts: dict[int, list[int]] = defaultdict(list)
    for number, article_id in enumerate(article_ids, 1):
        is_one = least == THRESHOLDS["wide"]
        parts[0 if is_one else groups.of(article_id)].append(number)
    return tuple(map(tuple, parts.values()))


def reported(
    row: sqlite3.Row,
    *,
    score: float | None,
    because: str | None,
    like: tuple[tuple[int, float], ...] = (),
) -> Reported:
    """Return the entry of a row, how much it is like the likest, and why, which is JSON."""
    return Reported(
        entry_id=row["public_id"],
        source=row["name"],
        title=row["title"],
        url=row["url"],
        published_at=instant(row["published_at"]),
        score=score,
        because=None if because is None else json.loads(because),
        like=like,
    )
