"""Which entries a part of a feed's archive tells, and who is named below them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model import Sameness
from aggregator.store.feeds import archive
from aggregator.store.feeds.window_candidates import candidates
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.archived import Told, is_archived, told_at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from aggregator.model import ArchivePart
    from aggregator.stories.windows import Candidate

#: Beside each entry that a part tells, newest first, those that are named below it.
Below = dict[int, dict[int, Sameness]]


def told_in(connection: sqlite3.Connection, feed_id: int, part: ArchivePart) -> Below:
    """Return what is told at the places of a part, newest first, once each.

    An entry names others at its last place alone, and not before it has left the window: what a
    document says of it once it is whole stays so.
    """
    places = _places(connection, feed_id, part)
    closed = _closed(connection, feed_id, places)
    named: dict[int, list[int]] = defaultdict(list)
    for lead, one in rows_of(
        connection,
        "SELECT lead_id, entry_id FROM named_below WHERE feed_id = ? AND lead_id IN ({marks})",
        sorted(closed),
        feed_id,
    ):
        named[lead].append(one)
    every = _candidates(
        connection, feed_id, {*places, *(one for all_ in named.values() for one in all_)}
    )
    by_story: dict[int, list[Candidate]] = defaultdict(list)
    for one in every.values():
        by_story[one.story_id].append(one)
    found: Below = {}
    for entry_id in sorted(places, key=places.__getitem__, reverse=True):
        entry = every[entry_id]
        told = Told(entry_id) if is_archived(entry) else None
        if entry_id in closed:
            below = named.get(entry_id, ())
            stories = {entry.story_id, *(every[one].story_id for one in below)}
            told = told_at(entry, below, (one for story in stories for one in by_story[story]))
        if told is not None:
            found.setdefault(told.entry_id, _why(every, told))
    return found


def _places(
    connection: sqlite3.Connection, feed_id: int, part: ArchivePart
) -> dict[int, tuple[int, int]]:
    """Return the entries that stand in a part, each with its last place there."""
    found: dict[int, tuple[int, int]] = {}
    for entry_id, month, number in connection.execute(
        """SELECT entry_id, month, number FROM archive
            WHERE feed_id = :feed AND month = :month AND number BETWEEN :first AND :last
            UNION ALL
           SELECT entry_id, month, number FROM retold
            WHERE feed_id = :feed AND month = :month AND number BETWEEN :first AND :last""",
        {"feed": feed_id} | archive.bounds(part),
    ):
        found[entry_id] = max(found.get(entry_id, (0, 0)), (month, number))
    return found


def _closed(
    connection: sqlite3.Connection,
    feed_id: int,
    places: Mapping[int, tuple[int, int]],
) -> set[int]:
    """Return the entries that have left the window and have no later place than in this part."""
    asked = sorted(places)
    elsewhere = {
        entry_id
        for entry_id, month, number in rows_of(
            connection,
            """SELECT entry_id, month, number FROM retold
                WHERE feed_id = ? AND entry_id IN ({marks})""",
            asked,
            feed_id,
        )
        if (month, number) > places[entry_id]
    }
    shown = rows_of(
        connection,
        "SELECT entry_id FROM shown WHERE feed_id = ? AND entry_id IN ({marks})",
        asked,
        feed_id,
    )
    return set(asked) - elsewhere - {entry_id for (entry_id,) in shown}


def _candidates(
    connection: sqlite3.Connection, feed_id: int, entry_ids: Iterable[int]
) -> dict[int, Candidate]:
    """Return all entries of the stories of some entries, by their ids."""
    stories = rows_of(
        connection, "SELECT story_id FROM entries WHERE id IN ({marks})", sorted(entry_ids)
    )
    story_ids = {story_id for (story_id,) in stories}
    return {one.entry_id: one for one in candidates(connection, feed_id, story_ids)}


def _why(every: Mapping[int, Candidate], told: Told) -> dict[int, Sameness]:
    article_id = every[told.entry_id].article_id
    return {
        one: Sameness.EXACT if every[one].article_id == article_id else Sameness.JOINED
        for one in told.named
    }
