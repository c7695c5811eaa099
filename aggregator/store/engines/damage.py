"""Whether the database is whole: read from end to end, beside other work."""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from aggregator.model.errors import StoreDamagedError
from aggregator.store.engines.connection import quick_check
from aggregator.store.engines.sqlite_errors import damaged, store_error

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.store.engines.readers import Readers


def find_damage(path: Path, readers: Readers) -> StoreDamagedError | None:
    """Return what is damaged, `None` for nothing; raises `StoreError` where it finds no end."""
    try:
        with readers.interruptible() as db:
            found = quick_check(db)
    except sqlite3.Error as error:
        trouble = store_error(path, error)
        if isinstance(trouble, StoreDamagedError):
            return trouble
        raise trouble from error
    except StoreDamagedError as error:
        return error
    return None if found is None else damaged(path, found)
