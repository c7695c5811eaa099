"""Searching: the index names entries, the database says what feeds show of them today.

An index is never right about now: each hit is read as its feed shows it, concealed and reworded,
and counts only where what is asked for is in that.
"""

# sqlite: the whole module

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aggregator.model.found import Found, Hit
from aggregator.store.feeds.selection import IN_FEED
from aggregator.store.pages import river
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.searched_texts import shown_text
from aggregator.web.search_words import tokens_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aggregator.model import Feed, Story
    from aggregator.rules.secrets import Secrets
    from aggregator.store.search.finds import Ranked
    from aggregator.web.search_words import SearchQuery

#: Of so many entries the texts are read.
READ = 200

_SHOWN = f"""
    SELECT e.id, e.order_key, coalesce(s.original_id, s.id) AS story_id, a.feed_id FROM entries e
      JOIN stories s ON s.id = e.story_id
      JOIN archive a ON a.entry_id = e.id
     WHERE a.feed_id IN (SELECT value FROM json_each(?)) AND e.id IN ({{marks}})
       AND {IN_FEED.replace(":feed", "a.feed_id")}
"""  # noqa: S608 -- built of constants
#: Entries that are looked up together.
_AT_ONCE = 100

#: An entry's order key, its story, and the feeds that show it.
_Place = tuple[int, int, list[int]]


def search(
    connection: sqlite3.Connection,
    feeds: Sequence[Feed],
    secrets: Secrets,
    query: SearchQuery,
    found: Ranked,
    *,
    most: int,
    after: int | None = None,
) -> Found:
    """Return at most so many stories of the feeds, the first of them that shows it for each.

    `found` is what an index says. `after` is the order key of the entry that was looked at last,
    the best ones before it having been told.
    """
    ranked, is_whole = found
    rows = connection.execute("SELECT * FROM feeds WHERE removed_at IS NULL").fetchall()
    named = {row["name"]: row for row in rows}
    known = {
        named[feed.name]["id"]: (feed, named[feed.name]) for feed in feeds if feed.name in named
    }
    before, ranked = _parted(connection, ranked, after)
    # What was told of a story by a better entry is not told again by another.
    told = {story_id for _, story_id, _ in _shown(connection, before, known)}
    stories = _Stories(connection, known, secrets)
    hits: list[Hit] = []
    read, last = 0, None
    coming = _shown(connection, ranked, known)
    while some := list(islice(coming, max(1, most - len(hits)))):
        if len(hits) < most:
            stories.read(one for one in some if one[1] not in told)
        for order_key, story_id, feed_ids in some:
            if story_id in told:
                continue
            if read == READ or len(hits) == most:
                return Found(tuple(hits), is_whole and read < READ, next=last)
            read, last = read + 1, order_key
            for feed_id in feed_ids:
                feed, story = stories.of(feed_id, order_key)
                if story is not None and query.is_in(
                    tokens_of(story.title), tokens_of(shown_text(story, feed))
                ):
                    hits.append(Hit(story, feed))
                    told.add(story_id)
                    break
    return Found(tuple(hits), is_whole)


class _Stories:
    """Stories as feeds show them, those that come next read together."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        feeds: Mapping[int, tuple[Feed, sqlite3.Row]],
        secrets: Secrets,
    ) -> None:
        self._connection = connection
        self._feeds = feeds
        self._secrets = secrets
        self._kept: dict[tuple[int, int], Story | None] = {}

    def read(self, coming: Iterable[_Place]) -> None:
        """Read what comes next in its first feed: of each story the first entry."""
        self._kept.clear()
        first = {story_id: (feeds[0], key) for key, story_id, feeds in reversed(list(coming))}
        of_feeds: dict[int, list[int]] = {}
        for feed_id, order_key in first.values():
            of_feeds.setdefault(feed_id, []).append(order_key)
        for feed_id, order_keys in of_feeds.items():
            self._read(feed_id, order_keys)

    def of(self, feed_id: int, order_key: int) -> tuple[Feed, Story | None]:
        """Return a feed, and the story with this place as that shows it."""
        if (feed_id, order_key) not in self._kept:
            self._read(feed_id, [order_key])
        return self._feeds[feed_id][0], self._kept[feed_id, order_key]

    def _read(self, feed_id: int, order_keys: Sequence[int]) -> None:
        self._kept |= {(feed_id, order_key): None for order_key in order_keys}
        feed, row = self._feeds[feed_id]
        for story in river.stories(self._connection, feed, row, self._secrets, order_keys):
            self._kept[feed_id, story.order_key] = story


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


def _shown(
    connection: sqlite3.Connection, ranked: Sequence[int], feed_ids: Iterable[int]
) -> Iterator[_Place]:
    """Yield those of the entries that some feeds show, both in the order given."""
    places = {feed_id: place for place, feed_id in enumerate(feed_ids)}
    asked = dumps(list(places))
    for start in range(0, len(ranked), _AT_ONCE):
        some = ranked[start : start + _AT_ONCE]
        rows: dict[int, list[sqlite3.Row]] = {}
        for row in rows_of(connection, _SHOWN, some, asked):
            rows.setdefault(row["id"], []).append(row)
        for entry_id in some:
            if found := rows.get(entry_id):
                first = found[0]
                feeds = sorted((row["feed_id"] for row in found), key=places.__getitem__)
                yield first["order_key"], first["story_id"], feeds
