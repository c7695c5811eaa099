"""The texts of entries as they are stored: all of one entry in one frame, packed.

No statement asks for what is in them. A frame is a line with the number of bytes of each field,
then the fields one after another, in UTF-8; `text_dictionaries` has by what it is packed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts import text_dictionaries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from aggregator.store.rows.slices import Write

#: What is packed, in this order: fields are only ever added at the end.
FIELDS = (
    "guid", "keys", "summary", "categories", "enclosures", "particulars", "provenance",
    "content_html", "raw",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(FIELDS)}

#: What a statement that joins the table `texts` asks for, so that a row can be read.
COLUMNS = "t.dictionary_id, t.packed, t.entry_id AS text_of"

#: Texts that are packed anew in one transaction.
TOGETHER = 50


class Texts:
    """The texts of one entry by the names of `FIELDS`: each is decoded when it is asked for."""

    __slots__ = ("_data", "_spans")

    def __init__(self, data: bytes) -> None:
        head, _, _ = data.partition(b"\n")
        begin = len(head) + 1
        self._data = data
        self._spans: list[slice | None] = []
        for size in head.split(b","):
            self._spans.append(slice(begin, begin + int(size)) if size else None)
            begin += int(size or 0)

    def __getitem__(self, name: str) -> str:
        return self.get(name) or ""

    def get(self, name: str) -> str | None:
        """Return a text that not every entry has."""
        place = _PLACES[name]
        span = self._spans[place] if place < len(self._spans) else None
        return None if span is None else self._data[span].decode()

    def is_whole(self) -> bool:
        """Tell whether all of it can be read; raises `ValueError` where a text is not UTF-8."""
        self.all()
        begin = self._data.find(b"\n") + 1
        end = max((span.stop for span in self._spans if span is not None), default=begin)
        return 0 < begin <= end == len(self._data)

    def all(self) -> dict[str, str | None]:
        """Return every text by its name."""
        return {name: self.get(name) for name in FIELDS}


def frame(texts: Mapping[str, str | None]) -> bytes:
    """Return the frame of an entry's texts."""
    fields = [None if (text := texts[name]) is None else text.encode() for name in FIELDS]
    head = ",".join("" if field is None else str(len(field)) for field in fields)
    return b"".join((head.encode(), b"\n", *(field or b"" for field in fields)))


def texts_in(connection: sqlite3.Connection, row: sqlite3.Row) -> Texts:
    """Return the texts in a row that has the `COLUMNS`."""
    return Texts(text_dictionaries.unpacked(connection, row))


def texts_of(connection: sqlite3.Connection, entry_ids: Sequence[int]) -> dict[int, Texts]:
    """Return the texts of some entries."""
    rows = rows_of(
        connection,
        "SELECT entry_id, dictionary_id, packed FROM texts WHERE entry_id IN ({marks})",
        entry_ids,
    )
    return {row["entry_id"]: texts_in(connection, row) for row in rows}


def put(
    connection: sqlite3.Connection, frames: Mapping[int, bytes], *, is_thorough: bool = False
) -> None:
    """Store the frames of some entries, each in the place of the one that it had."""
    if not frames:
        return
    dictionary_id, codec = text_dictionaries.current(connection)
    packed = codec.pack(frames.values(), is_thorough=is_thorough)
    connection.executemany(
        """INSERT INTO texts (entry_id, dictionary_id, packed) VALUES (?, ?, ?)
           ON CONFLICT (entry_id) DO UPDATE
              SET dictionary_id = excluded.dictionary_id, packed = excluded.packed""",
        [(entry_id, dictionary_id, one) for entry_id, one in zip(frames, packed, strict=True)],
    )


def repack(connection: sqlite3.Connection, after: int, *, is_thorough: bool = False) -> int | None:
    """Pack the texts of some entries after an id anew, with the dictionary of today.

    Return the id to go on after, `None` where there is nothing more.
    """
    rows = connection.execute(
        """SELECT entry_id, dictionary_id, packed FROM texts WHERE entry_id > ?
            ORDER BY entry_id LIMIT ?""",
        (after, TOGETHER),
    ).fetchall()
    frames = {row["entry_id"]: text_dictionaries.unpacked(connection, row) for row in rows}
    if rows:
        # Rows that become smaller in their place leave pages half empty.
        connection.execute(
            "DELETE FROM texts WHERE entry_id > ? AND entry_id <= ?", (after, rows[-1]["entry_id"])
        )
    put(connection, frames, is_thorough=is_thorough)
    return rows[-1]["entry_id"] if len(rows) == TOGETHER else None


def learn(connection: sqlite3.Connection, write: Write) -> None:
    """Train a dictionary where there is much more to learn from; what it takes is no transaction.

    What was packed without any is packed anew.
    """
    entry_ids = text_dictionaries.due(connection)
    if entry_ids is None:
        return
    is_first = not text_dictionaries.learnt_from(connection)
    lesson = text_dictionaries.learn(connection, entry_ids)
    write(partial(text_dictionaries.follow, lesson=lesson))
    after: int | None = 0 if is_first else None
    while after is not None:
        after = write(partial(repack, after=after))


def repack_best(connection: sqlite3.Connection) -> None:
    """Pack all texts anew, by one dictionary that is trained on them, however long that takes."""
    entry_ids = text_dictionaries.stored_ids(connection)
    if len(entry_ids) >= text_dictionaries.FIRST_TRAINING:
        lesson = text_dictionaries.learn(connection, entry_ids)
        text_dictionaries.follow_alone(connection, lesson)
    after: int | None = 0
    while after is not None:
        after = repack(connection, after, is_thorough=True)
    text_dictionaries.forget_unused(connection)
