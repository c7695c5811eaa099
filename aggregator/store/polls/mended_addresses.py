"""Addresses that version 0.1 stored emptied, made whole again where the publisher's words are kept.

It took the values of `key`, `code`, `token`, … out of every address before it stored an entry and
made its keys. The entry's raw fields have them still. What is mended is no edit: ids, order and
dates stay. Run once, by the migration to schema 4.
"""

# sqlite: the whole module

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from aggregator.model import Document, DocumentHead, RawEntry
from aggregator.model.instants import instant
from aggregator.refine import normalise
from aggregator.runtime.values import dataclass
from aggregator.store.feeds import archive
from aggregator.store.feeds.feed_versions import bump
from aggregator.store.polls import mirrors
from aggregator.store.rows.codec import build, dumps
from aggregator.store.rows.typed_rows import source_of
from aggregator.stories.concealment import public_base_url
from aggregator.stories.signs import SHARED_KINDS, kind_of
from aggregator.web.former_redaction import has_emptied, mended

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from aggregator.model import Entry

#: What of an entry may hold an address.
_FIELDS = (
    "guid", "url", "title", "content_html", "summary", "author", "categories", "enclosures",
    "provenance",
)  # fmt: skip

#: Rows that are looked at before others are read: an entry and its raw fields may have megabytes.
_BATCH = 100


@dataclass(frozen=True, slots=True)
class _Mended:
    """A stored entry, what it is known by, and what its publisher's words say today."""

    entry_id: int
    story_id: int
    emptied_keys: tuple[str, ...]
    entry: Entry


def mend(connection: sqlite3.Connection) -> int:
    """Mend every entry that can be; return how many those were.

    Sources of which something emptied is stored are asked for their whole document again, since
    that may know what is not kept here.
    """
    count = 0
    (seconds,) = connection.execute("SELECT CAST(strftime('%s', 'now') AS INTEGER)").fetchone()
    sources = connection.execute("SELECT id, config, site_url FROM sources").fetchall()
    for source_id, config, site_url in sources:
        url = public_base_url(source_of(config))
        found = tuple(_of_source(connection, source_id, url, site_url))
        if found:
            _replace_keys(connection, source_id, found)
            _follow(connection, found, seconds * 1_000_000)
        if found or _is_left(connection, source_id):
            mirrors.forget_documents(connection, source_id)
        count += len(found)
    return count


def _of_source(
    connection: sqlite3.Connection, source_id: int, url: str, site_url: str | None
) -> Iterator[_Mended]:
    """Mend the rows of a source's entries, and yield them."""
    after = 0
    while True:
        rows = connection.execute(
            f"""SELECT id, story_id, first_seen_at, raw, {", ".join(_FIELDS)} FROM entries
                 WHERE source_id = ? AND id > ? AND raw IS NOT NULL ORDER BY id LIMIT ?""",  # noqa: S608 -- built of constants
            (source_id, after, _BATCH),
        ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        for entry_id, story_id, seen_at, raw, *fields in rows:
            stored = dict(zip(_FIELDS, fields, strict=True))
            keys = _emptied_keys(connection, entry_id)
            if not keys and not any(text and has_emptied(text) for text in stored.values()):
                continue
            entry = _read_again(raw, url, site_url, seen_at)
            if entry is not None:
                _rewrite(connection, entry_id, stored, entry)
                yield _Mended(entry_id, story_id, keys, entry)


def _emptied_keys(connection: sqlite3.Connection, entry_id: int) -> tuple[str, ...]:
    rows = connection.execute("SELECT key FROM identities WHERE entry_id = ?", (entry_id,))
    return tuple(key for (key,) in rows.fetchall() if has_emptied(key))


def _read_again(raw: str, url: str, site_url: str | None, seen_at: int) -> Entry | None:
    """Return what the publisher's words mean to this version, without rules for sites."""
    fields: RawEntry = build(RawEntry, json.loads(raw))
    head = DocumentHead("", "", site_url=site_url)
    entries = normalise(Document(head, (fields,), url, instant(seen_at))).entries
    return entries[0] if entries else None


def _rewrite(
    connection: sqlite3.Connection, entry_id: int, stored: dict[str, str | None], entry: Entry
) -> None:
    """Give an entry its whole addresses, and leave everything else as it was read when it came."""
    today = {
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.content_html,
        "summary": entry.summary,
        "author": entry.particulars.author,
        "categories": dumps(entry.categories),
        "enclosures": dumps(entry.enclosures),
        "provenance": None if entry.provenance is None else dumps(entry.provenance),
    }
    whole = {
        name: text if text is None else mended(text, today[name] or "")
        for name, text in stored.items()
    }
    assignments = ", ".join(f"{name} = :{name}" for name in _FIELDS)
    connection.execute(
        f"UPDATE entries SET {assignments} WHERE id = :id",  # noqa: S608 -- built of constants
        {**whole, "id": entry_id},
    )


def _replace_keys(
    connection: sqlite3.Connection, source_id: int, found: tuple[_Mended, ...]
) -> None:
    """Let entries, and the stories that they tell, be known by whole addresses.

    A key that several of them have identifies none of them.
    """
    offered = Counter(key for one in found for key in one.entry.keys)
    for one in found:
        connection.executemany(
            "DELETE FROM identities WHERE source_id = ? AND key = ?",
            [(source_id, key) for key in one.emptied_keys],
        )
        connection.executemany(
            "DELETE FROM story_keys WHERE story_id = ? AND key = ?",
            [(one.story_id, key) for key in one.emptied_keys],
        )
    for one in found:
        keys = [key for key in one.entry.keys if offered[key] == 1]
        connection.executemany(
            """INSERT INTO identities (source_id, key, entry_id) VALUES (?, ?, ?)
               ON CONFLICT DO NOTHING""",
            [(source_id, key, one.entry_id) for key in keys],
        )
        connection.executemany(
            "INSERT INTO story_keys (key, story_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(key, one.story_id) for key in one.entry.shared_keys if kind_of(key) in SHARED_KINDS],
        )


def _follow(connection: sqlite3.Connection, found: Iterable[_Mended], now: int) -> None:
    """Let whoever has seen the entries see them mended: feeds, frozen archives, exports."""
    feeds: set[int] = set()
    for one in found:
        for feed_id, month, number in connection.execute(
            "SELECT feed_id, month, number FROM archive WHERE entry_id = ?", (one.entry_id,)
        ).fetchall():
            name = archive.name_of(month, number)
            connection.execute("DELETE FROM frozen WHERE feed_id = ? AND name = ?", (feed_id, name))
        shown = connection.execute("SELECT feed_id FROM shown WHERE entry_id = ?", (one.entry_id,))
        feeds.update(feed_id for (feed_id,) in shown.fetchall())
        archive.note_edit(connection, one.entry_id, now)
    for feed_id in sorted(feeds):
        bump(connection, feed_id, now)


def _is_left(connection: sqlite3.Connection, source_id: int) -> bool:
    """Tell whether a source has keys or an address of its own that were emptied."""
    keys = connection.execute("SELECT key FROM identities WHERE source_id = ?", (source_id,))
    if any(has_emptied(key) for (key,) in keys):
        return True
    words = connection.execute(
        "SELECT document_id, site_url, document_icon FROM sources WHERE id = ?", (source_id,)
    ).fetchone()
    return any(word and has_emptied(word) for word in words)
