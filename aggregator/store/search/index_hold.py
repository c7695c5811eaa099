"""Who is at work on a file of the search index: where several processes have one folder.

Those of one database share an index: each takes turns to add to it. One of another database, or of
a version with another layout, would make it anew each time, for the others to do the same.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from aggregator.store.engines.lock import beside
from aggregator.store.engines.sqlite_errors import store_error

if TYPE_CHECKING:
    from pathlib import Path


class IndexHold:
    """This process's part in the index beside `database`, until the process ends.

    A lock of flock(2) on `NAME.searching`: shared by those who use the index as it is.
    """

    def __init__(self, database: Path) -> None:
        self._path = beside(database, "searching")
        self._fd: int | None = None

    def keep(self) -> None:
        """Let nobody else make the index anew from now on. Raises `StoreError`."""
        with suppress(BlockingIOError):  # somebody does just now; then with the next turn
            fcntl.flock(self._opened(), fcntl.LOCK_SH | fcntl.LOCK_NB)

    def leave(self) -> None:
        """Let others do with it what they want."""
        fcntl.flock(self._opened(), fcntl.LOCK_UN)

    def may_remake(self) -> bool:
        """Tell whether nobody else uses the index; nobody does then until `keep` or `leave`.

        Raises `StoreError`.
        """
        try:
            fcntl.flock(self._opened(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _opened(self) -> int:
        if self._fd is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise store_error(self._path, error) from error
        return self._fd
