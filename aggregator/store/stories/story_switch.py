"""Whether any feed takes together what tells the same: where none does, nothing of it is done.

What compares texts is loaded when the first one is to be compared.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from aggregator.model.configured import MAX_DEDUPE_WINDOW
from aggregator.model.instants import MICROSECOND
from aggregator.runtime.late_modules import LateModule

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aggregator.model import Feed, FinishedPoll, Source
    from aggregator.store.rows.slices import Write
    from aggregator.store.stories import joining, story_index
    from aggregator.store.stories.story_index import StoryIndex
    from aggregator.store.texts import compared_texts
    from aggregator.stories import tokens
else:
    compared_texts = LateModule("aggregator.store.texts.compared_texts")
    joining = LateModule("aggregator.store.stories.joining")
    story_index = LateModule("aggregator.store.stories.story_index")
    tokens = LateModule("aggregator.stories.tokens")

#: So many slices of a long work are done at once, so that a stop need not wait for it.
SLICES = 100


class StorySwitch:
    """Whether stories are told together in one database, and what is in memory for that.

    Used in the writer's thread; `is_on` and `waiting` may be asked from any. `waiting` are entries
    of polls that wait to be compared, in the next transactions: it is lost with the process, and
    they are found in the background. Other processes write to a database that `is_shared`. `clock`
    tells seconds that only go on.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, is_shared: bool = False
    ) -> None:
        self.is_on = False
        self.is_shared = is_shared
        self.waiting: tuple[int, ...] = ()
        self._clock = clock
        self._index: StoryIndex | None = None

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read it anew, as a configuration may have changed it."""
        (found,) = connection.execute("SELECT is_on FROM story_index").fetchone()
        self.is_on = bool(found)
        if not self.is_on:
            self._index = None
            self.waiting = ()

    def read_arrivals(self, poll: FinishedPoll) -> None:
        """Read what a poll brought, in the thread that made it, before the writer is asked."""
        if self.is_on:
            compared_texts.read_arrivals(poll)

    def read_waiting(self, connection: sqlite3.Connection) -> None:
        """Do the same for those that `join_waiting` takes next."""
        compared_texts.read_stored(connection, self.waiting)

    def read_stored(self, connection: sqlite3.Connection) -> None:
        """Do the same for those that `join_stored` takes next."""
        if self.is_on:
            compared_texts.read_stored(connection, joining.stored_next(connection))

    def join_arrivals(
        self, connection: sqlite3.Connection, source: Source, entry_ids: Sequence[int], now: int
    ) -> tuple[int, ...]:
        """Let new entries join the stories that they tell, as `joining` has it.

        Return those that are not compared yet, here or before.
        """
        if not (self.is_on and entry_ids):
            return self.waiting
        left, later = joining.join_arrivals(connection, self._used(), source, entry_ids, now)
        self.waiting += tuple(left)
        return (*self.waiting, *later)

    def join_waiting(self, connection: sqlite3.Connection, now: int) -> None:
        """Do the same for some of those that wait."""
        if self.waiting:
            left = joining.join_waiting(connection, self._used(), self.waiting, now)
            self.waiting = tuple(left)

    def join_stored(self, connection: sqlite3.Connection, now: int) -> bool:
        """Do the same for some that were stored before; tell whether there may be more."""
        return self.is_on and joining.join_stored(connection, self._used(), now)

    def writes(self) -> Iterator[Callable[[sqlite3.Connection], None]]:
        """Yield what writes down what is in memory, a transaction each, done before the next."""
        if self._index is not None or (self.is_shared and self.is_on):
            yield from self._used().writes()

    def _used(self) -> StoryIndex:
        if self._index is None:
            self._index = story_index.StoryIndex(self._clock, is_shared=self.is_shared)
        return self._index


#: For a database that no feed asks for stories.
OFF = StorySwitch()


def tell_in_slices(
    read: Callable[[Callable[[sqlite3.Connection], None]], None],
    write: Write,
    stories: StorySwitch,
    now: int,
) -> bool:
    """Look for stories in some of what is stored; tell whether there is more of it.

    `read` calls a function with a connection that reads.
    """
    for _ in range(SLICES):
        read(stories.read_stored)
        if not (stories.is_on and write(partial(stories.join_stored, now=now))):
            break
    else:
        return True
    for job in stories.writes():
        write(job)
    return False


def configure(connection: sqlite3.Connection, feeds: Iterable[Feed], now: int) -> None:
    """Let stories be told together from now on, or not any more, as the feeds want it.

    What came within the longest window is looked at then in the background; so it is where tokens
    are made in another way than before.
    """
    row = connection.execute("SELECT is_on, scheme FROM story_index").fetchone()
    if not any(feed.dedupe == "story" for feed in feeds):
        if row["is_on"]:
            connection.execute("UPDATE story_index SET is_on = 0, looked_up_to_id = NULL")
        return
    scheme = tokens.SCHEME
    if row["is_on"] and row["scheme"] == scheme:
        return
    first = connection.execute(
        "SELECT id FROM entries WHERE first_seen_at >= ? ORDER BY first_seen_at, id LIMIT 1",
        (now - MAX_DEDUPE_WINDOW // MICROSECOND,),
    ).fetchone()
    if row["scheme"] != scheme:
        for statement in ("DELETE FROM frequencies", "DELETE FROM uncounted"):
            connection.execute(statement)
        connection.execute("UPDATE story_index SET counted = 0, counted_from_at = ?", (now,))
    connection.execute(
        "UPDATE story_index SET is_on = 1, scheme = ?, looked_up_to_id = ?",
        (scheme, None if first is None else first["id"] - 1),
    )


def forget_old(connection: sqlite3.Connection, now: int) -> bool:
    """Let some stories not be found that are too old, or any where no feed asks for them.

    Return whether more may be.
    """
    row = connection.execute(
        "SELECT is_on, (SELECT min(at) FROM signatures) AS oldest_at FROM story_index"
    ).fetchone()
    before = now - MAX_DEDUPE_WINDOW // MICROSECOND
    if row["oldest_at"] is None or (row["is_on"] and row["oldest_at"] >= before):
        return False
    return story_index.forget_old(connection, before if row["is_on"] else None)


def forget_story(connection: sqlite3.Connection, story_id: int) -> None:
    """Let a story not be found any more."""
    found = connection.execute("SELECT 1 FROM signatures WHERE story_id = ?", (story_id,))
    if found.fetchone() is not None:
        story_index.forget_stories(connection, [story_id])
