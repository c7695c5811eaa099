"""What the index in a file ranks: its tables of words, each with FTS5's own bm25."""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from aggregator.store.engines.sqlite_errors import primary_code
from aggregator.store.search import search_file
from aggregator.store.search.finds import OF_ONE_PART, SECONDS, Finds
from aggregator.stories.search_scores import TEXT, TITLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.store.search.finds import Ranked
    from aggregator.web.search_words import SearchQuery

#: A statement ends after so many steps of SQLite's machine, some 0.1 s.
_STEPS = 2_000_000


def ranked(index: sqlite3.Connection, query: SearchQuery, *, clock: Callable[[], float]) -> Ranked:
    """Return the ids of entries, the best first, and whether all tables of words were asked."""
    if not query.phrases:
        return [], True
    finds, until = Finds(), clock() + SECONDS
    index.set_progress_handler(lambda: 1, _STEPS)
    for number in reversed(search_file.tables(index)):
        if clock() > until or finds.are_enough:
            finds.leave()
            break
        try:
            rows = index.execute(
                f"""SELECT bm25(words_{number}, {TITLE}, {TEXT}) AS score, x.entry_id
                      FROM words_{number} w JOIN indexed x ON x.text_id = w.rowid
                     WHERE words_{number} MATCH ? ORDER BY score LIMIT ?""",  # noqa: S608 -- numbers of ours
                (query.in_fts, OF_ONE_PART),
            ).fetchall()
        except sqlite3.OperationalError as error:
            if primary_code(error) not in {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_ERROR}:
                raise
            finds.leave()  # too many steps, or the table was dropped meanwhile
            continue
        finds.add([(-row["score"], row["entry_id"]) for row in rows])
    return finds.ranked()
