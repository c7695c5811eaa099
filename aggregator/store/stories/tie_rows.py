"""Rows of ties: which articles were found alike, and how much (`stories.ties`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.store.rows.codec import dumps
from aggregator.stories.ties import Tie, without

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from aggregator.model import Feed
    from aggregator.stories.windows import Candidate


def among(
    connection: sqlite3.Connection, root_ids: Iterable[int], *, across: bool = False
) -> list[Tie]:
    """Return the ties of the articles of some stories, by those that others are joined to.

    With `across` also those to earlier parts of a story that was full.
    """
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """WITH articles (id, root_id) AS (
             SELECT value, value FROM json_each(:roots)
              UNION ALL
             SELECT s.id, s.joined_id FROM json_each(:roots) asked
              CROSS JOIN stories s ON s.joined_id = asked.value)
           SELECT t.story_id, t.other_id, t.score
             FROM articles CROSS JOIN ties t ON t.story_id = articles.id
             CROSS JOIN stories o ON o.id = t.other_id
            WHERE :across = 1 OR coalesce(o.joined_id, o.id) = articles.root_id""",
        {"roots": dumps(sorted(root_ids)), "across": across},
    )
    return [Tie(*row) for row in rows]


def asked_for(connection: sqlite3.Connection, feed: Feed, found: Iterable[Candidate]) -> list[Tie]:
    """Return the ties of the articles of some entries, where a feed asks for them."""
    root_ids = {one.joined_id for one in found if one.joined_id is not None}
    if not root_ids or feed.dedupe_strictness == "wide":
        return []
    return among(connection, root_ids)


def add(connection: sqlite3.Connection, ties: Iterable[Tie]) -> None:
    """Keep ties; of two between the same articles the surer."""
    connection.executemany(
        """INSERT INTO ties (story_id, other_id, score) VALUES (?, ?, ?)
           ON CONFLICT (story_id, other_id) DO UPDATE SET score = excluded.score
            WHERE excluded.score > ties.score""",
        [(max(tie.one, tie.other), min(tie.one, tie.other), tie.score) for tie in ties],
    )


def take_out(connection: sqlite3.Connection, article_id: int) -> None:
    """Let an article have no ties; what held together by way of it goes on to do so."""
    own = _of(connection, article_id)
    if own:
        _drop(connection, article_id)
        add(connection, without(own, article_id))


def give(connection: sqlite3.Connection, article_id: int, to_id: int) -> None:
    """Let an article have the ties of another one, which keeps none."""
    own = _of(connection, article_id)
    if not own:
        return
    _drop(connection, article_id)
    others = [(one.one if one.other == article_id else one.other, one.score) for one in own]
    add(connection, [Tie(to_id, other, score) for other, score in others if other != to_id])


def _of(connection: sqlite3.Connection, article_id: int) -> list[Tie]:
    rows = connection.execute(
        """SELECT story_id, other_id, score FROM ties WHERE story_id = :id
            UNION ALL
           SELECT story_id, other_id, score FROM ties WHERE other_id = :id""",
        {"id": article_id},
    )
    return [Tie(*row) for row in rows]


def _drop(connection: sqlite3.Connection, article_id: int) -> None:
    connection.execute(
        "DELETE FROM ties WHERE story_id = :id OR other_id = :id", {"id": article_id}
    )
