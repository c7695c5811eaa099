"""What feeds tell together: which entry they show of it, and which others that one stands for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model import PlacementReason, Sameness
from aggregator.model.instants import instant
from aggregator.runtime.values import dataclass
from aggregator.store import archive, held_stories, tie_rows
from aggregator.store.codec import dumps
from aggregator.store.value_lists import rows_of
from aggregator.store.window_candidates import candidates, reports
from aggregator.stories.tellings import MOST_NAMED, sure_ties, tellings
from aggregator.stories.ties import Groups
from aggregator.stories.windows import Verdict, refusal, verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from aggregator.model import Feed
    from aggregator.stories.tellings import ToldTogether
    from aggregator.stories.ties import Tie
    from aggregator.stories.windows import Candidate


@dataclass(frozen=True, slots=True)
class Named:
    """Entries of articles that are named below others for the first time; these are `leads`.

    `waited`: all of them have been kept back until now.
    """

    leads: tuple[int, ...]
    entry_ids: tuple[int, ...]
    waited: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """All entries of what is told together with some stories, and those of them that are shown.

    `missed` have waited while the window moved past them, or past what told the same: it has had
    them. `named` are those that are named from now on, `waited` those of the shown and the missed
    that were kept back until now.
    `named_before`: below what was shown before, the others, where nothing is shown any more.
    """

    every: list[Candidate]
    shown: list[Candidate]
    missed: tuple[int, ...]
    named: tuple[Named, ...]
    waited: frozenset[int]
    named_before: dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Member:
    """One such entry, and why it is one."""

    source_id: int
    title: str
    url: str | None
    published_at: datetime
    because: Sameness


def ask(
    connection: sqlite3.Connection,
    feed_row: sqlite3.Row,
    feed: Feed,
    story_ids: set[int],
    *,
    now: int,
    waiting: AbstractSet[int],
) -> Asked:
    """Return who tells something together with some stories, and what the feed makes of it.

    What waits for the end of the feed's `hold`, or to be compared
    (`waiting`), is noted, and so is who is named.
    """
    feed_id = feed_row["id"]
    found = reports(connection, feed_id, story_ids)
    ties = _ties(connection, feed, found)
    told = tellings(found, feed, ties, floor=feed_row["floor"], now_us=now, waiting=waiting)
    waited = held_stories.note(
        connection,
        feed_id,
        {one.story_id for one in found} | story_ids,
        {
            member.story_id: one.held_until_us
            for one in told
            if one.held_until_us is not None
            for member in one.members
        },
    )
    held_stories.name(
        connection,
        feed_id,
        {one.story_id for each in told if each.shown for one in each.members if not one.was_named},
    )
    came = [one for one in told if not waited.isdisjoint(every.story_id for every in _all(one))]
    missed = tuple(entry_id for one in came for entry_id in _one_of_each(_missed(one, waited)))
    return Asked(
        every=found,
        shown=[one for telling in told for one in telling.shown],
        missed=missed,
        named=tuple(filter(None, (_named_now(one, waited=one in came) for one in told))),
        waited=frozenset((*missed, *(one.entry_id for each in came for one in each.shown))),
        named_before=_named_before(feed, found, ties, told),
    )


def _ties(connection: sqlite3.Connection, feed: Feed, found: Iterable[Candidate]) -> list[Tie]:
    """Return the ties of what was found, where the feed asks for them."""
    root_ids = {one.joined_id for one in found if one.joined_id is not None}
    if not root_ids or feed.dedupe_strictness == "wide":
        return []
    return tie_rows.among(connection, root_ids)


def _named_before(
    feed: Feed, found: Sequence[Candidate], ties: Iterable[Tie], told: Iterable[ToldTogether]
) -> dict[int, tuple[int, ...]]:
    """Return what was named before and is neither shown nor named, below what was shown of it."""
    joined = {one.article_id: one.joined_id for one in found}
    groups = Groups(sure_ties(feed, joined, ties))
    unnamed: dict[int, list[int]] = defaultdict(list)
    for each in told:
        if not each.shown and each.held_until_us is None:
            for one in each.members:
                if one.was_named:
                    unnamed[groups.of(one.article_id)].append(one.entry_id)
    return {
        one.entry_id: tuple(unnamed[group])
        for one in found
        if one.place is not None and (group := groups.of(one.article_id)) in unnamed
    }


def _all(told: ToldTogether) -> Iterator[Candidate]:
    yield from told.shown
    yield from told.members


def _missed(told: ToldTogether, waited: AbstractSet[int]) -> Iterator[Candidate]:
    """Yield what is neither shown nor named below anything, though it has waited for that.

    Where others told the same before and have left, they name nobody that came later.
    """
    if told.shown or told.held_until_us is not None:
        return
    articles = {one.article_id for one in told.shown_before}
    for one in told.members:
        if not told.was_told or (
            one.story_id in waited and not one.was_named and one.article_id not in articles
        ):
            yield one


def released(
    connection: sqlite3.Connection, feed_id: int, story_ids: set[int], came: Sequence[int]
) -> tuple[int, ...]:
    """Return what was kept back of stories that waited, where a feed tells each article by itself.

    Of what it shows from now on (`came`), and of what its window has moved past, an entry of each
    article.
    """
    found = reports(connection, feed_id, story_ids)
    articles: dict[int, list[Candidate]] = defaultdict(list)
    for one in found:
        articles[one.article_id].append(one)
    told = {one.entry_id for one in found if one.place is not None or one.departed} | set(came)
    missed = _one_of_each(
        one
        for copies in articles.values()
        if told.isdisjoint(one.entry_id for one in copies)
        for one in copies
        if one.story_id in story_ids and not one.was_named and refusal(one) is None
    )
    return (*missed, *(_ids(found) & set(came)))


def _named_now(told: ToldTogether, *, waited: bool) -> Named | None:
    """Return who is named from now on of what is told together, one entry of each article."""
    articles = {one.article_id for one in told.shown}
    others = (one for one in told.members if one.article_id not in articles)
    fresh = _one_of_each(one for one in others if not one.was_named)
    if not (told.shown and fresh):
        return None
    return Named(tuple(one.entry_id for one in told.shown), fresh, waited)


def _one_of_each(members: Iterable[Candidate]) -> tuple[int, ...]:
    """Return an entry of each article that some entries tell."""
    found: dict[int, int] = {}
    for one in members:
        found.setdefault(one.article_id, one.entry_id)
    return tuple(found.values())


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
    return as_members(connection, _named(connection, feed, feed_row, story_ids, wanted))


def retell(
    connection: sqlite3.Connection,
    feed_row: sqlite3.Row,
    feed: Feed,
    leads: Mapping[int, int],
    now: int,
) -> None:
    """Note who is named below entries that leave a feed's window now; `leads` are with stories."""
    named = _named(connection, feed, feed_row, set(leads.values()), leads.keys())
    below = {lead: tuple(others) for lead, others in named.items() if others}
    archive.retell(connection, feed_row["id"], below, now, again=feed.shows_also)


def _named(
    connection: sqlite3.Connection,
    feed: Feed,
    feed_row: sqlite3.Row,
    story_ids: set[int],
    wanted: AbstractSet[int],
) -> dict[int, dict[int, Sameness]]:
    """Return who is named below the `wanted` entries of some stories, and why."""
    if feed.dedupe == "story":
        found = reports(connection, feed_row["id"], _told_more_often(connection, story_ids))
    else:
        found = candidates(connection, feed_row["id"], story_ids)
    ties = _ties(connection, feed, found)
    because: dict[int, dict[int, Sameness]] = {}
    for told in tellings(found, feed, ties, floor=feed_row["floor"], now_us=0):
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


def verdict_on(
    connection: sqlite3.Connection, feed: Feed, feed_row: sqlite3.Row, entry: sqlite3.Row
) -> Verdict:
    """Return why a feed that takes stories together shows an entry or does not."""
    found = reports(connection, feed_row["id"], {entry["story_id"]})
    own = [one for one in found if one.article_id == (entry["original_id"] or entry["story_id"])]
    alone = verdict(entry["id"], own, floor=feed_row["floor"], once=True)
    ties = _ties(connection, feed, found)
    for telling in tellings(found, feed, ties, floor=feed_row["floor"], now_us=0):
        own_id = entry["id"]
        if own_id not in _ids(telling.members):
            continue
        if telling.held_until_us is not None:
            return Verdict(PlacementReason.WAITS)
        articles = {one.article_id for one in own}
        for reason, leads in (
            (PlacementReason.TOLD_BY_ANOTHER, telling.shown),
            (PlacementReason.WAS_TOLD, telling.shown_before),
        ):
            if leads and all(one.article_id not in articles for one in leads):
                below = telling.below()
                (lead,) = (one for one in leads if own_id in _ids(below[one.entry_id]))
                return Verdict(reason, _title(connection, lead.entry_id))
    return alone


def _ids(candidates: Iterable[Candidate]) -> set[int]:
    return {one.entry_id for one in candidates}


def _title(connection: sqlite3.Connection, entry_id: int) -> str:
    row = connection.execute("SELECT title FROM entries WHERE id = ?", (entry_id,)).fetchone()
    return str(row["title"])
