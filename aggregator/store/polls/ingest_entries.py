"""The entries of a document in the database: what bears on them is read, what is decided written.

The decisions themselves are `stories.absorption`'s.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from aggregator.model.instants import instant, micros, optional_instant, optional_micros
from aggregator.store.feeds import archive
from aggregator.store.polls import identities, source_domains, take_overs, tombstone_rows
from aggregator.store.polls.identities import Claims
from aggregator.store.rows.typed_rows import categories_of, enclosures_of, particulars_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts import disk_room, entry_texts, packed_texts
from aggregator.store.texts.packed_texts import COLUMNS, frame, texts_in
from aggregator.stories.absorption import Memory, Surroundings, absorb, recognise, reread
from aggregator.stories.assignment import StoryCandidate, Telling, shared_keys
from aggregator.stories.edits import Rewritten, Touched, Version
from aggregator.stories.minting import id_domains, wanted_ids
from aggregator.stories.ordering import order_keys
from aggregator.stories.signs import Known
from aggregator.stories.tombstones import mark_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.model import Entry
    from aggregator.store.engines.engine import TakeTurn
    from aggregator.store.texts.entry_texts import Sizes
    from aggregator.stories.absorption import (
        Absorption,
        Arrival,
        ChangedEntry,
        NewEntry,
        Recognition,
    )
    from aggregator.stories.assignment import StoryRef

#: Order keys this close to each other are of entries with the same date: read at once.
_NEAR = 1000


def store(
    connection: sqlite3.Connection, source_id: int, arrival: Arrival, take_turn: TakeTurn
) -> tuple[Absorption, tuple[int, ...]]:
    """Store what is new and what changed of a source's document.

    Return what was decided, and the ids of the entries that a reader sees for the first time or
    otherwise than before. What others' entries bear on, and what bears on them, is done in a turn.
    """
    memory = _memory(connection, source_id, arrival.entries)
    recognition = recognise(arrival, memory)
    if recognition.ordered:
        take_turn(connection)
    surroundings = _surroundings(connection, source_id, arrival, memory, recognition)
    absorbed = absorb(arrival, memory, recognition, surroundings, mint=lambda: uuid.uuid4().urn)
    if absorbed.bears_on_others:
        take_turn(connection)
    return absorbed, _write(connection, source_id, arrival, memory, absorbed)


# --- reading --------------------------------------------------------------------------------------


def _memory(connection: sqlite3.Connection, source_id: int, entries: Sequence[Entry]) -> Memory:
    keys = [key for entry in entries for key in (*entry.keys, *entry.former_keys)]
    found = identities.led_to(connection, source_id, keys)
    entry_ids = sorted(set(found.values()))
    known: dict[int, Known] = {}
    versions: dict[int, Version] = {}
    for row in rows_of(
        connection,
        f"""SELECT id, title, stated_at, text_hash, content_hash, updated_at, refined_by, url,
                   language, author, matched, published_at, first_seen_at, {COLUMNS}
              FROM entries e JOIN texts t ON t.entry_id = e.id WHERE e.id IN ({{marks}})""",  # noqa: S608 -- built of constants
        entry_ids,
    ):
        texts = texts_in(connection, row)
        known[row["id"]] = Known(
            row["id"],
            row["title"],
            optional_instant(row["stated_at"]),
            identities.keys_of(texts),
            row["text_hash"],
        )
        versions[row["id"]] = Version(
            content_hash=row["content_hash"],
            updated_at=instant(row["updated_at"]),
            refined_by=row["refined_by"],
            url=row["url"],
            language=row["language"],
            categories=categories_of(texts["categories"]),
            particulars=particulars_of(texts.get("particulars"), row["author"]),
            enclosures=enclosures_of(texts["enclosures"]),
            matched=row["matched"],
            published_at=instant(row["published_at"]),
            first_seen_at=instant(row["first_seen_at"]),
        )
    (newest_at,) = connection.execute(
        "SELECT max(published_at) FROM entries WHERE source_id = ?", (source_id,)
    ).fetchone()
    owners = {
        key: entry_id
        for key, entry_id in found.items()
        if entry_id in known and key in known[entry_id].keys
    }
    return Memory(
        owners,
        known,
        versions,
        tombstone_rows.met(connection, source_id, entries),
        optional_instant(newest_at),
    )


def _surroundings(
    connection: sqlite3.Connection,
    source_id: int,
    arrival: Arrival,
    memory: Memory,
    recognition: Recognition,
) -> Surroundings:
    raw: dict[int, str | None] = {}
    held_bytes: dict[int, int] = {}
    for row in rows_of(
        connection,
        f"""SELECT id, content_bytes, {COLUMNS} FROM entries e JOIN texts t ON t.entry_id = e.id
             WHERE e.id IN ({{marks}})""",  # noqa: S608 -- built of constants
        reread(recognition, memory),
    ):
        raw[row["id"]] = texts_in(connection, row).get("raw")
        held_bytes[row["id"]] = row["content_bytes"]
    found = Surroundings(raw, held_bytes, disk_room.left(connection, source_id))
    if not recognition.ordered:
        return found
    (largest,) = connection.execute("SELECT largest_order_key FROM counters").fetchone()
    ids = wanted_ids(recognition.ordered, arrival.secrets)
    wanted = [one for one in ids if one is not None]
    return replace(
        found,
        candidates=tuple(_candidates(connection, source_id, recognition.ordered)),
        held_ids=_held_ids(connection, wanted),
        owned=source_domains.owned(connection, id_domains(wanted)),
        largest=largest,
        taken=_taken(connection, arrival, recognition.ordered, largest),
    )


def _candidates(
    connection: sqlite3.Connection, source_id: int, entries: Sequence[Entry]
) -> Iterator[StoryCandidate]:
    """Yield the stories that have one of the entries' keys, with what the source tells of them."""
    keys: dict[int, set[str]] = defaultdict(set)
    borrowed: dict[int, set[str]] = defaultdict(set)
    asked = {mark_of(key): key for entry in entries for key in shared_keys(entry)}
    for story_id, mark, is_borrowed in rows_of(
        connection,
        "SELECT story_id, mark, borrowed FROM story_keys WHERE mark IN ({marks})",
        list(asked),
    ):
        (borrowed if is_borrowed else keys)[story_id].add(asked[mark])
    stories = list(
        rows_of(
            connection,
            """SELECT id, is_own, original_id, coalesce(original_id, id) AS article
                 FROM stories WHERE id IN ({marks})""",
            sorted(keys.keys() | borrowed.keys()),
        )
    )
    told = _told(connection, source_id, {row["article"] for row in stories})
    for row in stories:
        yield StoryCandidate(
            row["id"],
            frozenset(keys[row["id"]]),
            told[row["article"]],
            is_own=bool(row["is_own"]),
            original_id=row["original_id"],
            borrowed=frozenset(borrowed[row["id"]]),
        )


def _told(
    connection: sqlite3.Connection, source_id: int, article_ids: Iterable[int]
) -> dict[int, dict[int, Telling]]:
    """Return what a source tells of some articles: original stories, each with its copies."""
    told: dict[int, dict[int, Telling]] = defaultdict(dict)
    for statement in (
        """SELECT s.id AS article, e.id, e.title, e.stated_at
             FROM stories s LEFT JOIN entries e ON e.story_id = s.id AND e.source_id = ?
            WHERE s.id IN ({marks})""",
        """SELECT s.original_id AS article, e.id, e.title, e.stated_at
             FROM stories s LEFT JOIN entries e ON e.story_id = s.id AND e.source_id = ?
            WHERE s.original_id IN ({marks})""",
    ):
        for row in rows_of(connection, statement, sorted(article_ids), source_id):
            if row["id"] is not None:
                stated_at = optional_instant(row["stated_at"])
                told[row["article"]][row["id"]] = Telling(row["title"], stated_at)
    return told


def _held_ids(connection: sqlite3.Connection, wanted: Sequence[str]) -> frozenset[str]:
    """Return which of the ids that new entries want are taken, by an entry or by a story."""
    return frozenset(
        public_id
        for statement in (
            "SELECT public_id FROM entries WHERE public_id IN ({marks})",
            "SELECT public_id FROM stories WHERE public_id IN ({marks})",
        )
        for (public_id,) in rows_of(connection, statement, wanted)
    )


def _taken(
    connection: sqlite3.Connection, arrival: Arrival, ordered: Sequence[Entry], largest: int
) -> frozenset[int]:
    """Return the stored order keys that clash with the new entries'.

    Only a first document's keys lie among stored ones: they are asked for until none clashes.
    """
    taken: set[int] = set()
    while arrival.first:
        wanted = order_keys(ordered, first=True, now=arrival.now, largest=largest, taken=taken)
        clashes = [
            key
            for (key,) in rows_of(
                connection,
                "SELECT order_key FROM entries WHERE order_key IN ({marks}) ORDER BY order_key",
                wanted,
            )
        ]
        if not clashes:
            break
        for key in clashes:
            if key not in taken:
                near = connection.execute(
                    "SELECT order_key FROM entries WHERE order_key BETWEEN ? AND ?",
                    (key, key + _NEAR),
                )
                taken.update(one for (one,) in near)
    return frozenset(taken)


# --- writing --------------------------------------------------------------------------------------


def _write(
    connection: sqlite3.Connection,
    source_id: int,
    arrival: Arrival,
    memory: Memory,
    absorbed: Absorption,
) -> tuple[int, ...]:
    now = micros(arrival.now)
    tombstone_rows.sighted(connection, source_id, absorbed.tombstones, now)
    claims = Claims(memory.owners.keys() - absorbed.passed_on)
    identities.move(
        connection,
        source_id,
        {key: memory.owners[key] for key in absorbed.passed_on & memory.owners.keys()},
        [(entry_id, claims.take(keys)) for entry_id, keys in absorbed.keys],
    )
    connection.executemany(
        """INSERT INTO story_keys (mark, story_id, borrowed)
           SELECT :mark, s.id, CASE WHEN s.is_own = 1 THEN :borrowed ELSE 0 END
             FROM entries e JOIN stories s ON s.id = e.story_id WHERE e.id = :entry
           ON CONFLICT DO NOTHING""",
        [
            {"mark": mark_of(key), "borrowed": is_borrowed, "entry": entry_id}
            for entry_id, key, is_borrowed in absorbed.names
        ],
    )
    connection.executemany(
        "UPDATE entries SET matched = ? WHERE id = ?",
        [(because, entry_id) for entry_id, because in absorbed.reasons],
    )
    connection.executemany(
        "UPDATE entries SET stated_at = ?, text_hash = ? WHERE id = ?",
        [(optional_micros(one.stated_at), one.text_hash, one.entry_id) for one in absorbed.signs],
    )
    for changed in absorbed.changes:
        _update(connection, changed, arrival)
    for entry_id, published_at in absorbed.corrected:
        connection.execute(
            """UPDATE entries SET published_at = :at, dated = 1, changed_at = :now,
                      updated_at = CASE WHEN updated_at < :at THEN :at ELSE updated_at END
                WHERE id = :id""",
            {"at": micros(published_at), "now": now, "id": entry_id},
        )
        archive.note_edit(connection, entry_id, now)
    changed_ids = (
        *(changed.entry_id for changed in absorbed.changes),
        *(entry_id for entry_id, _ in absorbed.corrected),
    )
    return (
        *dict.fromkeys(changed_ids),
        *_insert(connection, source_id, absorbed.inserts, arrival, claims),
    )


def _update(connection: sqlite3.Connection, changed: ChangedEntry, arrival: Arrival) -> None:
    entry = changed.entry
    match changed.change:
        case Touched():
            connection.execute(
                "UPDATE entries SET url = ?, language = ? WHERE id = ?",
                (entry.url, entry.language, changed.entry_id),
            )
            entry_texts.touch(connection, changed.entry_id, entry)
        case Rewritten(updated_at=updated_at):
            connection.execute(
                """UPDATE entries SET url = ?, title = ?, author = ?, updated_at = ?, language = ?,
                          content_hash = ?, refined_by = ?, changed_at = ?, text_origin = ?
                    WHERE id = ?""",
                (
                    entry.url,
                    entry.title,
                    entry.particulars.author,
                    micros(updated_at),
                    entry.language,
                    entry.content_hash,
                    arrival.version,
                    micros(arrival.now),
                    entry.text_origin,
                    changed.entry_id,
                ),
            )
            entry_texts.rewrite(connection, changed.entry_id, entry)
            archive.note_edit(connection, changed.entry_id, micros(arrival.now))
        case _:
            assert_never(changed.change)


def _insert(
    connection: sqlite3.Connection,
    source_id: int,
    inserts: tuple[NewEntry, ...],
    arrival: Arrival,
    claims: Claims,
) -> list[int]:
    """Store new entries; return their ids in the order of their order keys."""
    if not inserts:
        return []
    story_ids: list[int] = []
    begun: list[tuple[int, str, bool]] = []
    copies: list[dict[str, int]] = []
    next_story_id, next_id = _next_ids(connection)
    for index, new in enumerate(inserts):
        if new.story.story_id is not None:
            story_id = new.story.story_id
        elif new.story.begun_by < index:
            story_id = story_ids[new.story.begun_by]
        else:
            story_id = next_story_id + len(begun)
            begun.append((story_id, new.public_id, new.story.is_own))
        story_ids.append(story_id)
        found = {_row_of(one, story_ids): story_id for one in new.story.copies}
        if new.story.original is not None:
            found[story_id] = _row_of(new.story.original, story_ids)
        copies += [{"copy": copy, "original": original} for copy, original in found.items()]
    connection.executemany("INSERT INTO stories (id, public_id, is_own) VALUES (?, ?, ?)", begun)
    connection.executemany("UPDATE stories SET original_id = :original WHERE id = :copy", copies)
    for one in copies:
        take_overs.take_over(connection, one["copy"], one["original"])
    entry_ids = list(range(next_id, next_id + len(inserts)))
    rows = list(zip(entry_ids, story_ids, inserts, strict=True))
    _insert_rows(connection, source_id, rows, arrival, claims)
    connection.executemany(
        "INSERT INTO story_keys (mark, story_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [
            (mark_of(key), story_id)
            for story_id, new in zip(story_ids, inserts, strict=True)
            for key in shared_keys(new.entry)
        ],
    )
    connection.execute(
        "UPDATE counters SET largest_order_key = :key WHERE largest_order_key < :key",
        {"key": inserts[-1].order_key},
    )
    return entry_ids


def _insert_rows(
    connection: sqlite3.Connection,
    source_id: int,
    rows: Sequence[tuple[int, int, NewEntry]],
    arrival: Arrival,
    claims: Claims,
) -> None:
    """Store new entries, each with its id and its story's."""
    keys = [(entry_id, claims.take(new.entry.keys)) for entry_id, _, new in rows]
    texts = [
        entry_texts.texts_of(new.entry, identities.text_of(its_keys))
        for (_, _, new), (_, its_keys) in zip(rows, keys, strict=True)
    ]
    sizes = [
        entry_texts.sizes_of(
            one, title=new.entry.title, url=new.entry.url, author=new.entry.particulars.author
        )
        for one, (_, _, new) in zip(texts, rows, strict=True)
    ]
    connection.executemany(
        """INSERT INTO entries (id, source_id, story_id, public_id, order_key, held_back, url,
               title, author, published_at, updated_at, dated, language, content_hash, refined_by,
               first_seen_at, changed_at, assigned, stated_at, text_hash, content_bytes, raw_bytes,
               told_bytes, stored_bytes, text_origin)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (entry_id, source_id, story_id, *_columns(new, arrival, size))
            for (entry_id, story_id, new), size in zip(rows, sizes, strict=True)
        ],
    )
    packed_texts.put(
        connection,
        {entry_id: frame(one) for (entry_id, _, _), one in zip(rows, texts, strict=True)},
    )
    identities.add(connection, source_id, keys)
    disk_room.count(connection, {source_id: sum(size.stored for size in sizes)})


def _next_ids(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the ids that the next rows of stories and entries would get: nobody else has them."""
    (story_id, entry_id) = connection.execute(
        """SELECT (SELECT coalesce(max(id), 0) FROM stories),
                  (SELECT coalesce(max(id), 0) FROM entries)"""
    ).fetchone()
    return int(story_id) + 1, int(entry_id) + 1


def _row_of(story: StoryRef, story_ids: Sequence[int]) -> int:
    return story_ids[story.number] if story.begins_now else story.number


def _columns(new: NewEntry, arrival: Arrival, size: Sizes) -> tuple[object, ...]:
    entry, now = new.entry, micros(arrival.now)
    return (
        new.public_id,
        new.order_key,
        new.held_back,
        entry.url,
        entry.title,
        entry.particulars.author,
        micros(new.published_at),
        micros(new.updated_at),
        entry.published_at is not None,
        entry.language,
        entry.content_hash,
        arrival.version,
        now,
        now,
        new.story.because,
        optional_micros(entry.stated_at),
        entry.text_hash,
        size.content,
        size.raw,
        size.told,
        size.stored,
        entry.text_origin,
    )
