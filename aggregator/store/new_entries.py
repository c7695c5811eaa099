"""What a new entry gets once and for ever: a public id, an order key, its story."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model.instants import micros, optional_micros
from aggregator.model.notes import Flood
from aggregator.store import note_rows
from aggregator.store.codec import dumps
from aggregator.stories.concealment import public_id
from aggregator.stories.matching import SHARED_KINDS, kind_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from aggregator.model import Entry, Source

#: A later poll that brings more unknown entries than this, dated further back than `OLD`, is an
#: archive that was opened or a site that changed all its ids: readers get `backfill` of them.
FLOOD = 20
OLD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a document's entries come from; `first` is the source's first document ever."""

    source_id: int
    source: Source
    first: bool
    truncated: bool
    now: datetime


def insert_new(
    connection: sqlite3.Connection, batch: Batch, fresh: list[Entry]
) -> tuple[list[int], int]:
    """Store new entries, each as a story of its own where no other source has told it.

    Return their ids in the order of their order keys, and how many are held back from feeds.
    """
    now = micros(batch.now)
    ordered = _by_date(fresh, batch.now) if batch.first else _oldest_first(fresh)
    held_back = set() if batch.first else _flood(ordered, batch)
    (largest,) = connection.execute("SELECT largest_order_key FROM counters").fetchone()
    last = 0
    entry_ids = []
    for index, entry in enumerate(ordered):
        if batch.first and entry.published_at is not None and entry.published_at < batch.now:
            last = _free_key(connection, max(min(micros(entry.published_at), now), last + 1))
            key = last
        else:
            key = max(now, largest + 1)
        largest = max(largest, key)
        entry_ids.append(_insert_entry(connection, batch, entry, key, held_back=index in held_back))
    connection.execute("UPDATE counters SET largest_order_key = ?", (largest,))
    if held_back:
        flood = Flood(len(held_back), batch.now)
        note_rows.put(connection, flood, now, source_id=batch.source_id)
    return entry_ids, len(held_back)


def _by_date(fresh: list[Entry], now: datetime) -> list[Entry]:
    """Return a first document's entries, dated ones by date, undated ones as arriving now.

    A date in the future is now: such an entry must not lift others that are merely near it.
    """
    ordered = fresh[::-1]
    return sorted(ordered, key=lambda entry: min(entry.published_at or now, now))


def _oldest_first(fresh: list[Entry]) -> list[Entry]:
    """Return new entries in the order in which they appeared: by date where all have one.

    Documents list the newest entry first, so the reversed document order stands for undated ones
    and for equal dates.
    """
    ordered = fresh[::-1]
    dates = [entry.published_at for entry in ordered]
    if any(date is None for date in dates):
        return ordered
    return sorted(
        ordered, key=lambda entry: micros(entry.published_at) if entry.published_at else 0
    )


def _flood(ordered: list[Entry], batch: Batch) -> set[int]:
    """Return the indexes of old entries that no feed should be flooded with."""
    horizon = batch.now - OLD
    old = [
        index
        for index, entry in enumerate(ordered)
        if entry.published_at is not None and entry.published_at < horizon
    ]
    if len(old) <= FLOOD:
        return set()
    admitted = max(0, batch.source.backfill - (len(ordered) - len(old)))
    return set(old[: len(old) - admitted])


def _free_key(connection: sqlite3.Connection, key: int) -> int:
    while connection.execute("SELECT 1 FROM entries WHERE order_key = ?", (key,)).fetchone():
        key += 1
    return key


def _insert_entry(
    connection: sqlite3.Connection, batch: Batch, entry: Entry, order_key: int, *, held_back: bool
) -> int:
    now, source_id = micros(batch.now), batch.source_id
    public_id = _mint(connection, entry, batch.source)
    published_at = min(optional_micros(entry.published_at) or now, now)
    updated_at = min(max(optional_micros(entry.updated_at) or published_at, published_at), now)
    story_id = _story_of(connection, source_id, entry)
    if story_id is None:
        story_id = connection.execute(
            "INSERT INTO stories (public_id) VALUES (?)", (public_id,)
        ).lastrowid
    entry_id = connection.execute(
        """INSERT INTO entries (source_id, story_id, public_id, order_key, held_back, guid, url,
               title, content_html, summary, author, published_at, updated_at, dated, categories,
               enclosures, language, content_hash, refined_by, raw, first_seen_at, changed_at,
               provenance)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            source_id,
            story_id,
            public_id,
            order_key,
            held_back,
            entry.guid,
            entry.url,
            entry.title,
            entry.content_html,
            entry.summary,
            entry.author,
            published_at,
            updated_at,
            entry.published_at is not None,
            dumps(entry.categories),
            dumps(entry.enclosures),
            entry.language,
            entry.content_hash,
            __version__,
            entry.raw,
            now,
            now,
            None if entry.provenance is None else dumps(entry.provenance),
        ),
    ).lastrowid
    assert entry_id is not None  # noqa: S101 -- sqlite3's promise after an INSERT
    add_keys(connection, source_id, entry_id, entry.keys)
    connection.executemany(
        "INSERT OR IGNORE INTO story_keys (key, story_id) VALUES (?, ?)",
        [
            (key, story_id)
            for key in {*entry.shared_keys, *entry.keys}
            if kind_of(key) in SHARED_KINDS
        ],
    )
    return entry_id


def _story_of(connection: sqlite3.Connection, source_id: int, entry: Entry) -> int | None:
    """Return the story that is told already: the same article by its address or its number.

    A number that a known site gives its article decides everywhere; an address only in a source
    that has not told that story itself, or told it with the same title and date: items of one
    document may share an address.
    """
    for key in (*entry.shared_keys, *(key for key in entry.keys if kind_of(key) in SHARED_KINDS)):
        row = connection.execute(
            """SELECT k.story_id FROM story_keys k
                WHERE k.key = :key
                  AND (:everywhere
                       OR NOT EXISTS (SELECT 1 FROM entries own
                            WHERE own.story_id = k.story_id AND own.source_id = :source)
                       OR EXISTS (SELECT 1 FROM entries twin
                            WHERE twin.story_id = k.story_id AND twin.source_id = :source
                              AND twin.title = :title AND twin.dated = 1
                              AND twin.published_at = :published))
                ORDER BY k.story_id LIMIT 1""",
            {
                "key": key,
                "source": source_id,
                "everywhere": kind_of(key) == "site",
                "title": entry.title,
                "published": optional_micros(entry.published_at),
            },
        ).fetchone()
        if row is not None:
            return int(row["story_id"])
    return None


def _mint(connection: sqlite3.Connection, entry: Entry, source: Source) -> str:
    """Return the public id of a new entry: the publisher's, if it is a free absolute IRI.

    RFC 4287 §4.2.6: an id never changes. A publisher's id that another entry holds (a copied guid,
    a hostile source), that a validator would warn of or that carries a secret is not taken.
    """
    guid = public_id(source, entry.guid)
    if guid is not None and not _is_held(connection, guid):
        return guid
    return uuid.uuid4().urn


def _is_held(connection: sqlite3.Connection, public_id: str) -> bool:
    return (
        connection.execute("SELECT 1 FROM entries WHERE public_id = ?", (public_id,)).fetchone()
        is not None
    )


def add_keys(
    connection: sqlite3.Connection, source_id: int, entry_id: int, keys: Iterable[str]
) -> None:
    """Let an entry be known by further keys; a key that another entry has stays that one's."""
    connection.executemany(
        "INSERT OR IGNORE INTO identities (source_id, key, entry_id) VALUES (?, ?, ?)",
        [(source_id, key, entry_id) for key in keys],
    )
