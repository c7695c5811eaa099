"""What a feed shows: memberships, the floor, and the window that only moves forward.

A feed shows the stories of its sources whose order key lies above the feed's floor. The floor
rises when the window drops a story, and never falls: nothing that was dropped enters again,
whatever is configured, removed or added later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Category, Origin, Selection, Story
from aggregator.redact import conceal, redact
from aggregator.store import notes
from aggregator.store.rows import (
    MICROSECOND,
    categories_of,
    enclosures_of,
    feed_of,
    instant,
    optional_instant,
    source_of,
)

if TYPE_CHECKING:
    import sqlite3

    from aggregator.model import Feed, Source

#: After a feed's creation, sources that are first polled within this time bring all they have:
#: the feed has no readers yet. Later ones bring at most their `backfill`.
FILLING_US = 3_600_000_000

# Entries that the feed admits: of a source that is a member today, arrived during one of its
# memberships. Written as a condition on entry {e}.
_IS_ADMITTED = """
    {e}.held_back = 0
    AND EXISTS (SELECT 1 FROM memberships m
                 WHERE m.feed_id = :feed AND m.source_id = {e}.source_id
                   AND {e}.order_key > m.after_key
                   AND (m.until_key IS NULL OR {e}.order_key <= m.until_key))
    AND EXISTS (SELECT 1 FROM memberships m
                 WHERE m.feed_id = :feed AND m.source_id = {e}.source_id AND m.until_key IS NULL)
"""

# A story stands in a feed by the first of its entries that the feed admits: another source's copy
# that comes later neither moves it nor brings it back.
_SHOWN = f"""
    SELECT e.id, e.story_id, e.order_key FROM entries e
     WHERE e.order_key > :floor AND {_IS_ADMITTED.format(e="e")}
       AND (:once = 0 OR NOT EXISTS (SELECT 1 FROM entries f
                        WHERE f.story_id = e.story_id AND f.order_key < e.order_key
                          AND {_IS_ADMITTED.format(e="f")}))
     ORDER BY e.order_key DESC
"""  # noqa: S608 -- built of constants

_STORIES = f"""
    SELECT e.*, s.public_id AS story_public_id,
           (SELECT count(*) FROM entries o WHERE o.story_id = e.story_id) AS copies
      FROM ({_SHOWN} LIMIT :limit) shown
      JOIN entries e ON e.id = shown.id
      JOIN stories s ON s.id = shown.story_id
     ORDER BY e.order_key DESC
"""  # noqa: S608 -- built of constants

# The other sources of a shown entry's story that the feed admits, in the order of their copies.
_OTHERS = f"""
    SELECT o.source_id FROM entries e JOIN entries o ON o.story_id = e.story_id AND o.id != e.id
     WHERE e.id = :entry AND o.source_id != e.source_id AND {_IS_ADMITTED.format(e="o")}
     GROUP BY o.source_id ORDER BY min(o.order_key)
"""  # noqa: S608 -- built of constants


def join(
    connection: sqlite3.Connection,
    *,
    feed_id: int,
    feed_created: int,
    source_id: int,
    backfill: int,
    now: int,
) -> None:
    """Make a source a member of a feed, from now on.

    Of stories that the source had before, a feed that has readers already takes those of earlier
    memberships and the newest `backfill` of the others.
    """
    (after,) = connection.execute(
        "SELECT coalesce(max(until_key), 0) FROM memberships WHERE feed_id = ? AND source_id = ?",
        (feed_id, source_id),
    ).fetchone()
    if now > feed_created + FILLING_US:
        # What lies below the floor cannot be shown; it must not stand for a story that is, either.
        (floor,) = connection.execute("SELECT floor FROM feeds WHERE id = ?", (feed_id,)).fetchone()
        after = max(after, floor, _cut(connection, source_id, after, backfill))
    connection.execute(
        """INSERT INTO memberships (feed_id, source_id, after_key, until_key)
           VALUES (?, ?, ?, NULL)
           ON CONFLICT (feed_id, source_id, after_key) DO UPDATE SET until_key = NULL""",
        (feed_id, source_id, after),
    )


def leave(connection: sqlite3.Connection, *, feed_id: int, source_id: int) -> None:
    """End a source's membership of a feed: its stories leave, nothing takes their place."""
    connection.execute(
        """UPDATE memberships SET until_key = (SELECT largest_order_key FROM counters)
            WHERE feed_id = ? AND source_id = ? AND until_key IS NULL""",
        (feed_id, source_id),
    )


def admit_first_poll(
    connection: sqlite3.Connection, *, source_id: int, backfill: int, now: int
) -> None:
    """After a source's first poll: feeds that have readers take only its newest `backfill`."""
    cut = _cut(connection, source_id, 0, backfill)
    connection.execute(
        """UPDATE memberships
              SET after_key = max(:cut, (SELECT floor FROM feeds WHERE feeds.id = feed_id))
            WHERE source_id = :source AND until_key IS NULL AND after_key < :cut
              AND feed_id IN (SELECT id FROM feeds WHERE created_at + :filling < :now)""",
        {"cut": cut, "source": source_id, "filling": FILLING_US, "now": now},
    )


def _cut(connection: sqlite3.Connection, source_id: int, after: int, backfill: int) -> int:
    """Return the order key below the source's newest `backfill` stories above `after`."""
    row = connection.execute(
        """SELECT order_key FROM entries
            WHERE source_id = ? AND order_key > ? AND held_back = 0
            ORDER BY order_key DESC LIMIT 1 OFFSET ?""",
        (source_id, after, backfill),
    ).fetchone()
    return after if row is None else int(row[0])


def advance(connection: sqlite3.Connection, feed_row: sqlite3.Row, now: int) -> bool:
    """Raise the feed's floor to what its window drops at `now`; tell whether it dropped a story.

    The floor becomes the largest order key that was dropped. A window that is cut by `limit`
    is noted for `status`.
    """
    feed = feed_of(feed_row["config"])
    parameters = _parameters(feed_row, feed)
    keys = [row["order_key"] for row in connection.execute(_SHOWN, parameters)]
    oldest = now - feed.window // MICROSECOND
    kept = len(keys)
    while kept > feed.min_entries and keys[kept - 1] < oldest:
        kept -= 1
    in_window = kept
    kept = min(kept, feed.limit)
    _note_limit(connection, feed, in_window, now)
    if kept == len(keys):
        return False
    connection.execute(
        "UPDATE feeds SET floor = ? WHERE id = ? AND floor < ?",
        (keys[kept], feed_row["id"], keys[kept]),
    )
    return True


def _note_limit(connection: sqlite3.Connection, feed: Feed, in_window: int, now: int) -> None:
    subject = f"feed {feed.name}"
    if in_window < feed.limit:
        notes.drop(connection, subject)
        return
    text = (
        f"limit of {feed.limit} entries reached before the window's end; "
        "raise limit or shorten window"
    )
    notes.put(connection, subject, text, now)


def shown_story_ids(connection: sqlite3.Connection) -> set[int]:
    """Return the stories that stand in any feed's window."""
    shown: set[int] = set()
    feeds = connection.execute("SELECT * FROM feeds WHERE removed_at IS NULL").fetchall()
    for feed in feeds:
        rows = connection.execute(_SHOWN, _parameters(feed, feed_of(feed["config"])))
        shown.update(row["story_id"] for row in rows)
    return shown


def select(connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row) -> Selection:
    """Return the feed's stories, newest order key first, as its readers may see them."""
    origins: dict[int, tuple[Origin, Source | None]] = {}
    stories: list[Story] = []
    parameters = _parameters(row, feed) | {"limit": feed.limit}

    def origin(source_id: int) -> tuple[Origin, Source | None]:
        if source_id not in origins:
            origins[source_id] = _origin(connection, source_id)
        return origins[source_id]

    for entry in connection.execute(_STORIES, parameters):
        story = _story(entry, *origin(entry["source_id"]))
        if feed.dedupe == "off":
            story = replace(story, id=entry["public_id"])
        elif entry["copies"] > 1:
            others = connection.execute(_OTHERS, parameters | {"entry": entry["id"]})
            story = replace(story, also=tuple(origin(one)[0] for (one,) in others.fetchall()))
        stories.append(story)
    return Selection(
        feed=feed,
        id=row["public_id"],
        version=row["version"],
        changed_at=instant(row["changed_at"]),
        stories=tuple(stories),
    )


def _parameters(row: sqlite3.Row, feed: Feed) -> dict[str, int]:
    return {"feed": row["id"], "floor": row["floor"], "once": feed.dedupe != "off"}


def _story(row: sqlite3.Row, origin: Origin, private: Source | None) -> Story:
    story = Story(
        id=row["story_public_id"],
        order_key=row["order_key"],
        origin=origin,
        url=row["url"],
        title=row["title"],
        content_html=row["content_html"],
        summary=row["summary"],
        author=row["author"],
        published_at=instant(row["published_at"]),
        updated_at=instant(row["updated_at"]),
        categories=categories_of(row["categories"]),
        enclosures=enclosures_of(row["enclosures"]),
        language=row["language"],
    )
    return story if private is None else _concealed(story, private)


def _concealed(story: Story, source: Source) -> Story:
    """Return the story without its private source's URLs, which documents like to repeat."""

    def shown(text: str) -> str:
        for url in source.urls:
            text = conceal(text, url)
        return text

    def hides(text: str) -> bool:
        return shown(text) != text

    return replace(
        story,
        url=None if story.url is not None and hides(story.url) else story.url,
        title=shown(story.title),
        content_html=shown(story.content_html),
        summary=shown(story.summary),
        author=None if story.author is None else shown(story.author),
        categories=tuple(
            Category(shown(one.term), one.scheme, one.label and shown(one.label))
            for one in story.categories
            if one.scheme is None or not hides(one.scheme)
        ),
        enclosures=tuple(one for one in story.enclosures if not hides(one.url)),
    )


def _origin(connection: sqlite3.Connection, source_id: int) -> tuple[Origin, Source | None]:
    row = connection.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
    source = source_of(row["config"])
    document_id = row["document_id"]
    keeps_id = document_id is not None and not source.private and redact(document_id) == document_id
    origin = Origin(
        name=source.name,
        title=public_title(source, row),
        id=document_id if keeps_id else row["public_id"],
        url=None if source.private else redact(source.urls[0]),
        site_url=public_site(source, row),
        updated_at=optional_instant(row["content_changed_at"]) or instant(row["created_at"]),
        language=row["language"],
    )
    return origin, source if source.private else None


def public_title(source: Source, row: sqlite3.Row) -> str:
    """Return a source's title as readers may see it: configured, else its document's, its name."""
    title = row["document_title"] or ""
    if source.private:
        for url in source.urls:
            title = conceal(title, url)
    return source.title or title.strip() or source.name


def public_site(source: Source, row: sqlite3.Row) -> str | None:
    """Return the link to a source's site as readers may see it: never a private source's URL."""
    if row["site_url"] is None:
        return None
    site_url = redact(row["site_url"])
    if source.private and any(conceal(site_url, url) != site_url for url in source.urls):
        return None
    return site_url
