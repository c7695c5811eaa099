"""Searching: the index names entries, the database says what feeds show of them today.

An index is never right about now: each hit is read as its feed shows it, concealed and reworded,
and counts only where what is asked for is in that.
"""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
import time
from heapq import nlargest
from typing import TYPE_CHECKING

from aggregator.model.found import Found, Hit
from aggregator.store.engines.sqlite_errors import primary_code
from aggregator.store.feeds.selection import IN_FEED
from aggregator.store.pages import river
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.search import search_file
from aggregator.stories.searched_texts import shown_text
from aggregator.web.search_words import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from aggregator.model import Feed
    from aggregator.rules.secrets import Secrets
    from aggregator.web.search_words import SearchQuery

#: Of one table of words so many entries are taken, the best; of all so many are looked up, after
#: which no older table is asked, and of so many the texts are read.
OF_ONE_TABLE, LOOKED_UP, READ = 500, 3_000, 200
#: No table of words is asked after so many seconds: those that were are the newest.
SECONDS = 0.5
#: And a statement ends after so many steps of SQLite's machine, some 0.1 s.
_STEPS = 2_000_000
#: How much more a word in a title counts than one in a text.
_TITLE, _TEXT = 8.0, 1.0

_SHOWN = f"""
    SELECT e.id, e.order_key, coalesce(s.original_id, s.id) AS story_id, a.feed_id FROM entries e
      JOIN stories s ON s.id = e.story_id
      JOIN archive a ON a.entry_id = e.id
     WHERE a.feed_id IN (SELECT value FROM json_each(?)) AND e.id IN ({{marks}})
       AND {IN_FEED.replace(":feed", "a.feed_id")}
"""  # noqa: S608 -- built of constants
#: Entries that are looked up together.
_AT_ONCE = 100


def search(
    connection: sqlite3.Connection,
    database: Path,
    feeds: Sequence[Feed],
    secrets: Secrets,
    query: SearchQuery,
    *,
    most: int,
    after: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Return at most so many stories of the feeds, the first of them that shows it for each.

    `after` is the order key of the entry that was looked at last, the best ones before it having
    been told.
    """
    (ours,) = connection.execute("SELECT operations_id FROM counters").fetchone()
    index = search_file.open_for_searching(database, ours)
    if index is None:
        return Found(is_whole=False, is_indexed=False)
    try:
        ranked, is_whole = _ranked(index, query, clock() + SECONDS, clock)
    finally:
        index.close()
    places = {feed.name: place for place, feed in enumerate(feeds)}
    rows = connection.execute("SELECT * FROM feeds WHERE removed_at IS NULL").fetchall()
    known = {row["id"]: (feeds[places[row["name"]]], row) for row in rows if row["name"] in places}
    before, ranked = _parted(connection, ranked, after)
    # What was told of a story by a better entry is not told again by another.
    told = {story_id for _, story_id, _ in _shown(connection, before, known)}
    hits: list[Hit] = []
    read, last = 0, None
    for order_key, story_id, feed_ids in _shown(connection, ranked, known):
        if story_id in told:
            continue
        if read == READ or len(hits) == most:
            return Found(tuple(hits), is_whole and read < READ, next=last)
        read, last = read + 1, order_key
        for feed_id in sorted(feed_ids, key=lambda one: places[known[one][0].name]):
            feed, row = known[feed_id]
            story = river.story(connection, feed, row, secrets, order_key)
            if story is not None and query.is_in(
                tokens_of(story.title), tokens_of(shown_text(story, feed))
            ):
                hits.append(Hit(story, feed))
                told.add(story_id)
                break
    return Found(tuple(hits), is_whole)


def _parted(
    connection: sqlite3.Connection, ranked: list[int], after: int | None
) -> tuple[list[int], list[int]]:
    """Return the ids of entries before a place in a ranking and after it; nothing without it."""
    if after is None:
        return [], ranked
    row = connection.execute("SELECT id FROM entries WHERE order_key = ?", (after,)).fetchone()
    if row is None or row["id"] not in ranked:
        return ranked, []
    place = ranked.index(row["id"]) + 1
    return ranked[:place], ranked[place:]


def _ranked(
    index: sqlite3.Connection, query: SearchQuery, until: float, clock: Callable[[], float]
) -> tuple[list[int], bool]:
    """Return the ids of entries, the best first, and whether all tables of words were asked."""
    if not query.phrases:
        return [], True
    found: list[tuple[float, int]] = []
    is_whole = True
    index.set_progress_handler(lambda: 1, _STEPS)
    for number in reversed(search_file.tables(index)):
        if clock() > until or len(found) >= LOOKED_UP:
            is_whole = False
            break
        try:
            rows = index.execute(
                f"""SELECT bm25(words_{number}, {_TITLE}, {_TEXT}) AS score, x.entry_id
                      FROM words_{number} w JOIN indexed x ON x.text_id = w.rowid
                     WHERE words_{number} MATCH ? ORDER BY score LIMIT ?""",  # noqa: S608 -- numbers of ours
                (query.in_fts, OF_ONE_TABLE),
            ).fetchall()
        except sqlite3.OperationalError as error:
            if primary_code(error) not in {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_ERROR}:
                raise
            is_whole = False  # too many steps, or the table was dropped meanwhile
            continue
        found += [(-row["score"], row["entry_id"]) for row in rows]
        is_whole &= len(rows) < OF_ONE_TABLE
    best = nlargest(LOOKED_UP, found)
    return [entry_id for _, entry_id in best], is_whole and len(found) <= LOOKED_UP


def _shown(
    connection: sqlite3.Connection, ranked: Sequence[int], feed_ids: Iterable[int]
) -> Iterator[tuple[int, int, list[int]]]:
    """Yield order key, story and feeds of the entries that some feeds show, in the order given."""
    asked = dumps(list(feed_ids))
    for start in range(0, len(ranked), _AT_ONCE):
        some = ranked[start : start + _AT_ONCE]
        rows: dict[int, list[sqlite3.Row]] = {}
        for row in rows_of(connection, _SHOWN, some, asked):
            rows.setdefault(row["id"], []).append(row)
        for entry_id in some:
            if found := rows.get(entry_id):
                first = found[0]
                yield first["order_key"], first["story_id"], [row["feed_id"] for row in found]
