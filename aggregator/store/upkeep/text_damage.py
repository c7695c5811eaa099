"""Whether every text can be unpacked: what SQLite's own checks take for bytes like any others."""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from aggregator.store.engines.schema_version import PACKED_SINCE
from aggregator.store.engines.sqlite_errors import primary_code
from aggregator.store.rows.slices import ROWS
from aggregator.store.texts.packed_texts import Texts
from aggregator.store.texts.text_dictionaries import check_codecs, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    #: Learns how many entries were read, and of how many.
    Tell = Callable[[int, int], None]

#: So many entries are named; the others are counted.
NAMED = 3


def find_text_damage(db: sqlite3.Connection, path: Path, tell: Tell | None = None) -> str | None:
    """Unpack the texts of all entries; return which cannot be read, on one line, or `None`.

    One text is in memory at a time, and no transaction lasts longer than some hundred. Schemas
    before `PACKED_SINCE` have nothing to unpack.

    Raises `StoreError` where this machine cannot read the texts, `sqlite3.Error` for damaged pages.
    """
    if db.execute("PRAGMA user_version").fetchone()[0] < PACKED_SINCE:
        return None
    check_codecs(db, path)
    (count,) = db.execute("SELECT count(*) FROM entries").fetchone()
    after, done, number = -1, 0, 0
    named: list[str] = []
    while True:
        read, damaged, last = _read_some(db, after)
        named += [_name(db, entry_id) for entry_id in damaged[: NAMED - len(named)]]
        number += len(damaged)
        if read == 0:
            break
        after, done = last, done + read
        if tell is not None:
            tell(done, max(count, done))
    if not number:
        return None
    more = "" if number == len(named) else f" and {number - len(named)} more"
    return f"the text of {number} of {done} entries cannot be read: {', '.join(named)}{more}"


def _read_some(db: sqlite3.Connection, after: int) -> tuple[int, list[int], int]:
    """Read the texts of some entries after an id: how many, which are damaged, the last id."""
    rows = db.execute(
        """SELECT e.id, t.dictionary_id, t.packed
             FROM entries e LEFT JOIN texts t ON t.entry_id = e.id
            WHERE e.id > ? ORDER BY e.id LIMIT ?""",
        (after, ROWS),
    )
    read, last = 0, after
    damaged = []
    for row in rows:
        read, last = read + 1, row["id"]
        if not _is_readable(db, row):
            damaged.append(last)
    return read, damaged, last


def _is_readable(db: sqlite3.Connection, row: sqlite3.Row) -> bool:
    if row["packed"] is None:
        return False
    try:
        return Texts(unpacked(db, row)).is_whole()
    except sqlite3.DatabaseError as error:
        if primary_code(error) != sqlite3.SQLITE_CORRUPT:
            raise
        return False
    except ValueError:
        return False


def _name(db: sqlite3.Connection, entry_id: int) -> str:
    row = db.execute(
        """SELECT s.name, e.public_id FROM entries e JOIN sources s ON s.id = e.source_id
            WHERE e.id = ?""",
        (entry_id,),
    ).fetchone()
    return f"entry {entry_id}" if row is None else f"{row['public_id']} of {row['name']}"
