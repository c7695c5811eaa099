"""What a dying disk does to a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def damage_around(path: Path, words: bytes) -> None:
    """Overwrite the pages in which these words are."""
    size, found = 4096, path.read_bytes()
    at = found.find(words)
    assert at >= 0
    with path.open("r+b") as file:
        while at >= 0:
            file.seek(at // size * size)
            file.write(b"\xa5" * size)
            at = found.find(words, at + 1)
