"""Where the search index is, and how large: known without what searching takes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aggregator.store.engines.lock import beside

if TYPE_CHECKING:
    from pathlib import Path


def path_of(database: Path) -> Path:
    """Return where the index of a database is."""
    return beside(database, "search")


def size_of(database: Path) -> int:
    """Return how many bytes the index takes on the disk."""
    path = path_of(database)
    size = 0
    for ending in ("-wal", ""):
        with suppress(FileNotFoundError):
            size += path.with_name(path.name + ending).stat().st_size
    return size
