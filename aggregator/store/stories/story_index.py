"""Rows that find stories by what they say: signatures, postings, how often tokens were seen.

All of it is the writer's thread's. How often tokens were seen is in memory, and written as a whole
now and then: until then the tokens of each text are kept in a row.
"""

from __future__ import annotations

import time
from array import array
from collections import defaultdict
from functools import lru_cache, partial
from heapq import nlargest
from typing import TYPE_CHECKING

from aggregator.model.configured import MAX_DEDUPE_WINDOW
from aggregator.model.instants import MICROSECOND
from aggregator.runtime.values import dataclass
from aggregator.store.rows.codec import dumps
from aggregator.stories.centroids import Centroid, centroid_of, pack_centroid, unpack_centroid
from aggregator.stories.frequency_sketch import PIECES, FrequencySketch
from aggregator.stories.signatures import asked_tokens, pack, rare_tokens, unpack

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aggregator.stories.signatures import Frequencies, Signature

#: How far apart stories may have been published that are compared, in microseconds.
WINDOW_US = MAX_DEDUPE_WINDOW // MICROSECOND

#: A story is found by so many of its tokens, and looks for others by so many.
POSTED, ASKED = 16, 10
#: Of each token the newest stories are looked at, the rarest token first, at most so many of all
#: tokens; and compared are the likest.
NEWEST, LOOKED_AT, LIKEST = 200, 400, 25

#: Signatures of which one transaction forgets the rows.
_FORGOTTEN_AT_ONCE = 50
#: After so many texts the frequencies are written, 8 MB.
_WRITTEN_AFTER = 2000


#: The same texts are compared with again and again: a thousand of them take some 5 MB.
_unpacked = lru_cache(1024)(unpack)


@dataclass(frozen=True, slots=True)
class Found:
    """A story that shares rare tokens with an entry, its article, and what it is told within.

    `is_continued`: the latter is full, and another goes on with it.
    """

    story_id: int
    article_id: int
    root_id: int
    signature: Signature
    is_continued: bool


class StoryIndex:
    """How often tokens were seen lately, in memory: what one database knows of it.

    Where that `is_shared` other processes count, too: what they did is read each time. `clock`
    tells seconds that only go on.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, is_shared: bool = False
    ) -> None:
        self.clock = clock
        self._is_shared = is_shared
        self._sketch: FrequencySketch | None = None
        self._uncounted = 0
        self._up_to_id = 0

    def frequencies(
        self, connection: sqlite3.Connection, tokens: Iterable[int], now: int
    ) -> Frequencies:
        """Return how often some tokens were seen."""
        return self._read(connection, now).of(tokens, now)

    def count(self, connection: sqlite3.Connection, tokens: Sequence[int], now: int) -> None:
        """Count the tokens of a text."""
        self._read(connection, now).count(tokens, now)
        (self._up_to_id,) = connection.execute(
            "INSERT INTO uncounted (at, tokens) VALUES (?, ?) RETURNING id",
            (now, array("I", tokens).tobytes()),
        ).fetchone()
        self._uncounted += 1

    def writes(self) -> Iterator[Callable[[sqlite3.Connection], None]]:
        """Yield what writes the frequencies, a transaction each; nothing where few are new.

        Each is done before the next one is asked for. What is counted meanwhile, or where a crash
        comes between two of them, counts twice after the next start.
        """
        if self._is_shared:
            yield self._catch_up
        sketch, up_to_id = self._sketch, self._up_to_id
        if sketch is None or self._uncounted < _WRITTEN_AFTER:
            return
        self._uncounted = 0
        for number in range(PIECES):
            yield partial(_write_piece, number=number, cells=sketch.piece(number))
        yield partial(_end_writing, from_at=sketch.from_us, counted=sketch.total, up_to_id=up_to_id)

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        (oldest_at,) = connection.execute("SELECT min(at) FROM uncounted").fetchone()
        if oldest_at is not None:
            self._read(connection, oldest_at)

    def _read(self, connection: sqlite3.Connection, now: int) -> FrequencySketch:
        sketch = self._sketch
        if sketch is None:
            row = connection.execute("SELECT * FROM story_index").fetchone()
            sketch = FrequencySketch(row["counted_from_at"] or now, row["counted"])
            for piece, cells in connection.execute("SELECT piece, cells FROM frequencies"):
                sketch.restore(piece, cells)
        elif not self._is_shared:
            return sketch
        for number, at, tokens in connection.execute(
            "SELECT id, at, tokens FROM uncounted WHERE id > ? ORDER BY id", (self._up_to_id,)
        ):
            sketch.count(array("I", tokens), at)
            self._uncounted += 1
            self._up_to_id = number
        self._sketch = sketch
        return sketch


def _write_piece(connection: sqlite3.Connection, *, number: int, cells: bytes) -> None:
    connection.execute(
        """INSERT INTO frequencies (piece, cells) VALUES (?, ?)
           ON CONFLICT (piece) DO UPDATE SET cells = excluded.cells""",
        (number, cells),
    )


def _end_writing(
    connection: sqlite3.Connection, *, from_at: int, counted: float, up_to_id: int
) -> None:
    connection.execute("DELETE FROM uncounted WHERE id <= ?", (up_to_id,))
    connection.execute(
        "UPDATE story_index SET counted_from_at = ?, counted = ?", (from_at, counted)
    )


def add(
    connection: sqlite3.Connection, story_id: int, signature: Signature, *, attracts: bool
) -> None:
    """Remember what a story says, and where it `attracts` others let it be found."""
    posted = rare_tokens(signature, POSTED) if attracts else ()
    connection.execute(
        "INSERT INTO signatures (story_id, at, packed, posted) VALUES (?, ?, ?, ?)",
        (story_id, signature.at, pack(signature), array("I", posted).tobytes()),
    )
    connection.executemany(
        "INSERT INTO postings (token, at, story_id) VALUES (?, ?, ?)",
        [(token, signature.at, story_id) for token in posted],
    )


def keep_centroid(connection: sqlite3.Connection, story_id: int, centroid: Centroid) -> None:
    """Remember what a story and those that are joined to it have in common."""
    connection.execute(
        "UPDATE signatures SET centroid = ? WHERE story_id = ?",
        (pack_centroid(centroid), story_id),
    )


def alike(connection: sqlite3.Connection, signature: Signature, but: int) -> list[Found]:
    """Return the stories that share most of an entry's rare tokens, `but` its own."""
    sums: defaultdict[int, int] = defaultdict(int)
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: there may be hundreds of them
    whole = {**signature.title, **signature.lead}
    left = LOOKED_AT
    for token in sorted(asked_tokens(signature, ASKED), key=whole.__getitem__, reverse=True):
        weight = whole[token]
        posted = cursor.execute(
            """SELECT story_id FROM postings WHERE token = ? AND at BETWEEN ? AND ?
                ORDER BY at DESC, story_id DESC LIMIT ?""",
            (token, signature.at - WINDOW_US, signature.at + WINDOW_US, min(NEWEST, left)),
        ).fetchall()
        for (story_id,) in posted:
            sums[story_id] += weight
        left -= len(posted)
        if not left:
            break
    sums.pop(but, None)
    likest = [
        story_id for _, story_id in nlargest(LIKEST, zip(sums.values(), sums.keys(), strict=True))
    ]
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = cursor.execute(
        """SELECT g.story_id, a.id, r.id, g.packed, r.continued_id IS NOT NULL
             FROM json_each(?) asked
             CROSS JOIN signatures g ON g.story_id = asked.value
             CROSS JOIN stories s ON s.id = g.story_id
             CROSS JOIN stories a ON a.id = coalesce(s.original_id, s.id)
             CROSS JOIN stories r ON r.id = coalesce(a.joined_id, a.id)""",
        (dumps(likest),),
    )
    return [
        Found(story_id, article_id, root_id, signed, bool(is_continued))
        for story_id, article_id, root_id, packed, is_continued in rows
        if (signed := _unpacked(packed)) is not None
    ]


def centroid(row: sqlite3.Row) -> Centroid | None:
    """Return the centroid of a story by its row of `signatures`; `None`: by another scheme."""
    if row["centroid"] is not None:
        return unpack_centroid(row["centroid"])
    own = _unpacked(row["packed"])
    return None if own is None else centroid_of(own)


def forget_stories(connection: sqlite3.Connection, story_ids: Sequence[int]) -> int:
    """Let stories not be found any more; return how many could be."""
    # sqlite: a list of values is one parameter, as JSON
    rows = connection.execute(
        """DELETE FROM signatures WHERE story_id IN (SELECT value FROM json_each(?))
           RETURNING story_id, at, posted""",
        (dumps(list(story_ids)),),
    ).fetchall()
    connection.executemany(
        "DELETE FROM postings WHERE token = ? AND at = ? AND story_id = ?",
        [
            (token, row["at"], row["story_id"])
            for row in rows
            for token in array("I", row["posted"])
        ],
    )
    return len(rows)


#: After all that is published.
_NEVER = 2**63 - 1


def forget_old(connection: sqlite3.Connection, before: int | None) -> bool:
    """Let some stories not be found that were published before then, `None` for any.

    Return whether more may be.
    """
    rows = connection.execute(
        "SELECT story_id FROM signatures WHERE at < ? ORDER BY at LIMIT ?",
        (_NEVER if before is None else before, _FORGOTTEN_AT_ONCE),
    ).fetchall()
    forget_stories(connection, [story_id for (story_id,) in rows])
    return len(rows) == _FORGOTTEN_AT_ONCE
