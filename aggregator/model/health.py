"""How sources fared: by days, by mirrors, by what they published when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.model.outcomes import Problem
    from aggregator.model.stored import PastPoll, SourceStatus


@dataclass(frozen=True, slots=True)
class SourceDay:
    """What became of a source's polls on one day (UTC); `new` counts entries."""

    day: date
    polls: int = 0
    unmodified: int = 0
    failures: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source's row of `status`, with its days, oldest first; days without a poll are left out.

    `delay` is the median time between the date of an entry and its coming, of the last ones that
    came after the source's first poll, as it was when the last of them came; `None` where there is
    none.
    """

    status: SourceStatus
    days: tuple[SourceDay, ...] = ()
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DatabaseDay:
    """How large the database was on a day (UTC): its file, the texts in it, the search index."""

    day: date
    file_bytes: int
    text_bytes: int
    search_bytes: int


@dataclass(frozen=True, slots=True)
class Busy:
    """A source with many new entries: what it is called, and its days."""

    title: str
    days: tuple[SourceDay, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All sources together: their days, which of them bring most, delays, requests, and the disk.

    `days` are sums over all sources; `busiest` are a few of them, those with most new entries
    first. `delays` are those of enabled sources that have one, in no order. `pricing` is what the
    schedule keeps (`schedule.price.recall`).
    """

    days: tuple[SourceDay, ...] = ()
    busiest: tuple[Busy, ...] = ()
    delays: tuple[timedelta, ...] = ()
    sizes: tuple[DatabaseDay, ...] = ()
    pricing: str | None = None


@dataclass(frozen=True, slots=True)
class MirrorHealth:
    """One URL of a source, without what is secret in it, and how it fares."""

    url: str
    moved_url: str | None
    failures: int
    problem: Problem | None
    resting_until_at: datetime | None
    document_at: datetime | None
    certificate_until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the operations feed has told of a source: its kind, since when, and until when."""

    kind: str
    since_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """All that the page of one source shows. `published_at` are the dates of its last entries."""

    health: SourceRecord
    mirrors: tuple[MirrorHealth, ...]
    polls: tuple[PastPoll, ...]
    troubles: tuple[Trouble, ...]
    published_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """How all sources are at a moment: how many are overdue, and how many alarms of each kind.

    And how many bytes parts of the database take on the disk, each with its name.
    """

    overdue: int
    alarms: tuple[tuple[str, int], ...]
    bytes_on_disk: tuple[tuple[str, int], ...]
