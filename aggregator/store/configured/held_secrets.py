"""The secrets of the configuration that is applied, read once and kept in memory.

Those of removed sources, too: what they were fetched with may still open a door, and is in what
they left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.rules.held_secrets import secrets_of
from aggregator.store.rows.typed_rows import source_of

if TYPE_CHECKING:
    import sqlite3

    from aggregator.rules.secrets import Secrets


class HeldSecrets:
    """What is concealed of all that leaves the store; any thread may ask.

    `further` are secrets that are in no row: what files hold that the configuration names. Where a
    database `is_shared` another process may apply a configuration: each time the rows tell whether
    one did.
    """

    def __init__(self, further: tuple[str, ...] = (), *, is_shared: bool = False) -> None:
        self._further = further
        self._is_shared = is_shared
        self._found: tuple[int, Secrets] | None = None
        self._changes = 0

    def read(self, connection: sqlite3.Connection) -> Secrets:
        """Return the secrets of the configuration that holds as the connection sees it."""
        found, changes = self._found, self._changes
        applied = self._applied(connection)
        if found is not None and found[0] == applied:
            return found[1]
        rows = connection.execute(
            "SELECT config FROM sources WHERE may_hold_secrets = 1 ORDER BY id"
        ).fetchall()
        secrets = secrets_of(tuple(source_of(row["config"]) for row in rows), self._further)
        if self._changes == changes:  # else they are of a configuration that was
            self._found = applied, secrets
        return secrets

    def _applied(self, connection: sqlite3.Connection) -> int:
        if not self._is_shared:
            return 0
        (applied,) = connection.execute("SELECT times_applied FROM counters").fetchone()
        return int(applied)

    def changed(self, further: tuple[str, ...]) -> None:
        """Read them again the next time: the configuration is another."""
        self._further = further
        self._changes += 1
        self._found = None
