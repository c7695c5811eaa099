"""A feed's stories page by page, newest first: of its window, and then of its archive.

A page reads the rows that it shows, and looks through no more than the feed's own window does.
"""

# sqlite: the whole module

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.pages import Place, ShownSource, Stretch
from aggregator.store.feeds.selection import COLUMNS, IN_FEED, stored_stories, words_of
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import source_of
from aggregator.stories.concealment import public_title
from aggregator.stories.for_readers import as_read

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from aggregator.model import Feed, Story
    from aggregator.model.pages import Wish
    from aggregator.rules.secrets import Secrets

#: Rows of an archive that a page looks through for what is wanted, beside those of the window.
LOOKED_THROUGH = 500

#: Sources that are told of a feed: as many as a person will look through.
TOLD_SOURCES = 60

_WANTED = """(:of_all = 1 OR e.source_id IN (SELECT value FROM json_each(:sources))
        OR (:tag != '' AND EXISTS (SELECT 1 FROM json_each(e.tags) WHERE value = :tag)))"""

_WINDOW = f"""
    SELECT {COLUMNS}, {{major}} AS major, w.order_key AS minor FROM shown w
      JOIN entries e ON e.id = w.entry_id
      JOIN texts t ON t.entry_id = e.id
      JOIN stories s ON s.id = e.story_id
     WHERE w.feed_id = :feed AND ({{major}}, w.order_key) < (:major, :minor) AND {_WANTED}
     ORDER BY {{major}} DESC, w.order_key DESC LIMIT :most
"""  # noqa: S608 -- built of constants
_BY_ARRIVAL = _WINDOW.format(major="w.order_key")
_BY_DATE = _WINDOW.format(major="e.published_at")

_SCANNED = """SELECT * FROM archive
     WHERE feed_id = :feed AND (month, number) < (:major, :minor)
     ORDER BY month DESC, number DESC LIMIT :scan"""

_ARCHIVE = f"""
    SELECT {COLUMNS}, a.month AS major, a.number AS minor FROM ({_SCANNED}) a
      JOIN entries e ON e.id = a.entry_id
      JOIN texts t ON t.entry_id = e.id
      JOIN stories s ON s.id = e.story_id
     WHERE NOT EXISTS (SELECT 1 FROM shown w WHERE w.entry_id = e.id AND w.feed_id = :feed)
       AND {IN_FEED} AND {_WANTED}
     ORDER BY a.month DESC, a.number DESC LIMIT :most
"""  # noqa: S608 -- built of constants

#: Before every row of either.
_FIRST = 10**17


def stretch(
    connection: sqlite3.Connection,
    feed: Feed,
    row: sqlite3.Row,
    secrets: Secrets,
    *,
    place: Place | None,
    wish: Wish,
    most: int,
) -> Stretch:
    """Return at most so many stories from a place on, from the newest where it is `None`."""
    asked = {"feed": row["id"]} | _wanted(connection, row["id"], secrets, wish)
    place = place or Place(in_archive=False, major=_FIRST, minor=_FIRST)
    found: list[tuple[Place, sqlite3.Row]] = []
    if not place.in_archive:
        of_window = _BY_DATE if feed.order == "published" else _BY_ARRIVAL
        found += _placed(connection, of_window, asked | {"most": most + 1}, place)
        place = Place(in_archive=True, major=_FIRST, minor=_FIRST)
    older = None
    if len(found) <= most:
        asked |= {"most": most + 1 - len(found), "scan": row["shown_count"] + LOOKED_THROUGH}
        found += _placed(connection, _ARCHIVE, asked, place)
        older = _last_looked_through(connection, asked, place)
    if len(found) > most:
        older = found[most - 1][0]
    shown = [one for _, one in found[:most]]
    stories = as_read(stored_stories(connection, feed, row, shown), feed, secrets)
    return Stretch(stories, older)


def _placed(
    connection: sqlite3.Connection, statement: str, asked: dict[str, object], place: Place
) -> list[tuple[Place, sqlite3.Row]]:
    rows = connection.execute(statement, asked | _after(place)).fetchall()
    return [(Place(place.in_archive, row["major"], row["minor"]), row) for row in rows]


def _after(place: Place) -> dict[str, object]:
    return {"major": place.major, "minor": place.minor}


def _last_looked_through(
    connection: sqlite3.Connection, asked: dict[str, object], place: Place
) -> Place | None:
    """Return where a page has stopped looking, `None` at the archive's end."""
    row = connection.execute(
        f"SELECT month, number FROM ({_SCANNED}) AS scanned LIMIT 1 OFFSET :scan - 1",  # noqa: S608 -- built of constants
        asked | _after(place),
    ).fetchone()
    return None if row is None else Place(in_archive=True, major=row["month"], minor=row["number"])


def _wanted(
    connection: sqlite3.Connection, feed_id: int, secrets: Secrets, wish: Wish
) -> dict[str, object]:
    """Return what `_WANTED` asks for: sources of the feed, and a tag that rules give."""
    if wish.source is None and wish.tag is None:
        return {"of_all": True, "sources": "[]", "tag": ""}
    rows = connection.execute(
        """SELECT s.id, s.config, s.document_title FROM memberships m
             JOIN sources s ON s.id = m.source_id
            WHERE m.feed_id = :feed AND m.until_key IS NULL
              AND (:source = ''
                   OR :source IN (json_extract(s.config, '$.title'), s.document_title, s.name))
              AND (:tag = ''
                   OR EXISTS (SELECT 1 FROM json_each(s.config, '$.tags') WHERE value = :tag))""",
        {"feed": feed_id, "source": wish.source or "", "tag": wish.tag or ""},
    ).fetchall()
    ids = [
        row["id"]
        for row in rows
        if wish.source is None
        or public_title(source_of(row["config"]), row["document_title"], secrets) == wish.source
    ]
    # What a rule tags is wanted of every source, unless one is named.
    tag = wish.tag if wish.source is None else None
    return {"of_all": False, "sources": dumps(ids), "tag": tag or ""}


def shown_sources(
    connection: sqlite3.Connection, row: sqlite3.Row, secrets: Secrets
) -> tuple[ShownSource, ...]:
    """Return the sources of a feed's window, those with the most stories first."""
    found = connection.execute(
        """SELECT e.source_id, count(*) AS stories FROM shown w JOIN entries e ON e.id = w.entry_id
            WHERE w.feed_id = ? GROUP BY e.source_id ORDER BY stories DESC, e.source_id LIMIT ?""",
        (row["id"], TOLD_SOURCES),
    ).fetchall()
    told = []
    sources = words_of(connection, [source_id for source_id, _ in found])
    for source_id, stories in found:
        words = sources[source_id]
        title = public_title(words.source, words.title, secrets)
        told.append(ShownSource(title, tuple(map(secrets.conceal, words.source.tags)), stories))
    return tuple(told)


def feeds_with(connection: sqlite3.Connection, order_key: int) -> tuple[str, ...]:
    """Return the names of the feeds that have ever shown the entry with this place."""
    rows = connection.execute(
        """SELECT f.name FROM entries e JOIN archive a ON a.entry_id = e.id
             JOIN feeds f ON f.id = a.feed_id
            WHERE e.order_key = ? AND f.removed_at IS NULL ORDER BY a.feed_id""",
        (order_key,),
    )
    return tuple(name for (name,) in rows)


_STORIES = f"""
    SELECT {COLUMNS} FROM json_each(:keys) asked
     CROSS JOIN entries e ON e.order_key = asked.value
     CROSS JOIN archive a ON a.entry_id = e.id AND a.feed_id = :feed
      JOIN texts t ON t.entry_id = e.id
      JOIN stories s ON s.id = e.story_id
     WHERE {IN_FEED}
"""  # noqa: S608 -- built of constants


def stories(
    connection: sqlite3.Connection,
    feed: Feed,
    row: sqlite3.Row,
    secrets: Secrets,
    order_keys: Sequence[int],
) -> tuple[Story, ...]:
    """Return the stories with these places as the feed shows them, without those it does not."""
    asked = {"feed": row["id"], "keys": dumps(list(order_keys))}
    found = connection.execute(_STORIES, asked).fetchall()
    return as_read(stored_stories(connection, feed, row, found), feed, secrets)


def story(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, secrets: Secrets, order_key: int
) -> Story | None:
    """Return the story with this place as the feed shows it, `None` where it does not."""
    found = stories(connection, feed, row, secrets, (order_key,))
    return found[0] if found else None


def titles(
    connection: sqlite3.Connection, secrets: Secrets, names: tuple[str, ...]
) -> dict[str, str]:
    """Return what sources are called, by their names."""
    rows = connection.execute(
        """SELECT config, document_title FROM sources
            WHERE removed_at IS NULL AND name IN (SELECT value FROM json_each(?))""",
        (dumps(names),),
    )
    found = ((source_of(config), title) for config, title in rows.fetchall())
    return {source.name: public_title(source, title, secrets) for source, title in found}
