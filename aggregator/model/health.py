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
    came after the source's first poll; `None` where there is none.
    """

    status: SourceStatus
    days: tuple[SourceDay, ...] = ()
    delay: timedelta | None = None


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
    """How all sources are at a moment: how many are overdue, and how many alarms of each kind."""

    overdue: int
    alarms: tuple[tuple[str, int], ...]
