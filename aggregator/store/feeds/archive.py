"""What a feed has shown, month by month, for those who were away (RFC 5005 section 4).

A row says that a feed showed an entry, and is never changed: documents grow at their end only. Why
months are counted by when a feed showed an entry, not by when it was written: docs/adr/0011. Rows
of `retold` are counted with them: an entry stands there once more, with who was named below it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from aggregator.model import ArchivePart
from aggregator.model.instants import instant
from aggregator.runtime.values import dataclass
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.value_lists import rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

#: Entries of one document: about 2 MB of full text.
PART = 250


@dataclass(frozen=True, slots=True)
class _Month:
    """A month of an archive, such as 202611, and its first and last number."""

    month: int
    first: int
    last: int


def record(
    connection: sqlite3.Connection, feed_id: int, entry_ids: Sequence[int], now: int
) -> None:
    """Note what of some entries, oldest first, the feed has not shown before, in that order."""
    # sqlite: a list of values is one parameter, as JSON
    known = {
        entry_id
        for (entry_id,) in connection.execute(
            """SELECT entry_id FROM archive
                WHERE feed_id = ? AND entry_id IN (SELECT value FROM json_each(?))""",
            (feed_id, dumps(entry_ids)),
        )
    }
    fresh = [entry_id for entry_id in entry_ids if entry_id not in known]
    if not fresh:
        return
    month, number, at = _next_place(connection, feed_id, now)
    keys = _change_keys(connection, now, len(fresh))
    connection.executemany(
        """INSERT INTO archive (feed_id, month, number, entry_id, shown_at, change_key)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [
            (feed_id, month, number + place, entry_id, at, key)
            for place, (entry_id, key) in enumerate(zip(fresh, keys, strict=True))
        ],
    )


def retell(
    connection: sqlite3.Connection,
    feed_id: int,
    named: Mapping[int, Iterable[int]],
    now: int,
    *,
    again: bool,
) -> None:
    """Note which entries were named below others that leave a feed's window now.

    With `again` these stand in the archive once more, where readers look who had them before.
    """
    connection.executemany(
        """INSERT INTO named_below (feed_id, lead_id, entry_id) VALUES (?, ?, ?)
           ON CONFLICT DO NOTHING""",
        [(feed_id, lead, entry_id) for lead, others in named.items() for entry_id in others],
    )
    if not (again and named):
        return
    month, number, at = _next_place(connection, feed_id, now)
    connection.executemany(
        "INSERT INTO retold (feed_id, month, number, entry_id, shown_at) VALUES (?, ?, ?, ?, ?)",
        [(feed_id, month, number + place, lead, at) for place, lead in enumerate(sorted(named))],
    )


def named_below(connection: sqlite3.Connection, feed_id: int, entry_ids: Sequence[int]) -> set[int]:
    """Return which of some entries a feed's archive names below others."""
    rows = rows_of(
        connection,
        "SELECT entry_id FROM named_below WHERE feed_id = ? AND entry_id IN ({marks})",
        entry_ids,
        feed_id,
    )
    return {entry_id for (entry_id,) in rows}


def _next_place(connection: sqlite3.Connection, feed_id: int, now: int) -> tuple[int, int, int]:
    """Return the month and number of a feed's next place, and the moment that it is of."""
    newest = _newest(connection, feed_id)
    # The clock may have been set back: an archive's time does not go back.
    at = now if newest is None else max(now, newest["shown_at"])
    month = _month(at)
    number = newest["number"] if newest is not None and newest["month"] == month else 0
    return month, number + 1, at


def note_edit(connection: sqlite3.Connection, entry_id: int, now: int) -> None:
    """Let exports see that an entry has another text."""
    rows = connection.execute(
        "SELECT feed_id FROM archive WHERE entry_id = ?", (entry_id,)
    ).fetchall()
    keys = _change_keys(connection, now, len(rows))
    connection.executemany(
        "UPDATE archive SET change_key = ? WHERE entry_id = ? AND feed_id = ?",
        [(key, entry_id, feed_id) for key, (feed_id,) in zip(keys, rows, strict=True)],
    )


def _change_keys(connection: sqlite3.Connection, now: int, count: int) -> range:
    """Mint keys larger than all before them, from the clock's time on where that goes on."""
    if not count:
        return range(0)
    (largest,) = connection.execute("SELECT largest_change_key FROM counters").fetchone()
    first = max(now, largest + 1)
    connection.execute("UPDATE counters SET largest_change_key = ?", (first + count - 1,))
    return range(first, first + count)


def parts(connection: sqlite3.Connection, feed: sqlite3.Row) -> tuple[ArchivePart, ...]:
    """Return the parts of a feed's archive, oldest first."""
    months = _months(connection, feed["id"])
    if not months:
        return ()
    until = _until(connection, feed)
    found = []
    for row in months:
        # Months only go on: once there is a later one, nothing is added to this.
        past = row.month < months[-1].month
        for part in range(_part(row.first), _part(row.last) + 1):
            whole = past or row.last >= part * PART
            found.append(
                ArchivePart(
                    month=f"{row.month // 100}-{row.month % 100:02}",
                    part=part,
                    whole=whole,
                    past=past,
                    until=None if whole else until,
                )
            )
    return tuple(found)


def _months(connection: sqlite3.Connection, feed_id: int) -> list[_Month]:
    """Return each month with its first and last number, oldest first: by steps, not by reading all.

    A month's rows are as many as its entries; its ends are found in the index.
    """
    found: dict[int, tuple[int, int]] = {}
    for table in ("archive", "retold"):
        for month, first, last in connection.execute(
            f"""WITH RECURSIVE months (month) AS (
                  SELECT min(month) FROM {table} WHERE feed_id = :feed
                  UNION ALL
                  SELECT (SELECT min(a.month) FROM {table} a
                           WHERE a.feed_id = :feed AND a.month > months.month)
                    FROM months WHERE month IS NOT NULL)
                SELECT month,
                       (SELECT min(number) FROM {table} a
                         WHERE a.feed_id = :feed AND a.month = months.month),
                       (SELECT max(number) FROM {table} a
                         WHERE a.feed_id = :feed AND a.month = months.month)
                  FROM months WHERE month IS NOT NULL""",  # noqa: S608 -- built of constants
            {"feed": feed_id},
        ):
            low, high = found.get(month, (first, last))
            found[month] = min(low, first), max(high, last)
    return [_Month(month, *ends) for month, ends in sorted(found.items())]


def _until(connection: sqlite3.Connection, feed: sqlite3.Row) -> str:
    """Return what of the newest month can be had from the archive only: it names its newest part.

    The day of the newest entry that has left the window, or stands there once more; what came after
    it is in the subscription document. On the day itself its number, too: more may leave before the
    day is over. So a reader that never asks for an address twice asks about once a day, and where
    an entry stands once more, and misses nothing.
    """
    newest = _newest(connection, feed["id"])
    left = connection.execute(
        """SELECT a.month, a.number, a.shown_at FROM archive a JOIN entries e ON e.id = a.entry_id
            WHERE a.feed_id = :feed AND (e.order_key <= :floor OR EXISTS (
                  SELECT 1 FROM memberships m WHERE m.feed_id = :feed
                     AND m.source_id = e.source_id AND m.floor >= e.order_key))
            ORDER BY a.month DESC, a.number DESC LIMIT 1""",
        {"feed": feed["id"], "floor": feed["floor"]},
    ).fetchone()
    left = _later(left, _newest_of(connection, "retold", feed["id"]))
    if newest is None or left is None or left["month"] != newest["month"]:
        return "start"
    day = instant(left["shown_at"]).date().isoformat()
    is_over = day < instant(newest["shown_at"]).date().isoformat()
    return day if is_over else f"{day}.{left['number']}"


def name_of(month: int, number: int) -> str:
    """Return the name of the part that has an entry's place."""
    part = _part(number)
    whole = ArchivePart(f"{month // 100}-{month % 100:02}", part, whole=True, past=True)
    return whole.name


def bounds(part: ArchivePart) -> dict[str, int]:
    """Return which rows a part has: its month and its first and last number."""
    year, month = part.month.split("-")
    return {
        "month": int(year) * 100 + int(month),
        "first": (part.part - 1) * PART + 1,
        "last": part.part * PART,
    }


def frozen(
    connection: sqlite3.Connection, feed_id: int, name: str, form: str, made_for: str
) -> bytes | None:
    """Return a document that `freeze` kept for the same `made_for`."""
    row = connection.execute(
        "SELECT made_for, body FROM frozen WHERE feed_id = ? AND name = ? AND form = ?",
        (feed_id, name, form),
    ).fetchone()
    return zlib.decompress(row["body"]) if row is not None and row["made_for"] == made_for else None


def freeze(
    connection: sqlite3.Connection,
    feed_id: int,
    name: str,
    form: str,
    *,
    made_for: str,
    body: bytes,
) -> None:
    """Keep a document; the first one that is kept for the same `made_for` stays."""
    connection.execute(
        """INSERT INTO frozen (feed_id, name, form, made_for, body) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (feed_id, name, form) DO UPDATE
              SET made_for = excluded.made_for, body = excluded.body
            WHERE frozen.made_for != excluded.made_for""",
        (feed_id, name, form, made_for, zlib.compress(body)),
    )


def forget(connection: sqlite3.Connection) -> None:
    """Drop the documents of months whose entries have all been pruned."""
    connection.execute(
        """DELETE FROM frozen WHERE NOT EXISTS (
             SELECT 1 FROM archive a WHERE a.feed_id = frozen.feed_id
                AND a.month = CAST(replace(substr(frozen.name, 1, 7), '-', '') AS INTEGER))
            AND NOT EXISTS (
             SELECT 1 FROM retold r WHERE r.feed_id = frozen.feed_id
                AND r.month = CAST(replace(substr(frozen.name, 1, 7), '-', '') AS INTEGER))"""
    )


def _newest(connection: sqlite3.Connection, feed_id: int) -> sqlite3.Row | None:
    return _later(
        _newest_of(connection, "archive", feed_id), _newest_of(connection, "retold", feed_id)
    )


def _newest_of(connection: sqlite3.Connection, table: str, feed_id: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        f"""SELECT month, number, shown_at FROM {table} WHERE feed_id = ?
             ORDER BY month DESC, number DESC LIMIT 1""",  # noqa: S608 -- built of constants
        (feed_id,),
    ).fetchone()
    return row


def _later(one: sqlite3.Row | None, other: sqlite3.Row | None) -> sqlite3.Row | None:
    places = (row for row in (one, other) if row is not None)
    return max(places, key=lambda row: (row["month"], row["number"]), default=None)


def _month(at: int) -> int:
    day = instant(at)
    return day.year * 100 + day.month


def _part(number: int) -> int:
    return (number - 1) // PART + 1
