"""The change counters of feeds: counted in rows, and copied to memory for those who ask often."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aggregator.model.instants import instant, micros
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.feed_changes import changed_again

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

# Numbers the changes of all feeds together, so that a copy is brought up to date by what is new.
# Rows of feeds are never deleted: the largest number is always there.
NEXT_CHANGE = "(SELECT coalesce(max(change_number), 0) + 1 FROM feeds)"


def bump(connection: sqlite3.Connection, feed_id: int, now: int) -> None:
    """Count a change of a feed at `now`."""
    bump_all(connection, (feed_id,), now)


def bump_all(connection: sqlite3.Connection, feed_ids: Iterable[int], now: int) -> None:
    """Count a change of each of some feeds."""
    rows = rows_of(
        connection, "SELECT id, changed_at FROM feeds WHERE id IN ({marks})", sorted(feed_ids)
    )
    at = instant(now)
    connection.executemany(
        f"""UPDATE feeds SET version = version + 1, change_number = {NEXT_CHANGE}, changed_at = ?
             WHERE id = ?""",  # noqa: S608 -- built of constants
        [(micros(changed_again(instant(before), at)), feed_id) for feed_id, before in rows],
    )


class FeedVersions:
    """The version of each feed by its name, as of the last `refresh`.

    Any thread refreshes, and any may ask.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._versions: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._seen = -1

    def get(self, name: str) -> int | None:
        """Return a feed's version, `None` where there is no such feed."""
        return self._versions.get(name)

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read what has changed since the last call; the first one reads all. One statement."""
        with self._lock:
            self._refresh(connection)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            """SELECT id, name, version, removed_at IS NULL AS published, change_number FROM feeds
                WHERE change_number > ? ORDER BY change_number""",
            (self._seen,),
        ).fetchall()
        if not rows:
            return
        self._seen = rows[-1]["change_number"]
        gone = {self._names.pop(row["id"]) for row in rows if row["id"] in self._names}
        changed = {row["name"]: row["version"] for row in rows if row["published"]}
        self._names.update({row["id"]: row["name"] for row in rows if row["published"]})
        # Another thread may be asking: a feed that goes on is there at every moment.
        kept = self._versions
        if not gone <= changed.keys():
            kept = {name: version for name, version in kept.items() if name not in gone}
        kept.update(changed)
        self._versions = kept
