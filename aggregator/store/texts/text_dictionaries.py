"""Dictionaries by which texts are packed: each is a row, and what names it stays readable.

A dictionary is trained on what is stored, and again when there is much more to learn from. What was
packed before stays as it is, but for what was stored before there was any.
"""

from __future__ import annotations

import sqlite3
import sys
from hashlib import blake2b
from importlib.util import find_spec
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreError
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass
from aggregator.store.rows.value_lists import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aggregator.store.texts import text_codecs
    from aggregator.store.texts.text_codecs import Codec
else:  # zstd, which a command that shows no text never needs
    text_codecs = LateModule("aggregator.store.texts.text_codecs")

#: With so many texts the first dictionary is trained, and with so many times as many the next one.
FIRST_TRAINING, GROWTH = 200, 64

#: What a dictionary is trained on: texts from everywhere, so many bytes of each and of all.
SAMPLES, SAMPLE_BYTES, ALL_BYTES = 200, 16 << 10, 1 << 20

#: Dictionaries that stay ready to use, by their ids.
_READY = 8
_ready: dict[int, Codec] = {}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A dictionary that is to pack from now on, and of how many texts it was learnt."""

    codec: str
    trained: bytes
    trained_on: int


def check_codecs(connection: sqlite3.Connection, path: Path | str) -> None:
    """Raise `StoreError` for a database of which this machine cannot read the texts."""
    row = connection.execute("SELECT 1 FROM dictionaries WHERE codec = 'zstd' LIMIT 1").fetchone()
    if row is not None and not _has_zstd():
        raise StoreError(
            f"{path}: its texts are packed with zstd, which is missing here; install "
            "backports.zstd, or take it through `aggregator export database` where that is "
            "installed and `aggregator import database` here"
        )


def due(connection: sqlite3.Connection) -> range | None:
    """Return the ids of what is stored where that is much more than was learnt from."""
    stored = stored_ids(connection)
    is_due = len(stored) >= max(FIRST_TRAINING, GROWTH * learnt_from(connection))
    return stored if is_due else None


def stored_ids(connection: sqlite3.Connection) -> range:
    """Return from which entry to which one there are texts."""
    first, last = connection.execute(
        "SELECT (SELECT min(entry_id) FROM texts), (SELECT max(entry_id) FROM texts)"
    ).fetchone()
    return range(0) if last is None else range(first, last + 1)


def learnt_from(connection: sqlite3.Connection) -> int:
    """Return of how many texts today's dictionary was learnt, 0 where there is none."""
    (count,) = connection.execute(
        "SELECT coalesce(max(trained_on), 0) FROM dictionaries WHERE codec = ?", (_best().name,)
    ).fetchone()
    return int(count)


def learn(connection: sqlite3.Connection, entry_ids: range) -> Lesson:
    """Return what there is to learn from the texts of entries, of which some may be missing."""
    rows = rows_of(
        connection,
        "SELECT entry_id, dictionary_id, packed FROM texts WHERE entry_id IN ({marks})",
        sampled(entry_ids),
        at_once=64,
    )
    return lesson_of((unpacked(connection, row) for row in rows), len(entry_ids))


def sampled(entry_ids: range) -> range:
    """Return those of some entries that samples are taken from."""
    return entry_ids[:: max(len(entry_ids) // SAMPLES, 1)]


def lesson_of(frames: Iterable[bytes], count: int) -> Lesson:
    """Return what the first of some frames teach, of so many texts."""
    samples: list[bytes] = []
    left = ALL_BYTES
    for one in frames:
        samples.append(one[: min(SAMPLE_BYTES, left)])
        left -= len(samples[-1])
        if left <= 0:
            break
    return Lesson(_best().name, _best().train(samples), count)


def follow(connection: sqlite3.Connection, lesson: Lesson) -> int:
    """Let a dictionary pack what is stored from now on; return its id."""
    # Named by what it says: the same in every database.
    digest = blake2b(lesson.trained, digest_size=4, key=lesson.codec.encode()).digest()
    dictionary_id = int.from_bytes(digest) >> 1
    connection.execute(
        """INSERT INTO dictionaries (id, codec, trained_on, trained) VALUES (?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET trained_on = excluded.trained_on""",
        (dictionary_id, lesson.codec, lesson.trained_on, lesson.trained),
    )
    return dictionary_id


def current(connection: sqlite3.Connection) -> tuple[int, Codec]:
    """Return the dictionary that packs today; where there is none yet, an empty one."""
    row = connection.execute(
        "SELECT id FROM dictionaries WHERE codec = ? ORDER BY trained_on DESC, id LIMIT 1",
        (_best().name,),
    ).fetchone()
    dictionary_id = follow(connection, Lesson(_best().name, b"", 0)) if row is None else row[0]
    return dictionary_id, _codec(connection, dictionary_id)


def unpacked(connection: sqlite3.Connection, row: sqlite3.Row) -> bytes:
    """Return what is packed in a row that has `dictionary_id` and `packed`."""
    try:
        return _codec(connection, row["dictionary_id"]).unpack(row["packed"])
    except ValueError as error:
        whose = _whose(connection, row)
        told = f"{whose} cannot be unpacked: {error}; `aggregator doctor` names all that are so"
        raise _damage(told) from error


def _whose(connection: sqlite3.Connection, row: sqlite3.Row) -> str:
    """Return which entry a text is of, for people; it is read once something is wrong."""
    key = next((one for one in ("text_of", "entry_id") if one in row.keys()), None)  # noqa: SIM118 -- a row is no mapping
    if key is None:
        return "a text"
    named = connection.execute(
        """SELECT e.public_id, s.name FROM entries e JOIN sources s ON s.id = e.source_id
            WHERE e.id = ?""",
        (row[key],),
    ).fetchone()
    return "a text" if named is None else f"the text of {named[0]} of {named[1]}"


def follow_alone(connection: sqlite3.Connection, lesson: Lesson) -> None:
    """Let a dictionary pack what is stored from now on, whatever others were trained on."""
    connection.execute("UPDATE dictionaries SET trained_on = 0")
    follow(connection, lesson)


def forget_unused(connection: sqlite3.Connection) -> None:
    """Drop every dictionary by which no text is packed."""
    connection.execute(
        """DELETE FROM dictionaries
            WHERE id NOT IN (SELECT DISTINCT dictionary_id FROM texts)"""
    )


def _codec(connection: sqlite3.Connection, dictionary_id: int) -> Codec:
    found = _ready.get(dictionary_id)
    if found is None:
        row = connection.execute(
            "SELECT codec, trained FROM dictionaries WHERE id = ?", (dictionary_id,)
        ).fetchone()
        if row is None:
            raise _damage(f"dictionary {dictionary_id} is missing")
        found = text_codecs.CODECS[row[0]](row[1])
        while len(_ready) >= _READY:
            _ready.pop(next(iter(_ready)), None)
        _ready[dictionary_id] = found
    return found


def _has_zstd() -> bool:
    """Tell whether zstd can be loaded, without doing so: most commands need no text."""
    module = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # nor the package that it would be in
        return False


def _best() -> type[Codec]:
    return next(iter(text_codecs.CODECS.values()))


def _damage(what: str) -> sqlite3.DatabaseError:
    """Return an error that says what SQLite's own says of damaged pages."""
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
