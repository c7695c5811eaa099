"""What a plan changes for the operator and for subscribers, told before it is carried out.

Of entries those count that a feed shows today: of sources that leave it, of rules that leave them
out, of a window that becomes smaller. What gives way to `per_source` or to a story's other telling
is not foreseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator import rules
from aggregator.config.differences import differences
from aggregator.model import FeedKind
from aggregator.model.changes import (
    ChangedFeed,
    ChangedSource,
    ChangeKind,
    LostAddress,
    LostEntries,
    ReaddressedSource,
    RenamedSource,
    Silenced,
    SoonForgotten,
)
from aggregator.model.instants import MICROSECOND
from aggregator.rules.verdicts import shown_alike
from aggregator.store.configured import configuration_plan as planning
from aggregator.store.feeds.rule_verdicts import MOST_TEXTS, asked_about
from aggregator.store.rows.typed_rows import feed_of, source_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.windows import cut

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from datetime import timedelta

    from aggregator.model import Feed, Source
    from aggregator.model.changes import Change
    from aggregator.store.configured.configuration_plan import Plan


def foresee(connection: sqlite3.Connection, plan: Plan, now: int) -> tuple[Change, ...]:
    """Return what a plan changes, and then what its feeds lose by that; nothing is written."""
    before = _feeds_before(connection, plan)
    return (
        *_sources(plan),
        *_feeds(plan, before),
        *_lost_addresses(plan, before),
        *_lost_entries(connection, plan, before, now),
        *_silenced(connection, plan),
        *_soon_forgotten(connection, plan, now),
        *_lost_with_sources(plan),
    )


def foresee_retention(
    connection: sqlite3.Connection, sources: tuple[Source, ...], retention: timedelta, now: int
) -> tuple[SoonForgotten, ...]:
    """Return what goes once entries of all sources that say nothing themselves are kept so long."""
    before = now - retention // MICROSECOND
    rows = connection.execute(
        """SELECT s.name, count(*) FROM entries e JOIN sources s ON s.id = e.source_id
            WHERE e.first_seen_at < :before
              AND NOT EXISTS (SELECT 1 FROM shown w WHERE w.entry_id = e.id)
              AND NOT EXISTS (SELECT 1 FROM entries o
                               WHERE o.story_id = e.story_id AND o.first_seen_at >= :before)
            GROUP BY s.name""",
        {"before": before},
    )
    own = {source.name for source in sources if source.retention is not None}
    count = sum(entries for name, entries in map(tuple, rows.fetchall()) if name not in own)
    return (SoonForgotten(None, count),) if count else ()


def _feeds_before(connection: sqlite3.Connection, plan: Plan) -> dict[int, Feed]:
    ids = [one.feed_id for one in plan.changed_feeds]
    rows = rows_of(connection, "SELECT id, config FROM feeds WHERE id IN ({marks})", ids)
    return {feed_id: feed_of(config) for feed_id, config in map(tuple, rows)}


def _sources(plan: Plan) -> Iterator[Change]:
    for gone in plan.gone_sources:
        yield ChangedSource(ChangeKind.REMOVED, gone.name)
    planned: list[planning.SourceEdit | planning.AddedSource]
    planned = [*plan.changed_sources, *plan.added_sources]
    for one in sorted(planned, key=lambda one: one.position):
        yield from _source(one)


def _source(one: planning.SourceEdit | planning.AddedSource) -> Iterator[Change]:
    name = one.source.name
    if isinstance(one, planning.AddedSource):
        yield ChangedSource(ChangeKind.ADDED, name)
        return
    if one.change.is_back:
        yield ChangedSource(ChangeKind.BACK, name)
    if one.change.is_renamed:
        yield RenamedSource(name, former_name=one.stored.name)
    if one.change.has_other_url:
        yield ReaddressedSource(name)
    elif one.change.differs:
        yield ChangedSource(ChangeKind.CHANGED, name, differences(one.before, one.source))


def _feeds(plan: Plan, before: dict[int, Feed]) -> Iterator[Change]:
    for _, feed in plan.gone_feeds:
        if not feed.is_automatic:
            yield ChangedFeed(ChangeKind.REMOVED, feed.name)
    for one in plan.changed_feeds:
        if one.feed.is_automatic:
            continue
        if one.is_back:
            yield ChangedFeed(ChangeKind.BACK, one.feed.name)
        elif one.differs:
            changed = differences(before[one.feed_id], one.feed)
            yield ChangedFeed(ChangeKind.CHANGED, one.feed.name, changed)
    for added in plan.added_feeds:
        if not added.feed.is_automatic:
            yield ChangedFeed(ChangeKind.ADDED, added.feed.name)


def _lost_addresses(plan: Plan, before: dict[int, Feed]) -> Iterator[Change]:
    """Yield the feeds that subscribers find no more, but for those of sources."""
    for _, feed in plan.gone_feeds:
        if feed.kind is not FeedKind.SOURCE:
            yield LostAddress(feed.masked.path)
    for one in plan.changed_feeds:
        old = before[one.feed_id]
        # The feed of a renamed source is redirected.
        is_moved = old.path != one.feed.path and old.kind is not FeedKind.SOURCE
        if is_moved and not one.is_back:
            yield LostAddress(old.masked.path)


def _lost_with_sources(plan: Plan) -> Iterator[Change]:
    """Yield the feeds of the sources that go themselves; whatever else they take is told first."""
    gone = {source.name for source in plan.gone_sources}
    for _, feed in plan.gone_feeds:
        if feed.kind is FeedKind.SOURCE and gone.intersection(feed.sources or ()):
            yield LostAddress(feed.masked.path)


def _lost_entries(
    connection: sqlite3.Connection, plan: Plan, before: dict[int, Feed], now: int
) -> Iterator[Change]:
    sources = {one.stored.source_id: one.source for one in plan.changed_sources}
    asked = {one.stored.source_id for one in plan.changed_sources if _shows_other(one)}
    left: dict[int, set[int]] = {}
    for feed_id, source_id in plan.left:
        left.setdefault(feed_id, set()).add(source_id)
    feeds = {one.feed_id: one for one in plan.changed_feeds if not one.is_back}
    concerned = {*left, *_feeds_of(connection, asked)}
    concerned |= {key for key, one in feeds.items() if not (one.shows_alike and one.cuts_alike)}
    concerned -= {feed_id for feed_id, _ in plan.gone_feeds}
    for feed_id in sorted(concerned):
        (text,) = connection.execute("SELECT config FROM feeds WHERE id = ?", (feed_id,)).fetchone()
        old = before.get(feed_id) or feed_of(text)
        if old.kind is FeedKind.SOURCE:
            continue
        fresh = feeds[feed_id].feed if feed_id in feeds else old
        is_asked = feed_id in feeds and not feeds[feed_id].shows_alike
        lost: list[int] = []
        names = _names(connection, feed_id)
        for source_id, name in names.items():
            gone = _shown(connection, feed_id, source_id)
            if source_id not in left.get(feed_id, ()):
                if source_id not in asked and not is_asked:
                    continue
                source = sources.get(source_id) or _stored(connection, source_id)
                gone = _left_out(connection, gone, source, fresh)
            if gone:
                lost += gone
                yield LostEntries(fresh.name, name, len(gone))
        if feed_id in feeds and not feeds[feed_id].cuts_alike:
            count = _cut(connection, feed_id, fresh, now, lost)
            if (more := count - _cut(connection, feed_id, old, now, lost)) > 0:
                yield LostEntries(fresh.name, None, more)


def _silenced(connection: sqlite3.Connection, plan: Plan) -> Iterator[Change]:
    """Yield the sources whose own rules, which have changed, leave out all that they brought."""
    for one in plan.changed_sources:
        own = one.source.rules
        if (own.keep, own.block) == (one.before.rules.keep, one.before.rules.block):
            continue
        newest = [
            entry_id
            for (entry_id,) in connection.execute(
                "SELECT id FROM entries WHERE source_id = ? ORDER BY order_key DESC LIMIT ?",
                (one.stored.source_id, MOST_TEXTS),
            )
        ]
        asked = asked_about(connection, newest)
        if newest and all(rules.blocked(one.source, facts) is not None for _, facts in asked):
            yield Silenced(one.source.name, len(newest))


def _soon_forgotten(connection: sqlite3.Connection, plan: Plan, now: int) -> Iterator[Change]:
    """Yield the sources that keep less than before, with how many entries that is about."""
    for one in plan.changed_sources:
        kept, before = one.source.retention, one.before.retention
        if kept is None or (before is not None and before <= kept):
            continue
        (count,) = connection.execute(
            """SELECT count(*) FROM entries e WHERE e.source_id = ? AND e.first_seen_at < ?
                  AND NOT EXISTS (SELECT 1 FROM shown w WHERE w.entry_id = e.id)""",
            (one.stored.source_id, now - kept // MICROSECOND),
        ).fetchone()
        if count:
            yield SoonForgotten(one.source.name, count)


def _shows_other(one: planning.SourceEdit) -> bool:
    return not (one.change.is_back or shown_alike(one.before, one.source))


def _feeds_of(connection: sqlite3.Connection, source_ids: set[int]) -> set[int]:
    rows = rows_of(
        connection,
        "SELECT feed_id FROM memberships WHERE until_key IS NULL AND source_id IN ({marks})",
        sorted(source_ids),
    )
    return {feed_id for (feed_id,) in rows}


def _names(connection: sqlite3.Connection, feed_id: int) -> dict[int, str]:
    """Return the sources of which a feed shows entries, in the order of their names."""
    rows = connection.execute(
        """SELECT DISTINCT s.id, s.name FROM shown w JOIN entries e ON e.id = w.entry_id
             JOIN sources s ON s.id = e.source_id WHERE w.feed_id = ? ORDER BY s.name""",
        (feed_id,),
    )
    return dict(map(tuple, rows.fetchall()))


def _shown(connection: sqlite3.Connection, feed_id: int, source_id: int) -> list[int]:
    rows = connection.execute(
        """SELECT e.id FROM shown w JOIN entries e ON e.id = w.entry_id
            WHERE w.feed_id = ? AND e.source_id = ?""",
        (feed_id, source_id),
    )
    return [entry_id for (entry_id,) in rows.fetchall()]


def _stored(connection: sqlite3.Connection, source_id: int) -> Source:
    query = "SELECT config FROM sources WHERE id = ?"
    return source_of(connection.execute(query, (source_id,)).fetchone()["config"])


def _left_out(
    connection: sqlite3.Connection, entry_ids: list[int], source: Source, feed: Feed
) -> list[int]:
    """Return which of a source's entries the rules, as they will be, leave out of a feed."""
    found = []
    for row, facts in asked_about(connection, entry_ids):
        verdict = rules.verdict(source, (feed,), facts)
        if verdict.blocked is not None or verdict.left_out != (None,):
            found.append(row["id"])
    return found


def _cut(
    connection: sqlite3.Connection, feed_id: int, feed: Feed, now: int, lost: list[int]
) -> int:
    """Return how many entries a window drops of those that are not lost anyway."""
    gone = set(lost)
    rows = [
        (key, weight)
        for key, entry_id, weight in connection.execute(
            """SELECT order_key, entry_id, weight_bytes FROM shown WHERE feed_id = ?
                ORDER BY order_key""",
            (feed_id,),
        )
        if entry_id not in gone
    ]
    weights = sum(weight for _, weight in rows)
    return cut(feed, rows, now, count=len(rows), all_bytes=weights).dropped
