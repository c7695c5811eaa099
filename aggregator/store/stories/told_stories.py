"""What feeds tell together: which entry they show of it, and which others that one stands for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model import PlacementReason
from aggregator.runtime.values import dataclass
from aggregator.store.feeds.window_candidates import reports
from aggregator.store.stories import held_stories, tie_rows
from aggregator.stories.tellings import groups_of, named_away, tellings
from aggregator.stories.windows import Verdict, is_away, one_of_each, refusal, verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

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
    ties = tie_rows.asked_for(connection, feed, found)
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
        _away_stories(found),
    )
    held_stories.name(
        connection,
        feed_id,
        {one.story_id for each in told if each.shown for one in each.members if not one.was_named},
    )
    came = [one for one in told if not waited.isdisjoint(every.story_id for every in _all(one))]
    missed = tuple(entry_id for one in came for entry_id in one_of_each(_missed(one, waited)))
    return Asked(
        every=found,
        shown=[one for telling in told for one in telling.shown],
        missed=missed,
        named=tuple(filter(None, (_named_now(one, waited=one in came) for one in told))),
        waited=frozenset((*missed, *(one.entry_id for each in came for one in each.shown))),
        named_before=_named_before(feed, found, ties, told),
    )


def _away_stories(found: Iterable[Candidate]) -> set[int]:
    """Return the stories that a feed admits by no entry while it does not select their sources."""
    stories: dict[int, list[Candidate]] = defaultdict(list)
    for one in found:
        stories[one.story_id].append(one)
    return {
        story_id
        for story_id, entries in stories.items()
        if any(map(is_away, entries)) and all(refusal(one) is not None for one in entries)
    }


def _named_before(
    feed: Feed, found: Sequence[Candidate], ties: Iterable[Tie], told: Iterable[ToldTogether]
) -> dict[int, tuple[int, ...]]:
    """Return what was named before and is neither shown nor named, below what was shown of it.

    With it what is not named because its source is away, where nothing is left that will be told
    with it.
    """
    groups = groups_of(feed, found, ties)
    unnamed: dict[int, list[int]] = defaultdict(list)
    is_told = set[int]()
    for each in told:
        if each.shown or each.held_until_us is not None:
            is_told |= {groups.of(one.article_id) for one in each.members}
            is_told |= {groups.of(one.article_id) for one in each.shown}
            continue
        for one in each.members:
            if one.was_named:
                unnamed[groups.of(one.article_id)].append(one.entry_id)
    for one in named_away(found):
        if (group := groups.of(one.article_id)) not in is_told:
            unnamed[group].append(one.entry_id)
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
    connection: sqlite3.Connection, feed_id: int, waiting: set[int], came: Sequence[int]
) -> tuple[int, ...]:
    """Return what was kept back of stories that wait, where a feed tells each article by itself.

    Of what it shows from now on (`came`), and of what its window has moved past, an entry of each
    article. Only what is away goes on waiting.
    """
    found = reports(connection, feed_id, waiting)
    held_stories.note(connection, feed_id, waiting, {}, _away_stories(found))
    articles: dict[int, list[Candidate]] = defaultdict(list)
    for one in found:
        articles[one.article_id].append(one)
    told = {one.entry_id for one in found if one.place is not None or one.departed} | set(came)
    missed = one_of_each(
        one
        for copies in articles.values()
        if told.isdisjoint(one.entry_id for one in copies)
        for one in copies
        if one.story_id in waiting and not one.was_named and refusal(one) is None
    )
    return (*missed, *(_ids(found) & set(came)))


def _named_now(told: ToldTogether, *, waited: bool) -> Named | None:
    """Return who is named from now on of what is told together, one entry of each article."""
    articles = {one.article_id for one in told.shown}
    others = (one for one in told.members if one.article_id not in articles)
    fresh = one_of_each(one for one in others if not one.was_named)
    if not (told.shown and fresh):
        return None
    return Named(tuple(one.entry_id for one in told.shown), fresh, waited)


def verdict_on(
    connection: sqlite3.Connection, feed: Feed, feed_row: sqlite3.Row, entry: sqlite3.Row
) -> Verdict:
    """Return why a feed that takes stories together shows an entry or does not."""
    found = reports(connection, feed_row["id"], {entry["story_id"]})
    own = [one for one in found if one.article_id == (entry["original_id"] or entry["story_id"])]
    alone = verdict(entry["id"], own, floor=feed_row["floor"], once=True)
    ties = tie_rows.asked_for(connection, feed, found)
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
