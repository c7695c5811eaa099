"""By what entries are known: a mark of each key finds its entry, the keys are among its texts.

A mark is `stories.tombstones.mark_of`: eight bytes for a key that may be a long address. Whether an
entry that a mark leads to has the key is told by its texts alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.store.rows.codec import dumps
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts import packed_texts
from aggregator.stories.tombstones import mark_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from aggregator.store.texts.packed_texts import Texts


class Claims:
    """Which keys of a source may still be taken: each is one entry's, whoever asks first."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(map(mark_of, taken))

    def take(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return those of the keys that nobody has, and take them."""
        free = []
        for key in keys:
            mark = mark_of(key)
            if mark not in self._taken:
                self._taken.add(mark)
                free.append(key)
        return tuple(free)


def keys_of(texts: Texts) -> frozenset[str]:
    """Return the keys that an entry is known by."""
    return frozenset(json.loads(texts["keys"] or "[]"))


def text_of(keys: Collection[str]) -> str:
    """Return keys as they are among an entry's texts."""
    return dumps(sorted(keys))


def led_to(connection: sqlite3.Connection, source_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Return the entry that the mark of each key leads to, where there is one."""
    marks = {mark_of(key): key for key in keys}
    rows = rows_of(
        connection,
        "SELECT mark, entry_id FROM identities WHERE source_id = ? AND mark IN ({marks})",
        list(marks),
        source_id,
    )
    return {marks[row["mark"]]: row["entry_id"] for row in rows}


def entries_with(connection: sqlite3.Connection, keys: Collection[str]) -> tuple[int, ...]:
    """Return the entries of all sources that marks of keys lead to."""
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """SELECT DISTINCT i.entry_id FROM sources s
             CROSS JOIN identities i ON i.source_id = s.id
                    AND i.mark IN (SELECT value FROM json_each(?))""",
        (dumps(sorted(map(mark_of, keys))),),
    )
    return tuple(entry_id for (entry_id,) in rows.fetchall())


def add(
    connection: sqlite3.Connection, source_id: int, keys: Iterable[tuple[int, Iterable[str]]]
) -> None:
    """Let marks of keys lead to entries of a source; what the texts say is another's business."""
    connection.executemany(
        """INSERT INTO identities (source_id, mark, entry_id) VALUES (?, ?, ?)
           ON CONFLICT (source_id, mark) DO UPDATE SET entry_id = excluded.entry_id""",
        [(source_id, mark_of(key), entry_id) for entry_id, its_keys in keys for key in its_keys],
    )


def move(
    connection: sqlite3.Connection,
    source_id: int,
    lost: Mapping[str, int],
    gained: Iterable[tuple[int, Sequence[str]]],
) -> None:
    """Take keys from entries, and give further ones to known entries."""
    gone: dict[int, set[str]] = defaultdict(set)
    for key, entry_id in lost.items():
        gone[entry_id].add(key)
    came = {entry_id: set(keys) for entry_id, keys in gained if keys}
    changed = sorted(gone.keys() | came.keys())
    texts = packed_texts.texts_of(connection, changed)
    packed_texts.put(
        connection,
        {
            entry_id: packed_texts.frame(
                one.all()
                | {"keys": text_of((keys_of(one) - gone[entry_id]) | came.get(entry_id, set()))}
            )
            for entry_id, one in texts.items()
        },
    )
    connection.executemany(
        "DELETE FROM identities WHERE source_id = ? AND mark = ?",
        [(source_id, mark_of(key)) for key in lost],
    )
    add(connection, source_id, came.items())


def forget(connection: sqlite3.Connection, story_id: int) -> list[tuple[int, int]]:
    """Let no key lead to the entries of a story any more; return each mark with its source."""
    rows = connection.execute(
        f"""SELECT e.source_id, {packed_texts.COLUMNS} FROM entries e
              JOIN texts t ON t.entry_id = e.id WHERE e.story_id = ?""",  # noqa: S608 -- built of constants
        (story_id,),
    ).fetchall()
    marks = [
        (row["source_id"], mark_of(key))
        for row in rows
        for key in keys_of(packed_texts.texts_in(connection, row))
    ]
    connection.executemany("DELETE FROM identities WHERE source_id = ? AND mark = ?", marks)
    return marks
