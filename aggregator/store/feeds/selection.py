"""Which stored stories are in a feed's window, in its archive, and to be exported.

What readers may see of them is decided by `stories.for_readers`, before anything leaves here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import Exportable, Provenance, Selection
from aggregator.model.instants import instant
from aggregator.runtime.late_modules import LateModule
from aggregator.store.feeds import archive, archived_stories
from aggregator.store.feeds.rule_verdicts import facts_of, given_tags
from aggregator.store.feeds.window_candidates import candidates
from aggregator.store.rows.codec import loads
from aggregator.store.rows.typed_rows import (
    categories_of,
    enclosures_of,
    particulars_of,
    source_of,
    source_particulars_of,
)
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts import packed_texts
from aggregator.store.texts.packed_texts import texts_in
from aggregator.stories.concealment import SourceWords, public_feed
from aggregator.stories.for_readers import (
    StoredMember,
    StoredStory,
    as_archived,
    as_read,
    in_order,
    raw_html,
)
from aggregator.stories.windows import refusal

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping

    from aggregator.model import ArchivePart, Feed, Story
    from aggregator.rules.secrets import Secrets
    from aggregator.store.stories import named_stories
    from aggregator.store.stories.named_stories import Member
    from aggregator.store.texts.packed_texts import Texts
else:  # for feeds that name who else tells a story
    named_stories = LateModule("aggregator.store.stories.named_stories")

#: Of an entry `e`, its texts `t` and its story `s`: what `stored_stories` reads.
COLUMNS = f"""e.*, {packed_texts.COLUMNS}, s.public_id AS story_public_id,
           (SELECT count(*) FROM entries o WHERE o.story_id = e.story_id)
             + (SELECT count(*) FROM stories o WHERE o.original_id = e.story_id) AS copies"""  # noqa: S608 -- built of constants

_IN_WINDOW = f"""
    SELECT {COLUMNS} FROM shown w
      JOIN entries e ON e.id = w.entry_id
      JOIN texts t ON t.entry_id = e.id
      JOIN stories s ON s.id = e.story_id
     WHERE w.feed_id = :feed
     ORDER BY w.order_key DESC LIMIT :limit
"""  # noqa: S608 -- built of constants

#: That a feed has not lost an entry `e` to a rule, or to the configuration.
IN_FEED = """e.blocked IS NULL
       AND NOT EXISTS (SELECT 1 FROM exclusions x WHERE x.feed_id = :feed AND x.entry_id = e.id)
       AND EXISTS (SELECT 1 FROM memberships m WHERE m.feed_id = :feed
                      AND m.source_id = e.source_id AND m.until_key IS NULL)"""

_THESE = f"""
    SELECT {COLUMNS} FROM entries e
      JOIN texts t ON t.entry_id = e.id
      JOIN stories s ON s.id = e.story_id
     WHERE e.id IN ({{marks}})
"""  # noqa: S608 -- built of constants

_EXPORTABLE = f"""
    SELECT {COLUMNS}, a.change_key FROM archive a
      JOIN entries e ON e.id = a.entry_id
      JOIN texts t ON t.entry_id = e.id
      JOIN stories s ON s.id = e.story_id
     WHERE a.feed_id = :feed AND a.change_key > :after AND {IN_FEED}
     ORDER BY a.change_key LIMIT :most
"""  # noqa: S608 -- built of constants


def select(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, secrets: Secrets
) -> Selection:
    """Return the feed's window, in the feed's order, as its readers may see it."""
    found = connection.execute(_IN_WINDOW, {"feed": row["id"], "limit": feed.limit})
    stories = as_read(stored_stories(connection, feed, row, found.fetchall()), feed, secrets)
    parts = archive.parts(connection, row)
    shown = public_feed(feed, secrets)
    return _selection(shown, row, in_order(stories, feed), previous=parts[-1] if parts else None)


def select_archive(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, secrets: Secrets, name: str
) -> Selection | None:
    """Return the part of the feed's archive with this name, newest first, or `None`."""
    parts = archive.parts(connection, row)
    place = next((place for place, part in enumerate(parts) if part.name == name), None)
    if place is None:
        return None
    told = archived_stories.told_in(connection, row["id"], parts[place])
    rows = {entry["id"]: entry for entry in rows_of(connection, _THESE, sorted(told))}
    found = [rows[entry_id] for entry_id in told]
    below = named_stories.as_members(connection, told) if feed.shows_also else {}
    stories = as_read(_stored(connection, feed, row, found, below), feed, secrets)
    return replace(
        _selection(public_feed(feed, secrets), row, tuple(map(as_archived, stories))),
        archive=parts[place],
        previous=parts[place - 1] if place else None,
        next=parts[place + 1] if place + 1 < len(parts) else None,
    )


def exportable(
    connection: sqlite3.Connection,
    feed: Feed,
    row: sqlite3.Row,
    secrets: Secrets,
    *,
    after: int,
    most: int,
) -> tuple[tuple[Exportable, ...], int | None]:
    """Return stories that the feed has shown and that changed after a cursor, in that order."""
    asked = {"feed": row["id"], "after": after, "most": most}
    found = connection.execute(_EXPORTABLE, asked).fetchall()
    stored = stored_stories(connection, feed, row, found)
    raws = (texts_in(connection, entry).get("raw") for entry in found)
    told = tuple(
        Exportable(story, None if raw is None else raw_html(raw, secrets))
        for story, raw in zip(as_read(stored, feed, secrets), raws, strict=True)
    )
    return told, found[-1]["change_key"] if found else None


def _selection(
    feed: Feed,
    row: sqlite3.Row,
    stories: tuple[Story, ...],
    *,
    previous: ArchivePart | None = None,
) -> Selection:
    return Selection(
        feed=feed,
        id=row["public_id"],
        version=row["version"],
        changed_at=instant(row["changed_at"]),
        stories=stories,
        previous=previous,
    )


def stored_stories(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, found: list[sqlite3.Row]
) -> tuple[StoredStory, ...]:
    """Return the stories of rows of `COLUMNS`, as a feed has them."""
    members = named_stories.of_leads(connection, feed, row, found) if feed.shows_also else {}
    return _stored(connection, feed, row, found, members)


def _stored(
    connection: sqlite3.Connection,
    feed: Feed,
    row: sqlite3.Row,
    found: list[sqlite3.Row],
    members: Mapping[int, tuple[Member, ...]],
) -> tuple[StoredStory, ...]:
    """Return them; `members` are named below them, by the ids of their entries."""
    told_more_often = {entry["story_id"] for entry in found if entry["copies"] > 1}
    others = {} if feed.dedupe == "off" else _others(connection, row["id"], told_more_often)
    also = {
        entry["id"]: [one for one in others.get(entry["story_id"], ()) if one != entry["source_id"]]
        for entry in found
    }
    named = {entry["id"]: members.get(entry["id"], ()) for entry in found}
    sources = words_of(
        connection,
        {entry["source_id"] for entry in found}.union(*also.values()).union(
            *([one.source_id for one in below] for below in named.values())
        ),
    )
    return tuple(
        _stored_story(
            entry,
            texts_in(connection, entry),
            feed,
            sources[entry["source_id"]],
            others=tuple(sources[one] for one in also[entry["id"]]),
            also_told=tuple(
                StoredMember(
                    sources[one.source_id], one.title, one.url, one.published_at, one.because
                )
                for one in named[entry["id"]]
            ),
        )
        for entry in found
    )


def _others(
    connection: sqlite3.Connection, feed_id: int, story_ids: set[int]
) -> dict[int, tuple[int, ...]]:
    """Return the sources of which the feed admits an entry of each story, in the entries' order.

    Those of its copies are among them; a copy does not name its original, which came later.
    """
    found: dict[int, dict[int, None]] = defaultdict(dict)
    for one in sorted(
        candidates(connection, feed_id, story_ids), key=lambda candidate: candidate.order_key
    ):
        if refusal(one) is None:
            found[one.story_id][one.source_id] = None
            found[one.article_id][one.source_id] = None
    return {story_id: tuple(source_ids) for story_id, source_ids in found.items()}


def _stored_story(
    row: sqlite3.Row,
    texts: Texts,
    feed: Feed,
    source: SourceWords,
    *,
    others: tuple[SourceWords, ...],
    also_told: tuple[StoredMember, ...],
) -> StoredStory:
    provenance = texts.get("provenance")
    return StoredStory(
        source=source,
        entry_id=row["public_id"],
        story_id=row["story_public_id"],
        order_key=row["order_key"],
        url=row["url"],
        title=row["title"],
        content_html=texts["content_html"],
        summary=texts["summary"],
        particulars=particulars_of(texts.get("particulars"), row["author"]),
        published_at=instant(row["published_at"]),
        updated_at=instant(row["updated_at"]),
        categories=categories_of(texts["categories"]),
        enclosures=enclosures_of(texts["enclosures"]),
        language=row["language"],
        provenance=None if provenance is None else loads(Provenance, provenance),
        tags=given_tags(row),
        # What they are is a question to all of the text: not for a feed that tags nothing.
        facts=facts_of(row, texts) if feed.rules.tag else None,
        others=others,
        also_told=also_told,
    )


def words_of(connection: sqlite3.Connection, source_ids: Collection[int]) -> dict[int, SourceWords]:
    """Return what is stored of some sources."""
    rows = rows_of(connection, "SELECT * FROM sources WHERE id IN ({marks})", sorted(source_ids))
    return {row["id"]: _words(row) for row in rows}


def _words(row: sqlite3.Row) -> SourceWords:
    return SourceWords(
        source=source_of(row["config"]),
        minted_id=row["public_id"],
        changed_at=instant(
            row["document_updated_at"] or row["content_changed_at"] or row["created_at"]
        ),
        id=row["document_id"],
        title=row["document_title"],
        site_url=row["site_url"],
        language=row["language"],
        particulars=source_particulars_of(row),
        rights=row["document_rights"],
        description=row["document_description"],
        icon_url=row["document_icon"],
    )
