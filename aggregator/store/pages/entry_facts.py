"""All that is known of one entry, for `explain`: who it is, and why it is where it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aggregator.model import EntryFacts, Placement, PlacementReason, TextOrigin
from aggregator.model.instants import instant
from aggregator.runtime.late_modules import LateModule
from aggregator.store.feeds.rule_verdicts import given_tags
from aggregator.store.feeds.window_candidates import candidates
from aggregator.store.polls import identities, source_domains
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import categories_of, source_of
from aggregator.store.texts.packed_texts import COLUMNS, texts_in
from aggregator.stories.owners import foreign_to
from aggregator.stories.windows import verdict
from aggregator.web.urls import canonical_url

if TYPE_CHECKING:
    import sqlite3

    from aggregator.model import Feed
    from aggregator.store.stories import story_reports, told_stories
else:
    story_reports = LateModule("aggregator.store.stories.story_reports")
    told_stories = LateModule("aggregator.store.stories.told_stories")

#: Entries that one address may name: a live page's would fill the screen.
MOST = 5

# sqlite: a list of values is one parameter, as JSON
#: The entries with this public id, guid, URL or key; a URL in any way that means the same page.
NAMED = """SELECT id FROM entries WHERE public_id = :wanted
     UNION SELECT e.id FROM entries e JOIN stories s ON s.id = e.story_id
            WHERE s.public_id = :wanted
     UNION SELECT id FROM entries WHERE url = :wanted
     UNION SELECT value FROM json_each(:known)"""


def named(connection: sqlite3.Connection, wanted: str) -> dict[str, str | int]:
    """Return what `NAMED` asks for."""
    canonical = canonical_url(wanted)
    keys = {wanted, *(f"{kind}:{one}" for kind in ("guid", "url") for one in (wanted, canonical))}
    return {"wanted": wanted, "known": dumps(identities.entries_with(connection, keys))}


def facts(
    connection: sqlite3.Connection, wanted: str, feeds: tuple[Feed, ...]
) -> tuple[EntryFacts, ...]:
    """Return what is known of the entries with this public id, guid, URL or key, newest first."""
    rows = connection.execute(
        f"""SELECT e.*, {COLUMNS}, s.public_id AS story_public_id, s.original_id, o.config,
                   o.document_kind, o.document_encoding, o.document_notes
             FROM entries e JOIN stories s ON s.id = e.story_id JOIN sources o ON o.id = e.source_id
             JOIN texts t ON t.entry_id = e.id
            WHERE e.id IN ({NAMED})
            ORDER BY e.order_key DESC LIMIT :most""",  # noqa: S608 -- built of constants
        named(connection, wanted) | {"most": MOST},
    )
    return tuple(_facts(connection, row, feeds) for row in rows.fetchall())


def _facts(connection: sqlite3.Connection, row: sqlite3.Row, feeds: tuple[Feed, ...]) -> EntryFacts:
    texts = texts_in(connection, row)
    keys = sorted(identities.keys_of(texts))
    also = connection.execute(
        """SELECT DISTINCT o.name FROM stories s
             JOIN entries e ON e.story_id = s.id JOIN sources o ON o.id = e.source_id
            WHERE (s.id = :article OR s.original_id = :article) AND e.id != :entry
            ORDER BY o.name""",
        {"article": row["original_id"] or row["story_id"], "entry": row["id"]},
    )
    original = connection.execute(
        "SELECT public_id FROM stories WHERE id = ?", (row["original_id"],)
    ).fetchone()
    own = source_domains.of_sources(connection, (row["source_id"],))[row["source_id"]]
    return EntryFacts(
        source=source_of(row["config"]),
        public_id=row["public_id"],
        story_id=row["story_public_id"],
        guid=texts.get("guid"),
        url=row["url"],
        title=row["title"],
        content_html=texts["content_html"],
        summary=texts["summary"],
        author=row["author"],
        categories=categories_of(texts["categories"]),
        published_at=instant(row["published_at"]),
        updated_at=instant(row["updated_at"]),
        dated=bool(row["dated"]),
        first_seen_at=instant(row["first_seen_at"]),
        changed_at=instant(row["changed_at"]),
        refined_by=row["refined_by"],
        raw=texts.get("raw"),
        keys=tuple(keys),
        matched=row["matched"],
        assigned=row["assigned"],
        original=None if original is None else original["public_id"],
        foreign_to=foreign_to(keys, row["url"], own),
        held_back=bool(row["held_back"]),
        tags=given_tags(row),
        blocked=row["blocked"],
        also=tuple(name for (name,) in also),
        placements=tuple(_placement(connection, row, feed) for feed in feeds),
        kind=row["document_kind"],
        encoding=row["document_encoding"],
        notes=tuple(json.loads(row["document_notes"])),
        report=story_reports.of_story(connection, row["original_id"] or row["story_id"]),
        text_origin=TextOrigin(row["text_origin"]),
    )


def _placement(connection: sqlite3.Connection, row: sqlite3.Row, feed: Feed) -> Placement:
    feed_row = connection.execute(
        "SELECT * FROM feeds WHERE name = ? AND removed_at IS NULL", (feed.name,)
    ).fetchone()
    if feed_row is None:
        return Placement(feed.name, PlacementReason.FEED_UNKNOWN)
    if feed.dedupe == "story":
        found = told_stories.verdict_on(connection, feed, feed_row, row)
    else:
        copies = candidates(connection, feed_row["id"], {row["story_id"]})
        found = verdict(row["id"], copies, floor=feed_row["floor"], once=feed.dedupe != "off")
    is_in = found.reason is PlacementReason.IN_WINDOW
    ages_at = instant(row["order_key"]) + feed.window if is_in else None
    return Placement(feed.name, found.reason, found.detail, ages_at)
