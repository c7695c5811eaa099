"""The secrets of the configuration that is applied, read once and kept in memory.

Those of removed sources, too: what they were fetched with may still open a door, and is in what
they left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.rules.held_secrets import secrets_of
from aggregator.store.rows import source_of

if TYPE_CHECKING:
    import sqlite3

    from aggregator.rules.secrets import Secrets


class HeldSecrets:
    """What is concealed of all that leaves the store; any thread may ask.

    `further` are secrets that are in no row: what files hold that the configuration names.
    """

    def __init__(self, further: tuple[str, ...] = ()) -> None:
        self._further = further
        self._found: Secrets | None = None
        self._changes = 0

    def read(self, connection: sqlite3.Connection) -> Secrets:
        """Return the secrets, of the rows as they were when they were first asked for."""
        found, changes = self._found, self._changes
        if found is None:
            rows = connection.execute("SELECT config FROM sources ORDER BY id").fetchall()
            found = secrets_of(tuple(source_of(row["config"]) for row in rows), self._further)
            if self._changes == changes:  # else they are of a configuration that was
                self._found = found
        return found

    def changed(self, further: tuple[str, ...]) -> None:
        """Read them again the next time: the configuration is another."""
        self._further = further
        self._changes += 1
        self._found = None
