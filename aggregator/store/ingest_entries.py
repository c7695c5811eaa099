"""The entries of a parsed document: which are known, what is new, what changed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model import News, Tally
from aggregator.model.instants import instant, micros, optional_micros
from aggregator.store import archive
from aggregator.store.codec import dumps
from aggregator.store.new_entries import add_keys, insert_new
from aggregator.store.rows import categories_of
from aggregator.stories.matching import Known, kind_of, match

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from aggregator.model import Entry
    from aggregator.store.new_entries import Batch

#: SQLite's bound on the variables of one statement is at least this (sqlite.org/limits.html).
_VARIABLES = 900

#: Keys of one kind that an entry gathers; a publisher whose ids change all the time fills no disk.
_KEYS_OF_A_KIND = 8

#: Kinds of keys by each of which what was pruned is kept away.
_LASTING_KINDS = frozenset({"guid", "url", "site", "text"})
#: Of the weaker ones it takes all of these together.
_LASTING_TOGETHER = frozenset({"path", "brief"})

#: The publisher's own words; while they stay, nothing was edited: we read them otherwise, or the
#: entry has moved.
_WORDS = ("raw_title", "raw_summary", "raw_content", "raw_author")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a document brought.

    `changed` are the ids of entries that a reader sees for the first time or otherwise than before.
    `strange_ids` is how many known entries came under an id that they never had, of `known`
    entries with an id.
    """

    news: News
    changed: tuple[int, ...]
    strange_ids: int
    known: int


def store(connection: sqlite3.Connection, batch: Batch, entries: Sequence[Entry]) -> Stored:
    """Store what is new and what changed; an entry that was pruned stays away."""
    owners = _owners(connection, batch.source_id, entries)
    matches = match(entries, owners, _known(connection, set(owners.values())))
    buried = _tombstones(connection, batch, entries)
    updated = shared = pruned = strange = known = 0
    fresh: list[Entry] = []
    changed: list[int] = []
    for entry, found in zip(entries, matches, strict=True):
        if found.entry_id is not None:
            strangers = [key for key in entry.keys if key not in owners]
            _gather(connection, batch.source_id, found.entry_id, strangers)
            shared += 1
            known += any(kind_of(key) == "guid" for key in entry.keys)
            strange += any(kind_of(key) == "guid" for key in strangers)
            seen = _update(connection, batch, found.entry_id, entry, found.because)
            updated += seen is True
            if seen is not None:
                changed.append(found.entry_id)
        elif not _is_buried(entry, buried):
            fresh.append(entry)
        else:
            pruned += 1
    minted, held_back = insert_new(connection, batch, fresh)
    tally = Tally(len(fresh), updated, shared, pruned, held_back)
    news = News(tally, tuple(entry.published_at for entry in fresh))
    return Stored(news, (*changed, *minted), strange, known)


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
            frozenset(key for (key,) in keys),
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


def _update(
    connection: sqlite3.Connection, batch: Batch, entry_id: int, entry: Entry, because: str
) -> bool | None:
    """Store a known entry's other text: `True` for an edit, `False` for what only we see otherwise.

    `None` where nothing changed that a reader sees. Only an edit of the publisher's moves
    `updated_at`: a later version of this program that cleans better makes nothing look new.
    """
    old = connection.execute(
        """SELECT content_hash, updated_at, raw, refined_by, matched, url, language, categories
             FROM entries WHERE id = ?""",
        (entry_id,),
    ).fetchone()
    if old["matched"] != because:
        connection.execute("UPDATE entries SET matched = ? WHERE id = ?", (because, entry_id))
    if old["content_hash"] == entry.content_hash:
        return _take_over(connection, entry_id, old, entry)
    is_edit = not _same_words(old, entry.raw)
    if is_edit and batch.source.edits == "ignore":
        return None
    now = micros(batch.now)
    updated_at = old["updated_at"]
    if is_edit:
        # The publisher's own time of change where it moved on, else the moment we saw the change.
        stated = optional_micros(entry.updated_at)
        updated_at = stated if stated is not None and stated > updated_at else now
    connection.execute(
        """UPDATE entries SET url = ?, title = ?, content_html = ?, summary = ?, author = ?,
                  updated_at = max(updated_at, ?), categories = ?, enclosures = ?, language = ?,
                  content_hash = ?, refined_by = ?, raw = ?, changed_at = ?, provenance = ?
            WHERE id = ?""",
        (
            entry.url,
            entry.title,
            entry.content_html,
            entry.summary,
            entry.author,
            min(updated_at, max(now, old["updated_at"])),
            dumps(entry.categories),
            dumps(entry.enclosures),
            entry.language,
            entry.content_hash,
            __version__,
            entry.raw,
            now,
            None if entry.provenance is None else dumps(entry.provenance),
            entry_id,
        ),
    )
    archive.note_edit(connection, entry_id, now)
    return is_edit


def _take_over(
    connection: sqlite3.Connection, entry_id: int, old: sqlite3.Row, entry: Entry
) -> bool | None:
    """Store what may change without an edit: the spelling of the link, categories, the language."""
    same = (
        (old["url"], old["language"]) == (entry.url, entry.language)
        and set(categories_of(old["categories"])) == set(entry.categories)
    )  # fmt: skip
    if same:
        return None
    connection.execute(
        "UPDATE entries SET url = ?, language = ?, categories = ? WHERE id = ?",
        (entry.url, entry.language, dumps(entry.categories), entry_id),
    )
    return False


def _is_buried(entry: Entry, buried: set[str]) -> bool:
    found = {kind_of(key) for key in entry.keys if key in buried}
    return not found.isdisjoint(_LASTING_KINDS) or found >= _LASTING_TOGETHER


def _same_words(old: sqlite3.Row, raw: str) -> bool:
    """Tell whether the publisher says what it said when the stored text was made.

    Where its words are kept no longer, another version of ours having made the text is the reason.
    """
    if old["raw"] is None:
        return bool(old["refined_by"] != __version__)
    before, after = (_words(json.loads(text)) for text in (old["raw"], raw))
    return any(before) and before == after


def _words(raw: dict[str, object]) -> tuple[object, ...]:
    return tuple(raw.get(name) for name in _WORDS)


def _gather(
    connection: sqlite3.Connection, source_id: int, entry_id: int, strangers: list[str]
) -> None:
    """Let a known entry be known by further keys, by so many of each kind."""
    if not strangers:
        return
    rows = connection.execute("SELECT key FROM identities WHERE entry_id = ?", (entry_id,))
    held = Counter(kind_of(key) for (key,) in rows)
    taken = [key for key in strangers if held[kind_of(key)] < _KEYS_OF_A_KIND]
    add_keys(connection, source_id, entry_id, taken)
