"""What a feed would tell together of what is stored: compared anew, and nothing of it is kept.

The same code compares as when entries arrive; what it writes goes into temporary tables, which
stand before those of the database in the connection that asks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.model.reports import StoryReport, StoryTrial
from aggregator.store import joining, story_index, tie_rows
from aggregator.store.codec import dumps
from aggregator.store.story_index import StoryIndex
from aggregator.store.story_reports import likes, reported
from aggregator.stories.tellings import sure_ties
from aggregator.stories.ties import Placed, in_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from aggregator.model import Feed
    from aggregator.model.reports import Reported
    from aggregator.store.engine import Engine
    from aggregator.stories.ties import Tie

#: So many entries are compared, the newest: some seconds of work.
MOST = 2000
#: What comparing writes.
_WRITTEN = ("stories", "ties", "signatures", "postings", "story_index", "uncounted")


def told_together(
    connection: sqlite3.Connection, engine: Engine, feed: Feed, sources: Sequence[str], now: int
) -> StoryTrial:
    """Return what a feed of some sources would tell together, the newest story first.

    The connection is to read only, and nobody else's: its temporary tables stay. Entries of the
    longest window are compared, at most `MOST`, by how often words were seen till now.
    """
    entry_ids = _newest(connection, feed, sources, now)
    _stand_before(connection, engine, entry_ids)
    index, left = StoryIndex(), list(entry_ids)
    while left:
        left = joining.join(connection, index, left, now)
    stories = sorted(_stories(connection, feed, entry_ids), key=lambda found: -found[0])
    return StoryTrial(len(entry_ids), tuple(story for _, story in stories))


def _newest(
    connection: sqlite3.Connection, feed: Feed, sources: Sequence[str], now: int
) -> list[int]:
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT e.id FROM entries e JOIN sources o ON o.id = e.source_id
            WHERE o.removed_at IS NULL AND o.name IN (SELECT value FROM json_each(:sources))
              AND e.published_at >= :since AND e.blocked IS NULL
              AND NOT EXISTS (SELECT 1 FROM exclusions x JOIN feeds f ON f.id = x.feed_id
                               WHERE x.entry_id = e.id AND f.name = :feed
                                 AND f.removed_at IS NULL)
            ORDER BY e.id DESC LIMIT :most""",
        {
            "sources": dumps(list(sources)),
            "since": now - story_index.WINDOW_US,
            "feed": feed.name,
            "most": MOST,
        },
    )
    return sorted(entry_id for (entry_id,) in rows)


def _stand_before(connection: sqlite3.Connection, engine: Engine, entry_ids: Sequence[int]) -> None:
    """Let what is written of some entries' stories go into tables of this connection."""
    aside, kept = engine.set_aside(connection, _WRITTEN, copied=("story_index", "uncounted"))
    # sqlite: a list of values is one parameter, as JSON
    connection.execute(
        f"""INSERT INTO {aside}.stories SELECT * FROM {kept}.stories
            WHERE id IN (SELECT e.story_id FROM json_each(:ids) asked
                           JOIN {kept}.entries e ON e.id = asked.value
                          UNION
                         SELECT s.original_id FROM json_each(:ids) asked
                           JOIN {kept}.entries e ON e.id = asked.value
                           JOIN {kept}.stories s ON s.id = e.story_id)""",  # noqa: S608 -- names of ours
        {"ids": dumps(list(entry_ids))},
    )
    connection.execute(
        f"""UPDATE {aside}.stories SET joined_id = NULL, join_score = NULL, join_because = NULL,
                  continued_id = NULL"""  # noqa: S608 -- a name of ours
    )


def _stories(
    connection: sqlite3.Connection, feed: Feed, entry_ids: Sequence[int]
) -> Iterator[tuple[int, StoryReport]]:
    """Yield what several entries tell, each with its last entry's place in the order of arrival."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT e.id, e.public_id, o.name, e.title, e.url, e.published_at, a.public_id AS story,
                  a.id AS article_id, a.joined_id, a.join_score, a.join_because
             FROM json_each(?) asked
             JOIN entries e ON e.id = asked.value
             JOIN sources o ON o.id = e.source_id
             JOIN stories s ON s.id = e.story_id
             JOIN stories a ON a.id = coalesce(s.original_id, s.id)
            ORDER BY e.id""",
        (dumps(list(entry_ids)),),
    )
    of_article: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        of_article[row["article_id"]].append(row)
    articles = [found[0] for found in of_article.values()]
    ties = _ties(connection)
    sure = sure_ties(feed, {one["article_id"]: one["joined_id"] for one in articles}, ties)
    placed = [Placed(one["article_id"], one["published_at"]) for one in articles]
    for together in in_time(placed, sure, feed.dedupe_window // MICROSECOND):
        told = sorted((row for one in together for row in of_article[one]), key=_arrived)
        if len(told) > 1:
            like = likes([row["article_id"] for row in told], ties)
            entries = tuple(map(_reported, told, like))
            yield told[-1]["id"], StoryReport(told[0]["story"], False, entries)


def _ties(connection: sqlite3.Connection) -> list[Tie]:
    rows = connection.execute("SELECT DISTINCT joined_id FROM stories WHERE joined_id > 0")
    return tie_rows.among(connection, [root_id for (root_id,) in rows])


def _arrived(row: sqlite3.Row) -> int:
    return int(row["id"])


def _reported(row: sqlite3.Row, like: tuple[tuple[int, float], ...]) -> Reported:
    """Return an entry, and why it is told with those before it; the first is for none of them."""
    if not like:
        return reported(row, score=None, because=None)
    return reported(row, score=row["join_score"], because=row["join_because"], like=like)
