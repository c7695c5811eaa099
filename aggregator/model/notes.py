"""What is worth knowing beside a source's problem: one type of value for each kind of note."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from aggregator.model.outcomes import Problem
from aggregator.runtime.values import dataclass


class NoteKind(StrEnum):
    """What a note is about; the value is stored. `status` tells notes in this order."""

    NOT_RELOADED = "not-reloaded"
    RESTART_NEEDED = "restart-needed"
    NOT_WRITTEN = "not-written"
    NOT_NOTIFIED = "not-notified"
    HELD_HOST = "held-host"
    CROWDED_SITE = "crowded-site"
    LIMIT_REACHED = "limit-reached"
    SIZE_REACHED = "size-reached"
    GAVE_WAY = "gave-way"
    MOVED = "moved"
    GAPS = "gaps"
    CUT_SHORT = "cut-short"
    BROKEN_OFF = "broken-off"
    FLOOD = "flood"
    LONG_DOCUMENT = "long-document"
    OVER_QUOTA = "over-quota"
    UNSTABLE_IDS = "unstable-ids"
    FAILING_MIRRORS = "failing-mirrors"
    UNCONDITIONAL = "unconditional"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class NotReloaded:
    """An edited configuration is not in effect: its first mistake, and how many more it has."""

    kind: ClassVar = NoteKind.NOT_RELOADED
    mistake: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class RestartNeeded:
    """Keys of the configuration ("server.listen") that take effect at the next start."""

    kind: ClassVar = NoteKind.RESTART_NEEDED
    keys: tuple[str, ...]


class Output(StrEnum):
    """What is written besides serving."""

    STATIC_FILES = "static-files"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Something that cannot be written, and what the system says; an export has a directory."""

    output: Output
    because: str
    directory: str | None = None


@dataclass(frozen=True, slots=True)
class NotWritten:
    """Static files or exports that are not up to date."""

    kind: ClassVar = NoteKind.NOT_WRITTEN
    outputs: tuple[Unwritten, ...]


@dataclass(frozen=True, slots=True)
class Unheard:
    """A receiver of notices that does not take them, why, and how many were given up."""

    receiver: str
    because: str
    lost: int = 0


@dataclass(frozen=True, slots=True)
class NotNotified:
    """Receivers that do not get their notices."""

    kind: ClassVar = NoteKind.NOT_NOTIFIED
    receivers: tuple[Unheard, ...]


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A feed's `limit` cuts its window short."""

    kind: ClassVar = NoteKind.LIMIT_REACHED
    limit: int


@dataclass(frozen=True, slots=True)
class SizeReached:
    """A feed's `document_size`, in bytes, cuts its window short."""

    kind: ClassVar = NoteKind.SIZE_REACHED
    document_size: int


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A source brought more than its share of a feed: that has only its newest `entries`."""

    kind: ClassVar = NoteKind.GAVE_WAY
    feed: str
    entries: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A source's publisher has lastingly moved it; `url` is redacted."""

    kind: ClassVar = NoteKind.MOVED
    url: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """So many times lately a document shared no entry with the one before."""

    kind: ClassVar = NoteKind.GAPS
    times: int


@dataclass(frozen=True, slots=True)
class CutShort:
    """A document is longer than we read: so many of its entries, the first ones."""

    kind: ClassVar = NoteKind.CUT_SHORT
    entries: int


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """A document ends in the middle: so many of its entries are whole, others may be missing."""

    kind: ClassVar = NoteKind.BROKEN_OFF
    entries: int


@dataclass(frozen=True, slots=True)
class Flood:
    """So many old entries came at once, and are held back from feeds."""

    kind: ClassVar = NoteKind.FLOOD
    entries: int
    came_at: datetime


@dataclass(frozen=True, slots=True)
class LongDocument:
    """So many entries, not the newest, are kept without text: their document brought too much."""

    kind: ClassVar = NoteKind.LONG_DOCUMENT
    entries: int
    came_at: datetime


@dataclass(frozen=True, slots=True)
class OverQuota:
    """What a source brings is kept without text: so many bytes of it are stored already."""

    kind: ClassVar = NoteKind.OVER_QUOTA
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class UnstableIds:
    """In so many documents in a row most ids were new though their entries were known."""

    kind: ClassVar = NoteKind.UNSTABLE_IDS
    documents: int


@dataclass(frozen=True, slots=True)
class FailingMirror:
    """A mirror that fails; `url` is redacted."""

    url: str
    failures: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class FailingMirrors:
    """Mirrors of a source that fail: while others answer for them, or each of several by itself."""

    kind: ClassVar = NoteKind.FAILING_MIRRORS
    mirrors: tuple[FailingMirror, ...]
    others_answer: bool = True


@dataclass(frozen=True, slots=True)
class Unconditional:
    """So many requests asked for everything though we hold validators."""

    kind: ClassVar = NoteKind.UNCONDITIONAL
    requests: int


@dataclass(frozen=True, slots=True)
class CertificateEnds:
    """A source's certificate ends soon, or has ended (`left` is zero or less)."""

    kind: ClassVar = NoteKind.CERTIFICATE
    until_at: datetime
    left: timedelta


@dataclass(frozen=True, slots=True)
class HeldHost:
    """A host (scheme, name and port) is not asked for as long as `left`, and so many sources wait.

    It has asked for that, or refuses as one does that is asked too often.
    """

    kind: ClassVar = NoteKind.HELD_HOST
    host: str
    left: timedelta
    sources: int


@dataclass(frozen=True, slots=True)
class CrowdedSite:
    """The sources of a site, asked one after the other, take longer than they should be apart.

    `round` is how long asking each once takes, `apart` what their intervals come to on average.
    """

    kind: ClassVar = NoteKind.CROWDED_SITE
    site: str
    sources: int
    round: timedelta
    apart: timedelta


@dataclass(frozen=True, slots=True)
class Worded:
    """A note as an earlier version worded it, in English, where no values could be made of it."""

    kind: NoteKind
    text: str


OfTheWhole = NotReloaded | RestartNeeded | NotWritten | NotNotified
OfFeeds = LimitReached | SizeReached | GaveWay
OfHosts = HeldHost | CrowdedSite
OfDocuments = Gaps | CutShort | BrokenOff | Flood | LongDocument | OverQuota | UnstableIds
OfRequests = Moved | FailingMirrors | Unconditional | CertificateEnds

#: What a note says: of the whole, of a host, of a feed, of a source, or of a source in a feed.
Fact = OfTheWhole | OfHosts | OfFeeds | OfDocuments | OfRequests | Worded


@dataclass(frozen=True, slots=True)
class Note:
    """One fact: of a source, of a feed, of both, or of the whole; named as they are today."""

    fact: Fact
    source: str | None = None
    feed: str | None = None


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes in the order of their kinds, then by the name of what they are of."""
    kinds = list(NoteKind)
    return tuple(
        sorted(
            notes, key=lambda note: (kinds.index(note.fact.kind), note.source or note.feed or "")
        )
    )
