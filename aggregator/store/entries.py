"""The entries of a parsed document: which are known, what is new, what changed.

New entries get what is never computed again: a public id and an order key.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model import News, Tally
from aggregator.redact import redact, tells_of
from aggregator.store import notes
from aggregator.store.codec import dumps
from aggregator.store.matching import SHARED_KINDS, Known, kind_of, match
from aggregator.store.rows import instant, micros, optional_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aggregator.model import Entry, Source

#: A later poll that brings more unknown entries than this, dated further back than `OLD`, is an
#: archive that was opened or a site that changed all its ids: readers get `backfill` of them.
FLOOD = 20
OLD = timedelta(days=7)

#: SQLite's bound on the variables of one statement is at least this (sqlite.org/limits.html).
_VARIABLES = 900

# RFC 3987, as far as it matters for an id that others will compare byte for byte: a scheme, no
# white space, nothing that XML or JSON readers choke on.
_ABSOLUTE_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]{3,2000}"
)


#: Schemes that are no names; some reader will make a link of an id.
_SCRIPTS = ("javascript:", "data:", "vbscript:")


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a document's entries come from; `first` is the source's first document ever."""

    source_id: int
    source: Source
    first: bool
    truncated: bool
    now: datetime


def store(connection: sqlite3.Connection, batch: Batch, entries: Sequence[Entry]) -> News:
    """Store what is new and what changed; an entry that was pruned stays away."""
    owners = _owners(connection, batch.source_id, entries)
    matches = match(entries, owners, _known(connection, set(owners.values())))
    buried = _tombstones(connection, batch, entries)
    updated = shared = pruned = 0
    fresh: list[Entry] = []
    for entry, found in zip(entries, matches, strict=True):
        if found.entry_id is not None:
            strangers = [key for key in entry.keys if key not in owners]
            _add_keys(connection, batch.source_id, found.entry_id, strangers)
            shared += 1
            updated += _update(connection, found.entry_id, entry, micros(batch.now))
        elif buried.isdisjoint(entry.keys):
            fresh.append(entry)
        else:
            pruned += 1
    held_back = _insert(connection, batch, fresh)
    tally = Tally(len(fresh), updated, shared, pruned, held_back)
    return News(tally, tuple(entry.published_at for entry in fresh))


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(keys), _VARIABLES):
        yield keys[start : start + _VARIABLES]


def _keys_of(entries: Sequence[Entry]) -> list[str]:
    return [key for entry in entries for key in entry.keys]


def _owners(
    connection: sqlite3.Connection, source_id: int, entries: Sequence[Entry]
) -> dict[str, int]:
    owners: dict[str, int] = {}
    for keys in _chunks(_keys_of(entries)):
        marks = ",".join("?" * len(keys))
        owners.update(
            connection.execute(
                f"SELECT key, entry_id FROM identities WHERE source_id = ? AND key IN ({marks})",  # noqa: S608
                (source_id, *keys),
            ).fetchall()
        )
    return owners


def _known(connection: sqlite3.Connection, entry_ids: set[int]) -> dict[int, Known]:
    known: dict[int, Known] = {}
    for entry_id in entry_ids:
        title, published_at, dated = connection.execute(
            "SELECT title, published_at, dated FROM entries WHERE id = ?", (entry_id,)
        ).fetchone()
        keys = connection.execute("SELECT key FROM identities WHERE entry_id = ?", (entry_id,))
        known[entry_id] = Known(
            entry_id,
            title,
            instant(published_at) if dated else None,
            frozenset(kind_of(key) for (key,) in keys),
        )
    return known


def _tombstones(connection: sqlite3.Connection, batch: Batch, entries: Sequence[Entry]) -> set[str]:
    """Return the keys of pruned entries that this document shows; keep their tombstones' time.

    A tombstone is dropped some time after the document last showed its entry, so it is noted here
    when that begins; a truncated document proves nothing about what is missing.
    """
    source_id, now = batch.source_id, micros(batch.now)
    rows = connection.execute(
        "SELECT key, absent_since_at FROM tombstones WHERE source_id = ?", (source_id,)
    )
    stored: dict[str, int | None] = dict(rows.fetchall())
    if not stored:
        return set()
    shown = set(_keys_of(entries)) & stored.keys()
    changes: list[tuple[int | None, int, str]] = [
        (None, source_id, key) for key in shown if stored[key] is not None
    ]
    if not batch.truncated:
        changes += [
            (now, source_id, key)
            for key, absent_since in stored.items()
            if key not in shown and absent_since is None
        ]
    connection.executemany(
        "UPDATE tombstones SET absent_since_at = ? WHERE source_id = ? AND key = ?", changes
    )
    return shown


def _update(connection: sqlite3.Connection, entry_id: int, entry: Entry, now: int) -> bool:
    """Store an edit of a known entry; tell whether there is one that a reader sees."""
    old = connection.execute(
        "SELECT content_hash, updated_at FROM entries WHERE id = ?", (entry_id,)
    ).fetchone()
    if old["content_hash"] == entry.content_hash:
        return False
    # The publisher's own time of change where it moved on, else the moment we saw the change.
    stated = optional_micros(entry.updated_at)
    updated_at = stated if stated is not None and stated > old["updated_at"] else now
    connection.execute(
        """UPDATE entries SET url = ?, title = ?, content_html = ?, summary = ?, author = ?,
                  updated_at = max(updated_at, ?), categories = ?, enclosures = ?, language = ?,
                  content_hash = ?, refined_by = ?, raw = ?, changed_at = ? WHERE id = ?""",
        (
            entry.url,
            entry.title,
            entry.content_html,
            entry.summary,
            entry.author,
            min(updated_at, now),
            dumps(entry.categories),
            dumps(entry.enclosures),
            entry.language,
            entry.content_hash,
            __version__,
            entry.raw,
            now,
            entry_id,
        ),
    )
    return True


def _add_keys(
    connection: sqlite3.Connection, source_id: int, entry_id: int, keys: Iterable[str]
) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO identities (source_id, key, entry_id) VALUES (?, ?, ?)",
        [(source_id, key, entry_id) for key in keys],
    )


def _insert(connection: sqlite3.Connection, batch: Batch, fresh: list[Entry]) -> int:
    """Store new entries, each as a story of its own; return how many are held back from feeds."""
    now = micros(batch.now)
    ordered = _by_date(fresh, batch.now) if batch.first else _oldest_first(fresh)
    held_back = set() if batch.first else _flood(ordered, batch)
    (largest,) = connection.execute("SELECT largest_order_key FROM counters").fetchone()
    last = 0
    for index, entry in enumerate(ordered):
        if batch.first and entry.published_at is not None and entry.published_at < batch.now:
            last = _free_key(connection, max(min(micros(entry.published_at), now), last + 1))
            key = last
        else:
            key = max(now, largest + 1)
        largest = max(largest, key)
        _insert_entry(connection, batch, entry, key, held_back=index in held_back)
    connection.execute("UPDATE counters SET largest_order_key = ?", (largest,))
    if held_back:
        _note_flood(connection, batch, len(held_back))
    return len(held_back)


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


def _note_flood(connection: sqlite3.Connection, batch: Batch, held_back: int) -> None:
    text = f"{held_back} old entries came at once on {batch.now:%Y-%m-%d}: stored, not published"
    notes.put(connection, f"source {batch.source.name}", text, micros(batch.now))


def _free_key(connection: sqlite3.Connection, key: int) -> int:
    while connection.execute("SELECT 1 FROM entries WHERE order_key = ?", (key,)).fetchone():
        key += 1
    return key


def _insert_entry(
    connection: sqlite3.Connection, batch: Batch, entry: Entry, order_key: int, *, held_back: bool
) -> None:
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
               enclosures, language, content_hash, refined_by, raw, first_seen_at, changed_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
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
        ),
    ).lastrowid
    assert entry_id is not None  # noqa: S101 -- sqlite3's promise after an INSERT
    _add_keys(connection, source_id, entry_id, entry.keys)


def _story_of(connection: sqlite3.Connection, source_id: int, entry: Entry) -> int | None:
    """Return the story that another source has told already: the same article by its address.

    Only what names an article everywhere decides (its canonical URL, its number at its site), and
    only in a source that has not told that story itself.
    """
    for key in entry.keys:
        if kind_of(key) not in SHARED_KINDS:
            continue
        row = connection.execute(
            """SELECT e.story_id FROM identities i JOIN entries e ON e.id = i.entry_id
                WHERE i.key = :key AND i.source_id != :source
                  AND NOT EXISTS (SELECT 1 FROM entries own
                                   WHERE own.story_id = e.story_id AND own.source_id = :source)
                ORDER BY e.order_key LIMIT 1""",
            {"key": key, "source": source_id},
        ).fetchone()
        if row is not None:
            return int(row["story_id"])
    return None


def _mint(connection: sqlite3.Connection, entry: Entry, source: Source) -> str:
    """Return the public id of a new entry: the publisher's, if it is a free absolute IRI.

    RFC 4287 §4.2.6: an id never changes. A publisher's id that another entry holds (a copied guid,
    a hostile source), that is a script or that carries a secret is not taken.
    """
    guid = entry.guid
    if (
        guid is not None
        and _ABSOLUTE_IRI.fullmatch(guid)
        and not guid.lower().startswith(_SCRIPTS)
        and redact(guid) == guid
        and not (source.private and any(tells_of(guid, url) for url in source.urls))
        and not _is_held(connection, guid)
    ):
        return guid
    return uuid.uuid4().urn


def _is_held(connection: sqlite3.Connection, public_id: str) -> bool:
    return (
        connection.execute("SELECT 1 FROM entries WHERE public_id = ?", (public_id,)).fetchone()
        is not None
    )
