"""What another configuration changes, read before the transaction that makes it so.

Only a configuration writes what is compared here (names, URLs, texts, places, today's memberships),
and one at a time: what is found stays true until it is applied. Nobody waits while it is found, and
nothing that stays as it is, of however many sources and feeds, is looked at in the transaction.
Texts are compared in slices, so that those of all are never in memory together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.runtime.values import dataclass
from aggregator.schedule.source_changes import StoredSource, match_sources
from aggregator.store.rows import feed_to_text, source_to_text
from aggregator.store.slices import batched
from aggregator.store.value_lists import rows_of
from aggregator.stories.owners import own_domains

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set

    from aggregator.model import Feed, Source

#: Names of a feed and a source that it selects.
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """A source that is to be stored so: in place of `stored`, or anew."""

    source: Source
    text: str
    queue: str
    position: int
    stored: StoredSource | None


@dataclass(frozen=True, slots=True)
class PlannedFeed:
    """A feed that is to be stored so."""

    feed: Feed
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to change, in the order in which it is.

    `gone_feeds` have ids and names; `left` are today's memberships that end, by the ids of feed and
    source, `joined` those that begin, by names, with how many entries the source brings along.
    """

    gone_sources: tuple[StoredSource, ...]
    sources: tuple[PlannedSource, ...]
    gone_feeds: tuple[tuple[int, str], ...]
    feeds: tuple[PlannedFeed, ...]
    left: tuple[tuple[int, int], ...]
    joined: tuple[tuple[Pair, int], ...]


def plan(
    connection: sqlite3.Connection, sources: tuple[Source, ...], feeds: tuple[Feed, ...]
) -> Plan:
    """Return what the configuration changes of what is stored."""
    gone_sources, planned, ids = _plan_sources(connection, sources)
    rows: dict[str, tuple[int, bool]] = {
        name: (feed_id, bool(is_removed))
        for feed_id, name, is_removed in connection.execute(
            "SELECT id, name, removed_at IS NOT NULL FROM feeds"
        )
    }
    for before, after in filter(None, map(renamed_feed, planned)):
        if before in rows and after not in rows:
            rows[after] = rows.pop(before)
    feed_ids = {name: feed_id for name, (feed_id, _) in rows.items()}
    today = {name: feed_id for name, (feed_id, is_removed) in rows.items() if not is_removed}
    names = {feed.name for feed in feeds}
    planned_feeds: list[PlannedFeed] = []
    for some in batched(feeds):
        known = _feeds_today(connection, [today.get(feed.name) for feed in some])
        texts = zip(some, map(feed_to_text, some), strict=True)
        planned_feeds += (
            PlannedFeed(feed, text)
            for feed, text in texts
            if known.get(today.get(feed.name)) != text
        )
    members = {
        (feed_id, source_id)
        for feed_id, source_id in connection.execute(
            "SELECT feed_id, source_id FROM memberships WHERE until_key IS NULL"
        )
    }
    joined: list[tuple[Pair, int]] = []
    for feed, source in _pairs(feeds, sources):
        try:
            members.remove((feed_ids[feed.name], ids[source.name]))
        except KeyError:
            joined.append(((feed.name, source.name), source.backfill))
    return Plan(
        gone_sources=gone_sources,
        sources=planned,
        gone_feeds=tuple((one, name) for name, one in today.items() if name not in names),
        feeds=tuple(planned_feeds),
        left=tuple(sorted(members)),
        joined=tuple(joined),
    )


def _sources_today(
    connection: sqlite3.Connection, source_ids: Sequence[int]
) -> dict[int, tuple[str, int]]:
    """Return the texts and places of some sources, without those that are removed."""
    rows = rows_of(
        connection,
        """SELECT id, config, position FROM sources
            WHERE id IN ({marks}) AND removed_at IS NULL""",
        source_ids,
    )
    return {source_id: (text, position) for source_id, text, position in rows}


def _feeds_today(
    connection: sqlite3.Connection, feed_ids: Iterable[int | None]
) -> dict[int | None, str]:
    """Return the texts of some feeds."""
    known = [one for one in feed_ids if one is not None]
    rows = rows_of(connection, "SELECT id, config FROM feeds WHERE id IN ({marks})", known)
    return dict(map(tuple, rows))


def renamed_feed(planned: PlannedSource) -> Pair | None:
    """Return the old and new name of the automatic feed of a source that is renamed."""
    stored, name = planned.stored, planned.source.name
    if stored is None or stored.name == name:
        return None
    return FeedKind.SOURCE.name_of(stored.name), FeedKind.SOURCE.name_of(name)


def _plan_sources(
    connection: sqlite3.Connection, sources: tuple[Source, ...]
) -> tuple[tuple[StoredSource, ...], tuple[PlannedSource, ...], Mapping[str, int]]:
    """Return which sources are removed, which are to be stored, and the ids of those that were."""
    stored = [
        StoredSource(row["id"], row["name"], row["url"], bool(row["is_removed"]))
        for row in connection.execute(
            "SELECT id, name, url, removed_at IS NOT NULL AS is_removed FROM sources ORDER BY id"
        )
    ]
    matched = match_sources(sources, stored)
    kept = {one.source_id for one in matched.values()}
    planned: list[PlannedSource] = []
    for some in batched(tuple(enumerate(sources))):
        found = [matched.get(source.name) for _, source in some]
        before = _sources_today(connection, [one.source_id for one in found if one is not None])
        for (position, source), one in zip(some, found, strict=True):
            text = source_to_text(source)
            if one is None:
                own_domains(source, None)  # remembered: to read the list of suffixes takes long
            elif before.get(one.source_id) == (text, position):
                continue
            planned.append(PlannedSource(source, text, source.queue, position, one))
    return (
        tuple(one for one in stored if not one.removed and one.source_id not in kept),
        tuple(planned),
        {name: one.source_id for name, one in matched.items()},
    )


def _pairs(feeds: Iterable[Feed], sources: Iterable[Source]) -> Iterator[tuple[Feed, Source]]:
    """Yield each feed with each source that it selects; most of thousands of feeds select few."""
    by_name = {source.name: source for source in sources}
    by_tag: dict[str, list[str]] = {}
    for source in by_name.values():
        for tag in source.carried_tags:
            by_tag.setdefault(tag, []).append(source.name)
    every: Set[str] = by_name.keys()
    for feed in feeds:
        names: Collection[str] = every
        if feed.sources is not None or feed.tags is not None:
            tagged = (name for tag in feed.tags or () for name in by_tag.get(tag, ()))
            names = {*(feed.sources or ()), *tagged} & every
        for name in names:
            if feed.selects(by_name[name]):
                yield feed, by_name[name]
