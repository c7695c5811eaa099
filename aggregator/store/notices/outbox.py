"""Notices that wait for their receivers, as rows: written with the events that they tell of.

A row leaves when its receiver has taken it, so that a crash at any moment means at worst one more
delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import instant, micros, optional_instant
from aggregator.model.notices import Notice, Waiting
from aggregator.operations.deliveries import MOST_WAITING
from aggregator.store.rows.codec import dumps, loads

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aggregator.rules.secrets import Secrets


def queue(
    connection: sqlite3.Connection, receiver: str, notices: Sequence[Notice], now: datetime
) -> None:
    """Let notices wait for a receiver; of too many the oldest are dropped."""
    connection.executemany(
        "INSERT INTO outbox (receiver, notice, queued_at) VALUES (?, ?, ?)",
        [(receiver, dumps(one), micros(now)) for one in notices],
    )
    connection.execute(
        """DELETE FROM outbox WHERE receiver = :receiver AND id <= (
               SELECT id FROM outbox WHERE receiver = :receiver
                ORDER BY id DESC LIMIT 1 OFFSET :most)""",
        {"receiver": receiver, "most": MOST_WAITING},
    )


def waiting(connection: sqlite3.Connection, secrets: Secrets, receiver: str, most: int) -> Waiting:
    """Return what waits for a receiver, at most so many notices, without what is secret."""
    rows = connection.execute(
        "SELECT id, notice, queued_at FROM outbox WHERE receiver = ? ORDER BY id LIMIT ?",
        (receiver, most),
    ).fetchall()
    if not rows:
        return Waiting()
    state = connection.execute(
        "SELECT tries, next_at FROM put_off WHERE receiver = ?", (receiver,)
    ).fetchone()
    return Waiting(
        notices=tuple((row["id"], _open(loads(Notice, row["notice"]), secrets)) for row in rows),
        queued_at=instant(rows[0]["queued_at"]),
        tries=0 if state is None else state["tries"],
        next_at=None if state is None else optional_instant(state["next_at"]),
    )


def _open(notice: Notice, secrets: Secrets) -> Notice:
    return Notice(
        event=notice.event,
        title=secrets.conceal(notice.title),
        text=secrets.conceal(notice.text),
        happened_at=notice.happened_at,
        chinese_title=secrets.conceal(notice.chinese_title),
        chinese=secrets.conceal(notice.chinese),
        url=notice.url,
    )


def put_off(connection: sqlite3.Connection, receiver: str, tries: int, next_at: datetime) -> None:
    """Remember that a receiver did not take it, and when it is tried again."""
    connection.execute(
        """INSERT INTO put_off (receiver, tries, next_at) VALUES (?, ?, ?)
           ON CONFLICT (receiver) DO UPDATE
              SET tries = excluded.tries, next_at = excluded.next_at""",
        (receiver, tries, micros(next_at)),
    )


def remove(connection: sqlite3.Connection, receiver: str, up_to: int) -> None:
    """Forget what a receiver has taken, or will never take."""
    connection.execute("DELETE FROM outbox WHERE receiver = ? AND id <= ?", (receiver, up_to))
    connection.execute("DELETE FROM put_off WHERE receiver = ?", (receiver,))


def keep_only(connection: sqlite3.Connection, receivers: Iterable[str]) -> None:
    """Forget what waits for others: who is configured later is told of what happens then."""
    known = set(receivers)
    for table in ("outbox", "put_off"):
        for (name,) in connection.execute(f"SELECT DISTINCT receiver FROM {table}").fetchall():  # noqa: S608 -- one of two
            if name not in known:
                connection.execute(f"DELETE FROM {table} WHERE receiver = ?", (name,))  # noqa: S608
