"""What a feed would tell together of what is stored: what the daemon makes of it, and nothing kept.

Where a feed asks for stories already, what is told together is known. Else it is compared as the
daemon would if one did, by the same code: what that writes goes into temporary tables, which stand
before those of the database in the connection that asks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.model.reports import StoryReport, StoryTrial
from aggregator.store.rows.codec import dumps
from aggregator.store.stories import joining, story_index, tie_rows
from aggregator.store.stories.story_index import StoryIndex
from aggregator.store.stories.story_reports import likes, reported
from aggregator.stories.tellings import sure_ties
from aggregator.stories.ties import Placed, in_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from aggregator.model import Feed
    from aggregator.model.reports import Reported
    from aggregator.store.engines.engine import Engine

#: So many entries of the feed are looked at, the newest, and compared with so many: some seconds
#: of work.
MOST = 2000
#: What comparing writes.
_WRITTEN = ("stories", "ties", "signatures", "postings", "story_index", "uncounted")


def told_together(
    connection: sqlite3.Connection,
    engine: Engine,
    feed: Feed,
    sources: Sequence[str],
    *,
    others: Sequence[str],
    now: int,
) -> StoryTrial:
    """Return what a feed of some sources would tell together, the newest story first.

    The connection is to read only, and nobody else's: its temporary tables stay. Entries of the
    longest window are looked at, at most `MOST`. Stories are of all sources: where none are told
    yet, entries of `others` are compared, too.
    """
    entry_ids = _newest(connection, feed, sources, now)
    (is_on,) = connection.execute("SELECT is_on FROM story_index").fetchone()
    if not is_on:
        left = sorted({*entry_ids, *_newest(connection, None, (*sources, *others), now)})
        _stand_before(connection, engine, left)
        index = StoryIndex()
        while left:
            left = joining.join(connection, index, left, now)
    stories = sorted(_stories(connection, feed, entry_ids), key=lambda found: -found[0])
    return StoryTrial(len(entry_ids), tuple(story for _, story in stories))


def _newest(
    connection: sqlite3.Connection, feed: Feed | None, sources: Sequence[str], now: int
) -> list[int]:
    """Return the newest entries of some sources, all or those that a feed admits, by arrival."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """SELECT e.id FROM entries e JOIN sources o ON o.id = e.source_id
            WHERE o.removed_at IS NULL AND o.name IN (SELECT value FROM json_each(:sources))
              AND e.published_at >= :since
              AND (:every = 1 OR (e.blocked IS NULL
              AND NOT EXISTS (SELECT 1 FROM exclusions x JOIN feeds f ON f.id = x.feed_id
                               WHERE x.entry_id = e.id AND f.name = :feed
                                 AND f.removed_at IS NULL)))
            ORDER BY e.id DESC LIMIT :most""",
        {
            "sources": dumps(list(sources)),
            "since": now - story_index.WINDOW_US,
            "every": feed is None,
            "feed": "" if feed is None else feed.name,
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
        """SELECT e.id, e.public_id, o.name, e.title, e.url, e.published_at, e.first_seen_at,
                  a.public_id AS story, a.id AS article_id, a.joined_id, a.join_score,
                  a.join_because
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
    joined = {article: found[0]["joined_id"] for article, found in of_article.items()}
    ties = tie_rows.among(connection, {root or article for article, root in joined.items()})
    placed = sorted(
        (
            Placed(article, min(row["first_seen_at"] for row in found))
            for article, found in of_article.items()
        ),
        key=lambda one: (one.at_us, one.article),
    )
    for together in in_time(
        placed, sure_ties(feed, joined, ties), feed.dedupe_window // MICROSECOND
    ):
        told = sorted((row for one in together for row in of_article[one]), key=_arrived)
        if len(told) > 1:
            like = likes([row["article_id"] for row in told], ties)
            entries = tuple(map(_reported, told, like))
            yield told[-1]["id"], StoryReport(told[0]["story"], False, entries)


def _arrived(row: sqlite3.Row) -> int:
    return int(row["id"])


def _reported(row: sqlite3.Row, like: tuple[tuple[int, float], ...]) -> Reported:
    """Return an entry, and why it is told with those before it; the first is for none of them."""
    if not like:
        return reported(row, score=None, because=None)
    return reported(row, score=row["join_score"], because=row["join_because"], like=like)
