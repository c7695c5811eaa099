"""Who is named below what a feed tells: in its window, when that leaves, when the feed changes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model import Sameness
from aggregator.model.instants import instant
from aggregator.runtime.values import dataclass
from aggregator.store.feeds import archive
from aggregator.store.feeds.window_candidates import candidates, reports
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.stories import tie_rows
from aggregator.stories.tellings import MOST_NAMED, groups_of, named_away, tellings
from aggregator.stories.windows import one_of_each

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from aggregator.model import Feed
    from aggregator.stories.ties import Tie
    from aggregator.stories.windows import Candidate


@dataclass(frozen=True, slots=True)
class Member:
    """One such entry, and why it is one."""

    source_id: int
    title: str
    url: str | None
    published_at: datetime
    because: Sameness


def of_leads(
    connection: sqlite3.Connection, feed: Feed, feed_row: sqlite3.Row, leads: list[sqlite3.Row]
) -> dict[int, tuple[Member, ...]]:
    """Return the members of what some entries of a feed tell, by the ids of those entries.

    In the order of their dates, at most `MOST_NAMED` of the earliest.
    """
    if feed.dedupe == "story":
        story_ids = {row["story_id"] for row in leads}
    else:
        story_ids = {row["story_id"] for row in leads if row["copies"] > 1}
    wanted = {row["id"] for row in leads}
    found, ties = _reports(connection, feed, feed_row, story_ids)
    return as_members(connection, _named(found, feed, ties, feed_row["floor"], wanted))


def retell(
    connection: sqlite3.Connection,
    feed_row: sqlite3.Row,
    feed: Feed,
    leads: Mapping[int, int],
    now: int,
) -> None:
    """Note who is named below entries that leave a feed's window now; `leads` are with stories.

    And who would be, if its source had not left the feed: it may come back.
    """
    found, ties = _reports(connection, feed, feed_row, set(leads.values()))
    named = _named(found, feed, ties, feed_row["floor"], leads.keys())
    below: dict[int, tuple[int, ...]] = {lead: tuple(others) for lead, others in named.items()}
    for lead, others in _away(found, feed, ties, leads.keys()).items():
        noted = archive.named_below(connection, feed_row["id"], others)
        below[lead] = (*below.get(lead, ()), *(one for one in others if one not in noted))
    below = {lead: others for lead, others in below.items() if others}
    archive.retell(connection, feed_row["id"], below, now, again=feed.shows_also)


def named_in(connection: sqlite3.Connection, feed_row: sqlite3.Row, feed: Feed) -> frozenset[int]:
    """Return the entries that a feed names below others in its window.

    With those that it would name there, if their sources had not left it.
    """
    rows = connection.execute(
        """SELECT s.entry_id, e.story_id FROM shown s JOIN entries e ON e.id = s.entry_id
            WHERE s.feed_id = ?""",
        (feed_row["id"],),
    )
    leads = dict(map(tuple, rows))
    found, ties = _reports(connection, feed, feed_row, set(leads.values()))
    named = _named(found, feed, ties, feed_row["floor"], leads.keys())
    away = _away(found, feed, ties, leads.keys())
    return frozenset(one for below in (*named.values(), *away.values()) for one in below)


def unnamed(
    connection: sqlite3.Connection,
    feed_row: sqlite3.Row,
    feed: Feed,
    named: AbstractSet[int],
) -> frozenset[int]:
    """Return which entries that were `named` are told by nothing now that a feed is another one.

    An entry of each article.
    """
    feed_id = feed_row["id"]
    kept = archive.named_below(connection, feed_id, sorted(named))
    kept |= named_in(connection, feed_row, feed)
    lost = named - kept
    story_ids = {
        story_id
        for (story_id,) in rows_of(
            connection, "SELECT story_id FROM entries WHERE id IN ({marks})", sorted(lost)
        )
    }
    articles: dict[int, list[Candidate]] = defaultdict(list)
    for one in candidates(connection, feed_id, story_ids):
        articles[one.article_id].append(one)
    return frozenset(
        one_of_each(
            one
            for copies in articles.values()
            if all(one.place is None and one.entry_id not in kept for one in copies)
            for one in copies
            if one.entry_id in lost
        )
    )


def _reports(
    connection: sqlite3.Connection, feed: Feed, feed_row: sqlite3.Row, story_ids: set[int]
) -> tuple[list[Candidate], list[Tie]]:
    """Return all entries that tell the same as others of some stories, and their ties."""
    if feed.dedupe == "story":
        found = reports(connection, feed_row["id"], _told_more_often(connection, story_ids))
    else:
        found = candidates(connection, feed_row["id"], story_ids)
    return found, tie_rows.asked_for(connection, feed, found)


def _named(
    found: Sequence[Candidate],
    feed: Feed,
    ties: Iterable[Tie],
    floor: int,
    wanted: AbstractSet[int],
) -> dict[int, dict[int, Sameness]]:
    """Return who is named below the `wanted` of some entries, and why."""
    because: dict[int, dict[int, Sameness]] = {}
    for told in tellings(found, feed, ties, floor=floor, now_us=0):
        below = told.below()
        for lead in (*told.shown, *told.shown_before):
            if lead.entry_id in wanted:
                because[lead.entry_id] = {
                    one.entry_id: Sameness.EXACT
                    if one.article_id == lead.article_id
                    else Sameness.JOINED
                    for one in below[lead.entry_id]
                }
    return because


def _away(
    found: Sequence[Candidate], feed: Feed, ties: Iterable[Tie], wanted: AbstractSet[int]
) -> dict[int, list[int]]:
    """Return what was named and is away, below the first of the `wanted` that tell the same."""
    groups = groups_of(feed, found, ties)
    first: dict[int, int] = {}
    for one in sorted(found, key=lambda one: one.order_key):
        if one.entry_id in wanted:
            first.setdefault(groups.of(one.article_id), one.entry_id)
    below: dict[int, list[int]] = defaultdict(list)
    for one in named_away(found):
        if (lead := first.get(groups.of(one.article_id))) is not None:
            below[lead].append(one.entry_id)
    return below


def as_members(
    connection: sqlite3.Connection, because: Mapping[int, Mapping[int, Sameness]]
) -> dict[int, tuple[Member, ...]]:
    """Return entries that are named below others as these name them, the earliest of them first."""
    rows = {
        row["id"]: row
        for row in rows_of(
            connection,
            """SELECT id, source_id, title, url, published_at, order_key FROM entries
                WHERE id IN ({marks})""",
            sorted({entry_id for members in because.values() for entry_id in members}),
        )
    }
    return {
        lead_id: tuple(
            Member(
                row["source_id"],
                row["title"],
                row["url"],
                instant(row["published_at"]),
                members[row["id"]],
            )
            for row in sorted(
                (rows[entry_id] for entry_id in members),
                key=lambda row: (row["published_at"], row["order_key"]),
            )[:MOST_NAMED]
        )
        for lead_id, members in because.items()
    }


def _told_more_often(connection: sqlite3.Connection, story_ids: set[int]) -> set[int]:
    """Return which of some stories others are told together with."""
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """SELECT s.id FROM json_each(?) asked
            CROSS JOIN stories s ON s.id = asked.value
            CROSS JOIN stories a ON a.id = coalesce(s.original_id, s.id)
            WHERE a.joined_id IS NOT NULL
               OR EXISTS (SELECT 1 FROM stories j WHERE j.joined_id = a.id)
               OR EXISTS (SELECT 1 FROM stories c WHERE c.original_id = a.id)
               OR (SELECT count(*) FROM entries e WHERE e.story_id = s.id) > 1""",
        (dumps(sorted(story_ids)),),
    )
    return {story_id for (story_id,) in rows}
