"""How large a database is, what of it is unused, and whose texts take most of it: for `doctor`."""

# sqlite: the whole module

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.instants import optional_instant
from aggregator.runtime.values import dataclass
from aggregator.store.engines.connection import open_reader, quick_check
from aggregator.store.engines.sqlite_errors import store_error
from aggregator.store.upkeep.text_damage import find_text_damage

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store.upkeep.text_damage import Tell

#: How many of the sources with the most text are named.
LARGEST = 5


@dataclass(frozen=True, slots=True)
class Measures:
    """What `measure` found.

    `size`, `journal` and `unused` are bytes of the file, of the write-ahead log beside it, and of
    pages that hold nothing. `largest` are sources with the bytes of their texts, the largest first.
    `polled_at` is the time of the newest poll, `damage` what SQLite says of it in
    a line, or which texts cannot be read.
    """

    size: int
    journal: int
    unused: int
    largest: tuple[tuple[str, int], ...]
    polled_at: datetime | None
    damage: str | None


def measure(path: Path, tell: Tell | None = None) -> Measures:
    """Look through a database and all texts in it; the daemon may run.

    Takes seconds a gigabyte, and some for each million entries; `tell` learns how many were read.

    Raises:
        NoStoreError: There is none yet.
        StoreError: It cannot be used.
    """
    try:
        with closing(open_reader(path)) as db:
            pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0]
                           for name in ("freelist_count", "page_size"))  # fmt: skip
            largest, polled_at = told_by_rows(db)
            return Measures(
                size=_size(path, ""),
                journal=_size(path, "-wal"),
                unused=pages * size,
                largest=largest,
                polled_at=polled_at,
                damage=quick_check(db) or find_text_damage(db, path, tell),
            )
    except sqlite3.Error as error:
        raise store_error(path, error) from error


def told_by_rows(
    db: sqlite3.Connection,
) -> tuple[tuple[tuple[str, int], ...], datetime | None]:
    """Return `Measures.largest` and `Measures.polled_at`."""
    largest = db.execute(
        """SELECT name, stored_bytes FROM sources WHERE stored_bytes > 0
            ORDER BY stored_bytes DESC, name LIMIT ?""",
        (LARGEST,),
    ).fetchall()
    (polled_at,) = db.execute("SELECT max(last_poll_at) FROM sources").fetchone()
    return tuple((name, size) for name, size in largest), optional_instant(polled_at)


def library_version() -> str:
    """Return which SQLite this is."""
    return sqlite3.sqlite_version


def _size(path: Path, ending: str) -> int:
    part = Path(f"{os.path.realpath(path)}{ending}")
    return part.stat().st_size if part.exists() else 0
