"""What an operations feed looks at: sources, lists, feeds, the configuration; what an alarm is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from aggregator.model import Problem
    from aggregator.model.notes import Fact


class AlarmKind(StrEnum):
    """What an alarm is about; the value is stored, and is a category in the feed."""

    BROKEN = "broken"
    GONE = "gone"
    SILENT = "silent"
    MOVED = "moved"
    GAP = "gap"
    UNSTABLE_IDS = "unstable-ids"
    CERTIFICATE = "certificate"
    CAP = "cap"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """What is known of an enabled source. `key` stays its own whatever it is called.

    `newest_at` is when its newest entry came, or, without any, since when it is polled. `problem`
    is of its last poll. `moved` and `gaps` are notes.
    `certificate_until_at` is of the mirror in use.
    """

    key: str
    name: str
    newest_at: datetime
    private: bool = False
    expected_every: timedelta | None = None
    next_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since_at: datetime | None = None
    problem: Problem | None = None
    moved: Fact | None = None
    gaps: Fact | None = None
    unstable_ids: bool = False
    certificate_until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WatchedList:
    """What is known of a configured list of sources. `key` stays its own whatever it is called."""

    key: str
    name: str
    next_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since_at: datetime | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class WatchedFeed:
    """A feed, with the note that its window is cut by `limit` or by `document_size`, if it is."""

    key: str
    name: str
    cut: Fact | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """All that a look sees; `config` is the note on the configuration."""

    sources: tuple[WatchedSource, ...] = ()
    lists: tuple[WatchedList, ...] = ()
    feeds: tuple[WatchedFeed, ...] = ()
    config: Fact | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong with a subject (a `key`), or was not long ago (`ended_at`).

    `told`: the feed's last word is that it is wrong; `told_at`: when it said anything of it last.
    """

    subject: str
    kind: AlarmKind
    since_at: datetime
    ended_at: datetime | None = None
    told: bool = False
    told_at: datetime | None = None
