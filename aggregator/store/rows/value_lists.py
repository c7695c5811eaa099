"""Statements that ask about a list of values, in pieces that fit what a statement may hold."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

#: SQLite's bound on the variables of one statement is at least this (sqlite.org/limits.html).
MOST_VALUES = 900

#: So many values does a statement have, the last of them repeated: a connection keeps a few
#: statements prepared, where it would prepare one for each number of values.
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, MOST_VALUES)
_MARKS = {size: ",".join("?" * size) for size in _SIZES}


def rows_of(
    connection: sqlite3.Connection,
    statement: str,
    values: Sequence[object],
    *before: object,
    at_once: int = MOST_VALUES,
) -> Iterator[sqlite3.Row]:
    """Yield what a statement finds for all `values`, which take the place of its `{marks}`.

    `before` are the values of the marks that come before those. At most `at_once` are asked about
    in one statement, whose rows are in memory together.
    """
    for start in range(0, len(values), at_once):
        chunk = values[start : start + at_once]
        size = _SIZES[bisect_left(_SIZES, len(chunk))]
        asked = (*before, *chunk, *[chunk[-1]] * (size - len(chunk)))
        yield from connection.execute(statement.format(marks=_MARKS[size]), asked).fetchall()
