"""What another configuration changes, read before the transaction that makes it so.

Only a configuration writes what is compared here (names, URLs, texts, places, today's memberships),
and one at a time: what is found stays true until it is applied. Nobody waits while it is found, and
nothing that stays as it is, of however many sources and feeds, is looked at in the transaction.
Texts are compared in slices, so that those of all are never in memory together.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.runtime.values import dataclass
from aggregator.schedule.source_changes import StoredSource, change_of, match_sources
from aggregator.store.polls.mirrors import places_of
from aggregator.store.rows.slices import batched
from aggregator.store.rows.typed_rows import feed_of, feed_to_text, source_of, source_to_text
from aggregator.store.rows.value_lists import rows_of
from aggregator.stories.owners import own_domains
from aggregator.stories.windows import cuts_alike, decides_alike

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set

    from aggregator.model import Feed, Source
    from aggregator.schedule.source_changes import SourceChange

#: Names of a feed and a source that it selects.
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AddedSource:
    """A source that is to be stored anew, with its URLs (`mirrors.places_of`) and its domains."""

    source: Source
    text: str
    queue: str
    position: int
    public_id: str
    places: tuple[tuple[str, str, int], ...]
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class SourceEdit:
    """A source that is to be stored so, in place of `stored`, which was configured as `before`."""

    source: Source
    text: str
    queue: str
    position: int
    stored: StoredSource
    before: Source
    change: SourceChange


@dataclass(frozen=True, slots=True)
class AddedFeed:
    """A feed that is to be stored anew."""

    feed: Feed
    text: str
    public_id: str


@dataclass(frozen=True, slots=True)
class FeedEdit:
    """A feed that is to be stored so, in place of what was (`before`).

    `differs`: it is not the same in other words, as an earlier version wrote it; `shows_alike`:
    which entries it shows, of the same sources, is the same; `cuts_alike`: so is what its window
    drops of them.
    """

    before: Feed
    feed: Feed
    text: str
    feed_id: int
    is_back: bool
    differs: bool
    shows_alike: bool
    cuts_alike: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to change, in the order in which it is.

    `gone_feeds` have ids, and what they were. `renamed_feeds` are old and new names of the feeds of
    renamed sources. `left` are today's memberships that end, by the ids of feed and source,
    `joined` those that begin, by names, with how many entries the source brings along; `feed_ids`
    and `source_ids` are of names that are stored.
    """

    gone_sources: tuple[StoredSource, ...]
    added_sources: tuple[AddedSource, ...]
    changed_sources: tuple[SourceEdit, ...]
    gone_feeds: tuple[tuple[int, Feed], ...]
    renamed_feeds: tuple[Pair, ...]
    added_feeds: tuple[AddedFeed, ...]
    changed_feeds: tuple[FeedEdit, ...]
    left: tuple[tuple[int, int], ...]
    joined: tuple[tuple[Pair, int], ...]
    feed_ids: Mapping[str, int]
    source_ids: Mapping[str, int]


def plan(
    connection: sqlite3.Connection, sources: tuple[Source, ...], feeds: tuple[Feed, ...]
) -> Plan:
    """Return what the configuration changes of what is stored."""
    gone_sources, added, changed, source_ids = _plan_sources(connection, sources)
    rows: dict[str, tuple[int, bool]] = {
        name: (feed_id, bool(is_removed))
        for feed_id, name, is_removed in connection.execute(
            "SELECT id, name, removed_at IS NOT NULL FROM feeds"
        )
    }
    renamed_feeds: list[Pair] = []
    for before, after in filter(None, map(_renamed_feed, changed)):
        if before in rows and after not in rows:
            rows[after] = rows.pop(before)
            renamed_feeds.append((before, after))
    added_feeds, changed_feeds = _plan_feeds(connection, feeds, rows, _new_names(changed))
    feed_ids = {name: feed_id for name, (feed_id, _) in rows.items()}
    names = {feed.name for feed in feeds}
    gone_feeds = [
        feed_id
        for name, (feed_id, is_removed) in rows.items()
        if not is_removed and name not in names
    ]
    members = {
        (feed_id, source_id)
        for feed_id, source_id in connection.execute(
            "SELECT feed_id, source_id FROM memberships WHERE until_key IS NULL"
        )
    }
    joined: list[tuple[Pair, int]] = []
    for feed, source in _pairs(feeds, sources):
        try:
            members.remove((feed_ids[feed.name], source_ids[source.name]))
        except KeyError:
            joined.append(((feed.name, source.name), source.backfill))
    return Plan(
        gone_sources=gone_sources,
        added_sources=tuple(added),
        changed_sources=tuple(changed),
        gone_feeds=tuple(
            (feed_id, feed_of(text)) for feed_id, text in _feeds_today(connection, gone_feeds)
        ),
        renamed_feeds=tuple(renamed_feeds),
        added_feeds=tuple(added_feeds),
        changed_feeds=tuple(changed_feeds),
        left=tuple(sorted(members)),
        joined=tuple(joined),
        feed_ids=feed_ids,
        source_ids=source_ids,
    )


def _plan_feeds(
    connection: sqlite3.Connection,
    feeds: Sequence[Feed],
    rows: Mapping[str, tuple[int, bool]],
    renamed: Mapping[str, str],
) -> tuple[list[AddedFeed], list[FeedEdit]]:
    """Return the feeds that are to be stored; `rows` are ids by name, and whether it is removed."""
    added: list[AddedFeed] = []
    changed: list[FeedEdit] = []
    for some in batched(feeds):
        stored = dict(
            _feeds_today(connection, [rows[feed.name][0] for feed in some if feed.name in rows])
        )
        for feed in some:
            text = feed_to_text(feed)
            if feed.name not in rows:
                added.append(AddedFeed(feed, text, uuid.uuid4().urn))
                continue
            feed_id, is_removed = rows[feed.name]
            if stored[feed_id] == text and not is_removed:
                continue
            before = feed_of(stored[feed_id])
            changed.append(
                FeedEdit(
                    before,
                    feed,
                    text,
                    feed_id,
                    is_removed,
                    before != feed_of(text),
                    decides_alike(before, feed, renamed),
                    cuts_alike(before, feed),
                )
            )
    return added, changed


def _new_names(changed: Iterable[SourceEdit]) -> dict[str, str]:
    """Return the new names of sources by their old ones, of which no two had the same."""
    return {
        one.stored.name: one.source.name
        for one in changed
        if one.change.is_renamed and not one.stored.removed
    }


def _sources_stored(
    connection: sqlite3.Connection, source_ids: Sequence[int]
) -> dict[int, tuple[str, int]]:
    """Return the texts and places of some sources."""
    rows = rows_of(
        connection, "SELECT id, config, position FROM sources WHERE id IN ({marks})", source_ids
    )
    return {source_id: (text, position) for source_id, text, position in rows}


def _feeds_today(connection: sqlite3.Connection, feed_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Return the ids and texts of some feeds."""
    rows = rows_of(connection, "SELECT id, config FROM feeds WHERE id IN ({marks})", feed_ids)
    return [(feed_id, text) for feed_id, text in rows]


def _renamed_feed(changed: SourceEdit) -> Pair | None:
    """Return the old and new name of the automatic feed of a source that is renamed."""
    if not changed.change.is_renamed:
        return None
    names = changed.stored.name, changed.source.name
    return FeedKind.SOURCE.name_of(names[0]), FeedKind.SOURCE.name_of(names[1])


def _plan_sources(
    connection: sqlite3.Connection, sources: tuple[Source, ...]
) -> tuple[tuple[StoredSource, ...], list[AddedSource], list[SourceEdit], Mapping[str, int]]:
    """Return which sources are removed, new, and to be stored otherwise; and the ids of others."""
    stored = [
        StoredSource(row["id"], row["name"], row["url"], bool(row["is_removed"]))
        for row in connection.execute(
            "SELECT id, name, url, removed_at IS NOT NULL AS is_removed FROM sources ORDER BY id"
        )
    ]
    matched = match_sources(sources, stored)
    kept = {one.source_id for one in matched.values()}
    added: list[AddedSource] = []
    changed: list[SourceEdit] = []
    for some in batched(tuple(enumerate(sources))):
        found = [matched.get(source.name) for _, source in some]
        today = _sources_stored(connection, [one.source_id for one in found if one is not None])
        for (position, source), one in zip(some, found, strict=True):
            text, queue = source_to_text(source), source.queue
            if one is None:
                added.append(
                    AddedSource(
                        source,
                        text,
                        queue,
                        position,
                        uuid.uuid4().urn,
                        places_of(source),
                        own_domains(source, None),
                    )
                )
            elif one.removed or today[one.source_id] != (text, position):
                before = source_of(today[one.source_id][0])
                change = change_of(one, before, source)
                changed.append(SourceEdit(source, text, queue, position, one, before, change))
    return (
        tuple(one for one in stored if not one.removed and one.source_id not in kept),
        added,
        changed,
        {name: one.source_id for name, one in matched.items()},
    )


def _pairs(feeds: Iterable[Feed], sources: Iterable[Source]) -> Iterator[tuple[Feed, Source]]:
    """Yield each feed with each source that it selects; most of thousands of feeds select few."""
    by_name = {source.name: source for source in sources}
    by_tag: dict[str, list[str]] = {}
    by_list: dict[str, list[str]] = {}
    for source in by_name.values():
        if source.of_list is not None:
            by_list.setdefault(f"{source.of_list}/*", []).append(source.name)
        for tag in source.carried_tags:
            by_tag.setdefault(tag, []).append(source.name)
    every: Set[str] = by_name.keys()
    for feed in feeds:
        names: Collection[str] = every
        if feed.sources is not None or feed.tags is not None:
            tagged = (name for tag in feed.tags or () for name in by_tag.get(tag, ()))
            listed = (name for one in feed.sources or () for name in by_list.get(one, (one,)))
            names = {*listed, *tagged} & every
        for name in names:
            if feed.selects(by_name[name]):
                yield feed, by_name[name]
