"""What the store knows: states and results of polls, stories, selections of a feed."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from aggregator.model.configured import Feed, Source
from aggregator.model.documents import Category, DocumentHints, Enclosure, Refined, TextOrigin
from aggregator.model.outcomes import Attempt, Problem, Validators
from aggregator.model.people import Particulars, SourceParticulars
from aggregator.model.placements import Placement
from aggregator.model.reports import StoryReport
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Mirror:
    """One URL of a source, as the store knows it.

    `url` is configured, `moved_url` where its publisher has lastingly moved it (else `None`).
    `validators` and `body_sha256` are of the document that this mirror answered last, at
    `document_at`; a 304 is no document.
    `resting_until_at` is the end of a failing mirror's pause while others answer,
    `gated_until_at` that of a hold of its whole host: its Retry-After, or its limit. `problem` is
    what was wrong when it was asked last, `failures` times in a row by now.
    """

    url: str
    moved_url: str | None = None
    validators: Validators = Validators()
    body_sha256: bytes | None = None
    document_at: datetime | None = None
    failures: int = 0
    resting_until_at: datetime | None = None
    gated_until_at: datetime | None = None
    problem: Problem | None = None

    @property
    def effective_url(self) -> str:
        """The URL to ask."""
        return self.moved_url or self.url


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one claimer, a process, to poll a source until a moment (`schedule.leases`)."""

    source_id: int
    claimed_by: str
    claimed_until_at: datetime


@dataclass(frozen=True, slots=True)
class PollState:
    """What is known of a source when a poll begins; the poll hands it back to `absorb`.

    `mirrors` are in order of preference, at least one. `lease` is there where the source was
    claimed, not where it was only looked at.
    """

    source_id: int
    source: Source
    mirrors: tuple[Mirror, ...] = ()
    failures: int = 0
    failing_since_at: datetime | None = None
    first_polled_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    next_poll_at: datetime | None = None
    not_before_at: datetime | None = None  # a Retry-After: not even `--force` polls before it
    arrivals: tuple[datetime, ...] = ()  # of the newest entries; where there is no history yet
    hints: DocumentHints = DocumentHints()  # of the document that was parsed last
    history: str | None = None  # what the schedule has learnt of the source, as it stores it
    lease: Lease | None = None

    @property
    def host_until_at(self) -> datetime | None:
        """The end of the holds that keep us from every one of the mirrors' hosts, or `None`."""
        gates = [mirror.gated_until_at for mirror in self.mirrors]
        return (
            min((gate for gate in gates if gate is not None), default=None) if all(gates) else None
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """When to poll next, and why (`because` is shown by `status` and `explain`).

    `not_before` is set when the publisher itself asked to wait (Retry-After).
    """

    at: datetime
    because: str
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What a poll changed: counts of entries. `shared` were known before, `pruned` had tombstones.

    `held_back` entries are stored but enter no feed (a flood of old ones).
    """

    new: int = 0
    updated: int = 0
    shared: int = 0
    pruned: int = 0
    held_back: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What a poll brought, as far as the schedule learns from it.

    `tally` is `None` where no document was read. `published` are the dates of the new entries,
    `None` for one without. `limited_until_at` is the end of the hold of a host that limits us and
    does not say for how long; `None` where the poll's outcome is no such limit.
    """

    tally: Tally | None
    published: tuple[datetime | None, ...] = ()
    limited_until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided when a poll ends: when to come back, and what was learnt.

    `history` replace the stored ones; `None` leaves them. `gaps` is how often lately a document
    shared nothing with the one before: entries may have been missed.
    """

    plan: Plan
    history: str | None = None
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class FinishedPoll:
    """A poll that has all its answers, as it is committed (`PollStore.absorb` says how).

    `attempts` are the mirrors that were asked, in order; the last one's outcome is the poll's.
    `refined` is given when, and only when, that is a `Fetched` body that was parsed; a `Fetched`
    without it has the stored body's hash. `decide` is called inside the transaction, once it is
    known what is new; more than once where the transaction has to be begun again.
    """

    state: PollState
    attempts: tuple[Attempt, ...]
    refined: Refined | None
    decide: Callable[[News], Decision]
    now: datetime


class PollOutcome(StrEnum):
    """How a poll ended; the value is stored, and is in the log.

    A poll that is held was not made, because the publisher asked to wait or limits us; nor was one
    of a source that another process has claimed. One that found our own network down says nothing
    of the source; only a failed one has a problem besides.
    """

    PARSED = "parsed"
    SAME_BODY = "same-body"
    NOT_MODIFIED = "not-modified"
    FAILED = "failed"
    HELD = "held"
    CLAIMED = "claimed"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class PollResult:
    """One finished poll, as logs and `poll` tell it.

    `is_broken_off`: its document ended in the middle.
    """

    source: str
    outcome: PollOutcome
    tally: Tally
    plan: Plan
    problem: Problem | None = None
    was_failing: bool = False
    is_broken_off: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of a story, as a reader may see it: no secret, and no URL of a private source.

    `id` is the source document's own Atom id where it may be published, else a stored urn:uuid.
    `name` and `tags` are those of the configured source, also where the entry says that it first
    stood elsewhere; then the rest is of that place.
    """

    name: str
    title: str
    id: str
    url: str | None
    site_url: str | None
    updated_at: datetime
    language: str | None = None
    tags: tuple[str, ...] = ()
    particulars: SourceParticulars = SourceParticulars()
    rights: str | None = None
    description: str | None = None
    icon_url: str | None = None


class Sameness(StrEnum):
    """Why an entry tells the story of another: the same article, or the same in other words."""

    EXACT = "exact"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class AlsoTold:
    """An entry that a feed does not show, because another one tells its story, as readers see it.

    `origin` is its source.
    """

    origin: Origin
    title: str
    url: str | None
    published_at: datetime
    because: Sameness


@dataclass(frozen=True, slots=True)
class Story:
    """What a reader sees. `id` and `order_key` (µs since the epoch) were minted once and stored.

    `also` are the other sources of the feed that carry the same article, `also_told` the other
    entries of the feed that tell the story, by their dates; few of very many.
    """

    id: str
    order_key: int
    origin: Origin
    url: str | None
    title: str
    content_html: str
    summary: str
    particulars: Particulars
    published_at: datetime
    updated_at: datetime
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    also: tuple[Origin, ...] = ()
    also_told: tuple[AlsoTold, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """One archive document of a feed (RFC 5005 §4): stories by the month in which it showed them.

    A busy month has several parts, counted from 1 in the order of time. `whole`: no story will be
    added to it any more; `past`: its month is over. `until` says how much of a part that is not
    whole is in no subscription document: it is in the part's address, so that a reader who believes
    that archives never change asks again once there is more.
    """

    month: str
    part: int
    whole: bool
    past: bool
    until: str | None = None

    @property
    def name(self) -> str:
        """The part's name in its URL: "2026-11", "2026-11-2"."""
        return self.month if self.part == 1 else f"{self.month}-{self.part}"


@dataclass(frozen=True, slots=True)
class Selection:
    """A feed and stories of it: all that rendering needs.

    The subscription document (`archive` is `None`) holds the feed's window, in the feed's order;
    `previous` is the newest part of its archive. An archive document holds one part, newest first,
    between `previous` (older) and `next` (newer, `None` for the newest).
    `version` counts the feed's changes; the same version renders to the same bytes.
    `changed_at` never decreases.
    """

    feed: Feed
    id: str
    version: int
    changed_at: datetime
    stories: tuple[Story, ...] = field(default=())
    archive: ArchivePart | None = None
    previous: ArchivePart | None = None
    next: ArchivePart | None = None


@dataclass(frozen=True, slots=True)
class Exportable:
    """A story to export, with its publisher's own HTML; `None` where that is no longer kept."""

    story: Story
    raw_html: str | None


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """All that is known of one stored entry, for `explain`.

    `matched` is why the newest document's item is this entry, `assigned` why it belongs to its
    story (`None` where it began that) or is a copy of its original: `original` is the id of the
    story of the article's own source, `None` where it is no copy. `foreign_to` are the domains
    whose article it tells without being theirs. `also` names the other sources of the article,
    `tags` are what
    rules of its source gave it, `blocked` why a rule of its source leaves it out. `raw` are the
    publisher's own fields as JSON, `None` once they were dropped. `text_origin` is where the text
    is from that rules, stories and searches look at.
    The document's `kind`, `encoding` and `notes` are of the newest one that was read.
    """

    source: Source
    public_id: str
    story_id: str
    guid: str | None
    url: str | None
    title: str
    content_html: str
    summary: str
    author: str | None
    categories: tuple[Category, ...]
    published_at: datetime
    updated_at: datetime
    dated: bool
    first_seen_at: datetime
    changed_at: datetime
    refined_by: str
    raw: str | None
    keys: tuple[str, ...]
    matched: str | None
    assigned: str | None
    original: str | None
    foreign_to: tuple[str, ...]
    held_back: bool
    tags: tuple[str, ...]
    blocked: str | None
    also: tuple[str, ...]
    placements: tuple[Placement, ...]
    kind: str | None
    encoding: str | None
    notes: tuple[str, ...]
    report: StoryReport | None = None
    text_origin: TextOrigin = TextOrigin.DOCUMENT


@dataclass(frozen=True, slots=True)
class PastPoll:
    """One poll as the store remembers it."""

    polled_at: datetime
    outcome: PollOutcome
    problem: Problem | None
    new: int
    updated: int
    because: str


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One row of `aggregator status`; `url` is redacted.

    `next_poll_at` is when it can be polled: due, and every wait over.
    """

    name: str
    url: str
    title: str | None
    enabled: bool
    entries: int
    last_poll_at: datetime | None
    last_success_at: datetime | None
    next_poll_at: datetime | None
    because: str | None
    problem: Problem | None
    tags: tuple[str, ...] = ()
    site_url: str | None = None
    unstable_ids: bool = False  # its entries' ids change from poll to poll
    unconditional: int = 0  # requests for which validators were held and could not be sent
    host_until_at: datetime | None = None  # until when all its hosts want no request, maybe past
