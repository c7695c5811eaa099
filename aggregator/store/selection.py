"""The stories of a feed as its readers may see them, in its window and in its archive."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from aggregator import rules
from aggregator.model import Category, Exportable, Origin, Provenance, Rules, Selection, Story
from aggregator.model.instants import instant, optional_instant
from aggregator.store import archive
from aggregator.store.codec import loads
from aggregator.store.feed_windows import IS_ADMITTED, SHOWN, parameters
from aggregator.store.new_entries import is_fit_id
from aggregator.store.rows import categories_of, enclosures_of, source_of
from aggregator.store.rule_verdicts import facts_of, given_tags
from aggregator.web.redaction import conceal, redact, tells_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from aggregator.model import ArchivePart, Feed, Source

_COLUMNS = """e.*, s.public_id AS story_public_id,
           (SELECT count(*) FROM entries o WHERE o.story_id = e.story_id) AS copies"""

_IN_WINDOW = f"""
    SELECT {_COLUMNS} FROM ({SHOWN} LIMIT :limit) shown
      JOIN entries e ON e.id = shown.id
      JOIN stories s ON s.id = shown.story_id
     ORDER BY e.order_key DESC
"""  # noqa: S608 -- built of constants

_IN_FEED = """e.blocked IS NULL
       AND NOT EXISTS (SELECT 1 FROM exclusions x WHERE x.feed_id = :feed AND x.entry_id = e.id)
       AND EXISTS (SELECT 1 FROM memberships m WHERE m.feed_id = :feed
                      AND m.source_id = e.source_id AND m.until_key IS NULL)"""

# What stands in a part of the archive, without what a rule or the configuration has since taken
# out of the feed.
_IN_ARCHIVE = f"""
    SELECT {_COLUMNS} FROM archive a
      JOIN entries e ON e.id = a.entry_id
      JOIN stories s ON s.id = e.story_id
     WHERE a.feed_id = :feed AND a.month = :month AND a.number BETWEEN :first AND :last
       AND {_IN_FEED}
     ORDER BY a.number DESC
"""  # noqa: S608 -- built of constants

_EXPORTABLE = f"""
    SELECT {_COLUMNS}, a.change_key FROM archive a
      JOIN entries e ON e.id = a.entry_id
      JOIN stories s ON s.id = e.story_id
     WHERE a.feed_id = :feed AND a.change_key > :after AND {_IN_FEED}
     ORDER BY a.change_key LIMIT :most
"""  # noqa: S608 -- built of constants

# The other sources of a shown entry's story that the feed admits, in the order of their copies.
_OTHERS = f"""
    SELECT o.source_id FROM entries e JOIN entries o ON o.story_id = e.story_id AND o.id != e.id
     WHERE e.id = :entry AND o.source_id != e.source_id AND {IS_ADMITTED.format(e="o")}
     GROUP BY o.source_id ORDER BY min(o.order_key)
"""  # noqa: S608 -- built of constants


def select(connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row) -> Selection:
    """Return the feed's window, in the feed's order, as its readers may see it."""
    found = connection.execute(_IN_WINDOW, parameters(row, feed) | {"limit": feed.limit})
    stories = _stories(connection, feed, row, found.fetchall())
    if feed.order == "published":
        # Stable: of one second, what arrived later stands first.
        stories = tuple(sorted(stories, key=lambda story: story.published_at, reverse=True))
    parts = archive.parts(connection, row)
    return _selection(feed, row, stories, previous=parts[-1] if parts else None)


def select_archive(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, name: str
) -> Selection | None:
    """Return the part of the feed's archive with this name, newest first, or `None`."""
    parts = archive.parts(connection, row)
    place = next((place for place, part in enumerate(parts) if part.name == name), None)
    if place is None:
        return None
    found = connection.execute(
        _IN_ARCHIVE, parameters(row, feed) | archive.bounds(parts[place])
    ).fetchall()
    stories = tuple(map(_as_it_was, _stories(connection, feed, row, found)))
    return replace(
        _selection(feed, row, stories),
        archive=parts[place],
        previous=parts[place - 1] if place else None,
        next=parts[place + 1] if place + 1 < len(parts) else None,
    )


def _as_it_was(story: Story) -> Story:
    """Return an archived story without what its sources have become since: a part must not change.

    An atom:source is a copy, made when the entry was (RFC 4287 section 4.2.11).
    """
    return replace(
        story,
        origin=replace(story.origin, updated_at=story.updated_at),
        also=tuple(replace(origin, updated_at=story.updated_at) for origin in story.also),
    )


def exportable(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, *, after: int, most: int
) -> tuple[tuple[Exportable, ...], int | None]:
    """Return stories that the feed has shown and that changed after a cursor, in that order."""
    asked = parameters(row, feed) | {"after": after, "most": most}
    found = connection.execute(_EXPORTABLE, asked).fetchall()
    stories = _stories(connection, feed, row, found)
    told = tuple(
        Exportable(story, _raw_html(connection, entry))
        for story, entry in zip(stories, found, strict=True)
    )
    return told, found[-1]["change_key"] if found else None


def _raw_html(connection: sqlite3.Connection, entry: sqlite3.Row) -> str | None:
    """Return the publisher's own text, as HTML, while it is kept; a private URL is not in it."""
    if entry["raw"] is None:
        return None
    raw = json.loads(entry["raw"])
    for name in ("raw_content", "raw_summary"):
        if raw.get(name):
            text = str(raw[name])
            whole = text if raw.get(f"{name}_is_html", True) else escape(text, quote=False)
            _, source = _origin(connection, entry["source_id"])
            return _without(whole, source.urls) if source.private else whole
    return None


def _without(text: str, urls: tuple[str, ...]) -> str:
    for url in urls:
        text = conceal(text, url)
    return text


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


def _stories(
    connection: sqlite3.Connection, feed: Feed, row: sqlite3.Row, found: Iterable[sqlite3.Row]
) -> tuple[Story, ...]:
    origins: dict[int, tuple[Origin, Source]] = {}

    def origin(source_id: int) -> tuple[Origin, Source]:
        if source_id not in origins:
            origins[source_id] = _origin(connection, source_id)
        return origins[source_id]

    stories = []
    for entry in found:
        story = _story(entry, feed, *origin(entry["source_id"]))
        if feed.dedupe == "off":
            story = replace(story, id=entry["public_id"])
        elif entry["copies"] > 1:
            others = connection.execute(_OTHERS, parameters(row, feed) | {"entry": entry["id"]})
            story = replace(story, also=tuple(origin(one)[0] for (one,) in others.fetchall()))
        stories.append(story)
    return tuple(stories)


def _story(row: sqlite3.Row, feed: Feed, origin: Origin, source: Source) -> Story:
    story = Story(
        id=row["story_public_id"],
        order_key=row["order_key"],
        origin=_first_stood(origin, source, row["provenance"]),
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
    if source.private:
        story = _concealed(story, source)
    if source.rules == Rules() and feed.rules == Rules():
        return story
    return _ruled(story, row, feed, source)


def _ruled(story: Story, row: sqlite3.Row, feed: Feed, source: Source) -> Story:
    """Return the story with the tags and the words that rules give it."""
    given = given_tags(row)
    if feed.rules.tag:
        given += rules.feed_tags(feed, facts_of(row))
    held = {category.term for category in story.categories}
    replace_by = source.rules.replace + feed.rules.replace
    return replace(
        story,
        title=rules.replaced_text(replace_by, story.title, "title"),
        summary=rules.replaced_text(replace_by, story.summary, "text"),
        content_html=rules.replaced_html(replace_by, story.content_html),
        categories=story.categories
        + tuple(Category(tag) for tag in dict.fromkeys(given) if tag not in held),
    )


def _first_stood(origin: Origin, source: Source, text: str | None) -> Origin:
    """Return the origin that an entry's own document names for it, as far as it does."""
    if text is None:
        return origin
    first = loads(Provenance, text)
    named = [word for word in (first.id, first.url, first.site_url) if word is not None]
    if not named or (
        source.private and any(tells_of(word, url) for word in named for url in source.urls)
    ):
        return origin
    return replace(
        origin,
        id=next(filter(is_fit_id, named), None) or uuid5(NAMESPACE_URL, named[0]).urn,
        title=first.title or origin.title,
        url=first.url,
        site_url=first.site_url,
        updated_at=first.updated_at or origin.updated_at,
        author=None,
        rights=None,
        description=None,
        icon_url=None,
    )


def _concealed(story: Story, source: Source) -> Story:
    """Return the story without its private source's URLs, which documents like to repeat."""

    def shown(text: str) -> str:
        return _without(text, source.urls)

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


def _origin(connection: sqlite3.Connection, source_id: int) -> tuple[Origin, Source]:
    row = connection.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
    source = source_of(row["config"])

    def shown(text: str | None) -> str | None:
        if text is None or not source.private:
            return text
        return None if any(conceal(text, url) != text for url in source.urls) else text

    document_id = row["document_id"]
    keeps_id = document_id is not None and not source.private and is_fit_id(document_id)
    origin = Origin(
        name=source.name,
        title=public_title(source, row),
        id=document_id if keeps_id else row["public_id"],
        url=None if source.private else redact(source.urls[0]),
        site_url=public_site(source, row),
        updated_at=optional_instant(
            row["document_updated_at"] or row["content_changed_at"] or row["created_at"]
        )
        or instant(row["created_at"]),
        language=row["language"],
        tags=source.tags,
        author=shown(row["document_author"]),
        rights=shown(row["document_rights"]),
        description=shown(row["document_description"]),
        icon_url=shown(row["document_icon"]),
    )
    return origin, source


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
