"""Lists of sources and their members as rows: so that a start without network has the same sources.

A list that is not configured any more keeps its rows for as long as forgotten entries are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.configured import FORGET_AFTER
from aggregator.model.instants import (
    MICROSECOND,
    instant,
    micros,
    optional_instant,
    optional_micros,
)
from aggregator.model.outcomes import Validators
from aggregator.model.source_lists import ListHealth, ListMember, StoredList
from aggregator.operations.watched import WatchedList
from aggregator.runtime.values import dataclass
from aggregator.store.rows.codec import dumps, loads

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

_MEMBERS = "SELECT key, url, said, gone_at FROM list_members WHERE list_id = ? ORDER BY position"


def stored(connection: sqlite3.Connection) -> tuple[StoredList, ...]:
    """Return every list that is known, by name."""
    rows = connection.execute("SELECT * FROM lists ORDER BY name").fetchall()
    return tuple(_list(connection, row) for row in rows)


def watched(connection: sqlite3.Connection, names: Collection[str]) -> tuple[WatchedList, ...]:
    """Return what the operations feed looks at of the lists with these names."""
    rows = connection.execute(
        "SELECT id, name, next_poll_at, last_success_at, health FROM lists ORDER BY name"
    ).fetchall()
    found = [(row, loads(ListHealth, row["health"])) for row in rows if row["name"] in names]
    return tuple(
        WatchedList(
            key=f"list {row['id']}",
            name=row["name"],
            next_poll_at=instant(row["next_poll_at"]),
            last_success_at=optional_instant(row["last_success_at"]),
            failing_since_at=health.failing_since_at,
            problem=health.problem,
        )
        for row, health in found
    )


def keep(connection: sqlite3.Connection, listed: StoredList, former: str, now: int) -> None:
    """Store a list as it is now; `former` is the name under which it is stored."""
    before = (now - FORGET_AFTER // MICROSECOND,)
    connection.execute(
        "DELETE FROM list_members WHERE list_id IN (SELECT id FROM lists WHERE last_poll_at < ?)",
        before,
    )
    connection.execute("DELETE FROM lists WHERE last_poll_at < ?", before)
    connection.execute("UPDATE lists SET name = ? WHERE name = ?", (listed.name, former))
    connection.execute(
        """INSERT INTO lists (name, url, next_poll_at, last_poll_at, last_success_at,
                  etag, last_modified, validators_url, body_sha256, health)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET url = excluded.url,
                  next_poll_at = excluded.next_poll_at, last_poll_at = excluded.last_poll_at,
                  last_success_at = excluded.last_success_at, etag = excluded.etag,
                  last_modified = excluded.last_modified,
                  validators_url = excluded.validators_url,
                  body_sha256 = excluded.body_sha256, health = excluded.health""",
        (
            listed.name,
            listed.url,
            micros(listed.next_poll_at),
            optional_micros(listed.last_poll_at),
            optional_micros(listed.last_success_at),
            listed.validators.etag,
            listed.validators.last_modified,
            listed.validators.url,
            listed.body_sha256,
            dumps(listed.health),
        ),
    )
    (list_id,) = connection.execute(
        "SELECT id FROM lists WHERE name = ?", (listed.name,)
    ).fetchone()
    _keep_members(connection, list_id, listed)


def _keep_members(connection: sqlite3.Connection, list_id: int, listed: StoredList) -> None:
    """Write what differs: of most polls nothing does."""
    wanted = {
        one.key: (one.url, _said(one), optional_micros(one.gone_at), position)
        for position, one in enumerate(listed.members)
    }
    rows = connection.execute(
        "SELECT key, url, said, gone_at, position FROM list_members WHERE list_id = ?", (list_id,)
    )
    held = {key: rest for key, *rest in map(tuple, rows)}
    connection.executemany(
        "DELETE FROM list_members WHERE list_id = ? AND key = ?",
        [(list_id, key) for key in held if key not in wanted],
    )
    connection.executemany(
        """INSERT INTO list_members (list_id, key, url, said, gone_at, position)
           VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (list_id, key) DO UPDATE SET url = excluded.url, said = excluded.said,
                  gone_at = excluded.gone_at, position = excluded.position""",
        [
            (list_id, key, *values)
            for key, values in wanted.items()
            if tuple(held.get(key, ())) != values
        ],
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a list says of a member, as its row's JSON."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str | None = None
    encoding: str | None = None


def _list(connection: sqlite3.Connection, row: sqlite3.Row) -> StoredList:
    return StoredList(
        name=row["name"],
        url=row["url"],
        next_poll_at=instant(row["next_poll_at"]),
        last_poll_at=optional_instant(row["last_poll_at"]),
        last_success_at=optional_instant(row["last_success_at"]),
        validators=Validators(row["etag"], row["last_modified"], row["validators_url"]),
        body_sha256=row["body_sha256"],
        health=loads(ListHealth, row["health"]),
        members=tuple(map(_member, connection.execute(_MEMBERS, (row["id"],)))),
    )


def _member(row: sqlite3.Row) -> ListMember:
    said = loads(_Said, row["said"])
    return ListMember(
        key=row["key"],
        url=row["url"],
        title=said.title,
        tags=said.tags,
        timezone=said.timezone,
        encoding=said.encoding,
        gone_at=optional_instant(row["gone_at"]),
    )


def _said(one: ListMember) -> str:
    return dumps(_Said(one.title, one.tags, one.timezone, one.encoding))
