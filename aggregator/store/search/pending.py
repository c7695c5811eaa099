"""What of a database is to be indexed: entries that are new or were edited, and their words.

The archives of feeds tell which those are: their change keys only grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aggregator.runtime.values import dataclass
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts.entry_texts import visible_in
from aggregator.store.texts.packed_texts import COLUMNS, texts_in
from aggregator.stories.searched_texts import MOST_HTML, indexed_text
from aggregator.web.search_words import tokens_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

#: Entries that are looked at together: some 10 ms of texts.
TOGETHER = 10

#: An entry, and which of its versions: its content's hash, and when it was edited.
Version = tuple[int, bytes, int]


@dataclass(frozen=True, slots=True)
class Worded:
    """A version of an entry with the tokens of its title and of its text."""

    version: Version
    title: str
    text: str


class Index(Protocol):
    """What keeps words, and remembers how far it came."""

    def change_key(self, feed_id: int) -> int:
        """Return up to which change a feed's archive was looked at, 0 for not at all."""

    def versions(self, entry_ids: Sequence[int]) -> set[Version]:
        """Return the versions that it has of some entries."""

    def add(self, entries: Sequence[Worded]) -> None:
        """Take new versions, each in the place of the one that there was."""

    def looked_at(self, feed_id: int, change_key: int) -> None:
        """Remember up to which change a feed's archive was looked at."""


def index_some(index: Index, stored: sqlite3.Connection, waiting: list[int]) -> bool:
    """Index a few entries of the feeds that wait; tell whether there was anything to do.

    A feed of which nothing is left waits no more.
    """
    while waiting:
        rows = stored.execute(
            """SELECT entry_id, change_key FROM archive WHERE feed_id = ? AND change_key > ?
                ORDER BY change_key LIMIT ?""",
            (waiting[0], index.change_key(waiting[0]), TOGETHER),
        ).fetchall()
        if rows:
            index_entries(index, stored, list(dict.fromkeys(row["entry_id"] for row in rows)))
            index.looked_at(waiting[0], rows[-1]["change_key"])
            return True
        del waiting[0]
    return False


def index_entries(index: Index, stored: sqlite3.Connection, entry_ids: Sequence[int]) -> None:
    """Index some entries as they are, unless the index has them so."""
    index.add(list(_worded(stored, entry_ids, index.versions(entry_ids))))


def _worded(
    stored: sqlite3.Connection, entry_ids: Sequence[int], known: set[Version]
) -> Iterator[Worded]:
    rows = rows_of(
        stored,
        f"""SELECT e.id, e.title, e.content_hash, e.changed_at, {COLUMNS}
              FROM entries e JOIN texts t ON t.entry_id = e.id
             WHERE e.id IN ({{marks}}) ORDER BY e.id""",  # noqa: S608 -- built of constants
        entry_ids,
    )
    for row in rows:
        version = (row["id"], row["content_hash"], row["changed_at"])
        if version in known:
            continue
        texts = texts_in(stored, row)
        text = indexed_text(visible_in(texts, MOST_HTML), texts["summary"])
        yield Worded(version, tokens_of(row["title"]), tokens_of(text))
