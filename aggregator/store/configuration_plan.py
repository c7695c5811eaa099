"""What another configuration changes, read before the transaction that makes it so.

Only a configuration writes what is compared here (names, URLs, texts, places, today's memberships),
and one at a time: what is found stays true until it is applied. Nobody waits while it is found, and
nothing that stays as it is, of however many sources and feeds, is looked at in the transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.runtime.values import dataclass
from aggregator.schedule.source_changes import StoredSource, match_sources
from aggregator.store.rows import feed_to_text, source_to_text
from aggregator.stories.owners import own_domains

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping, Set

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
    rows = {
        row["name"]: row
        for row in connection.execute("SELECT id, name, config, removed_at FROM feeds")
    }
    for before, after in filter(None, map(renamed_feed, planned)):
        if before in rows and after not in rows:
            rows[after] = rows.pop(before)
    feed_ids = {name: row["id"] for name, row in rows.items()}
    today = {name: row["config"] for name, row in rows.items() if row["removed_at"] is None}
    names = {feed.name for feed in feeds}
    planned_feeds = tuple(
        PlannedFeed(feed, text)
        for feed in feeds
        if today.get(feed.name) != (text := feed_to_text(feed))
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
        gone_feeds=tuple((feed_ids[name], name) for name in today if name not in names),
        feeds=planned_feeds,
        left=tuple(sorted(members)),
        joined=tuple(joined),
    )


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
    rows = {
        row["id"]: row
        for row in connection.execute(
            "SELECT id, name, url, config, position, removed_at FROM sources ORDER BY id"
        )
    }
    stored = [
        StoredSource(row["id"], row["name"], row["url"], row["removed_at"] is not None)
        for row in rows.values()
    ]
    matched = match_sources(sources, stored)
    kept = {one.source_id for one in matched.values()}
    planned: list[PlannedSource] = []
    for position, source in enumerate(sources):
        found, text = matched.get(source.name), source_to_text(source)
        if found is not None:
            row = rows[found.source_id]
            if (row["config"], row["position"], row["removed_at"]) == (text, position, None):
                continue
        else:
            own_domains(source, None)  # remembered: to read the list of suffixes takes long
        planned.append(PlannedSource(source, text, source.queue, position, found))
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
