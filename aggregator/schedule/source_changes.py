"""Which stored source a configured one is, and what a changed configuration does to it.

A source is its name, else its URL: a changed name with the same URL is a rename, which loses
nothing; a changed URL under the same name keeps the entries and forgets what belonged to the old
URL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta

    from aggregator.model import Source
    from aggregator.schedule.source_health import SourceHealth


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A stored source, as far as matching it with the configuration goes."""

    source_id: int
    name: str
    url: str
    removed: bool


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What another configuration does to a source.

    `is_back`: it had been removed; `has_other_url`: what was learnt of the old URL is forgotten;
    `is_read_otherwise`: its document is asked for as a whole again; `differs`: in more than its
    name.
    """

    is_back: bool
    is_renamed: bool
    has_other_url: bool
    has_other_interval: bool
    is_read_otherwise: bool
    differs: bool

    @property
    def moves_polls(self) -> bool:
        """Whether its next poll may be at another time, or count as another one."""
        return self.is_back or self.has_other_url or self.has_other_interval


def match_sources(
    sources: Iterable[Source], stored: Iterable[StoredSource]
) -> dict[str, StoredSource]:
    """Return which stored source each configured one is, by the configured name.

    Today's sources before removed ones, names before URLs; each stored source at most once.
    """
    matched: dict[str, StoredSource] = {}
    configured = tuple(sources)
    free = {one.source_id: one for one in sorted(stored, key=lambda one: one.source_id)}
    rules: tuple[tuple[bool, Callable[[StoredSource | Source], str]], ...] = (
        (False, lambda one: one.name),
        (False, lambda one: one.url),
        (True, lambda one: one.name),
        (True, lambda one: one.url),
    )
    for removed, known_by in rules:
        index = {known_by(one): one for one in free.values() if one.removed is removed}
        for source in configured:
            found = index.get(known_by(source))
            if source.name not in matched and found is not None and found.source_id in free:
                matched[source.name] = found
                del free[found.source_id]
    return matched


def change_of(stored: StoredSource, before: Source, source: Source) -> SourceChange:
    """Return what becomes of a stored source that was configured as `before`."""
    return SourceChange(
        is_back=stored.removed,
        is_renamed=stored.name != source.name,
        has_other_url=stored.url != source.url,
        has_other_interval=before.interval != source.interval,
        is_read_otherwise=_reading(before) != _reading(source),
        differs=before != replace(source, name=before.name),
    )


def course_after(
    change: SourceChange,
    source: Source,
    health: SourceHealth,
    *,
    is_failing: bool,
    now: datetime,
) -> SourceHealth:
    """Return how a source that fares so is to go on after its configuration has changed."""
    if change.is_back:
        # What it published meanwhile is as old to readers as what an added source brings.
        health = replace(health, first_polled_at=None)
    if change.has_other_url:
        health = replace(health, failures=0, failing_since_at=None, next_poll_at=now)
    if change.has_other_interval and not is_failing:
        health = _at_the_latest(health, source.interval)
    return health


def _at_the_latest(health: SourceHealth, interval: timedelta | None) -> SourceHealth:
    """Let a shorter fixed interval count from the last poll."""
    if interval is None or health.last_poll_at is None:
        return health
    due_at = min(health.next_poll_at, health.last_poll_at + interval)
    return replace(health, next_poll_at=due_at)


def _reading(source: Source) -> tuple[object, ...]:
    """Return what decides how a document is read."""
    return source.timezone, source.encoding, source.max_entries
