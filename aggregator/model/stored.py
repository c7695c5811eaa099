"""What the store knows: states and results of polls, stories, selections of a feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model.configured import Feed, Source
from aggregator.model.documents import DocumentHints, Enclosure
from aggregator.model.outcomes import Problem, Validators


@dataclass(frozen=True, slots=True)
class Mirror:
    """One URL of a source, as the store knows it.

    `url` is configured, `moved_url` where its publisher has lastingly moved it (else `None`).
    `validators` and `body_sha256` are of the document that this mirror answered last.
    `resting_until_at` is the end of a failing mirror's pause while others answer,
    `gated_until_at` that of a Retry-After that holds for its whole host.
    """

    url: str
    moved_url: str | None = None
    validators: Validators = Validators()
    body_sha256: bytes | None = None
    failures: int = 0
    resting_until_at: datetime | None = None
    gated_until_at: datetime | None = None

    @property
    def effective_url(self) -> str:
        """The URL to ask."""
        return self.moved_url or self.url


@dataclass(frozen=True, slots=True)
class PollState:
    """What is known of a source when a poll begins; the poll hands it back to `absorb`.

    `mirrors` are in order of preference, at least one.
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
    arrivals: tuple[datetime, ...] = ()  # when the newest entries were published, newest first
    hints: DocumentHints = DocumentHints()  # of the document that was parsed last
    habits: str | None = None  # what the schedule has learnt of the source, as it stores it

    @property
    def host_until_at(self) -> datetime | None:
        """The end of a Retry-After that keeps us from every one of the mirrors, or `None`."""
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
    `None` for one without.
    """

    tally: Tally | None
    published: tuple[datetime | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided when a poll ends: when to come back, and what was learnt.

    `habits` replace the stored ones; `None` leaves them. `gaps` is how often lately a document
    shared nothing with the one before: entries may have been missed.
    """

    plan: Plan
    habits: str | None = None
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class PollResult:
    """One finished poll, as logs and `poll` tell it.

    `outcome` is "parsed", "same-body", "not-modified", "held" (not polled: the publisher asked to
    wait), or the problem's kind.
    """

    source: str
    outcome: str
    tally: Tally
    plan: Plan
    problem: Problem | None = None
    was_failing: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of a story, as a reader may see it: no secret, and no URL of a private source.

    `id` is the source document's own Atom id where it may be published, else a stored urn:uuid.
    """

    name: str
    title: str
    id: str
    url: str | None
    site_url: str | None
    updated_at: datetime
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What a reader sees. `id` and `order_key` (µs since the epoch) were minted once and stored.

    `also` are the other sources of the feed that carry the same article.
    """

    id: str
    order_key: int
    origin: Origin
    url: str | None
    title: str
    content_html: str
    summary: str
    author: str | None
    published_at: datetime
    updated_at: datetime
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    also: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """A feed and the stories in its window, newest order key first: all that rendering needs.

    `version` counts the feed's changes; the same version renders to the same bytes.
    `changed_at` never decreases.
    """

    feed: Feed
    id: str
    version: int
    changed_at: datetime
    stories: tuple[Story, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class PastPoll:
    """One poll as the store remembers it; `outcome` as in `PollResult`."""

    polled_at: datetime
    outcome: str
    problem: str | None
    new: int
    updated: int
    because: str


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One row of `aggregator status`; `url` is redacted."""

    name: str
    url: str
    title: str | None
    enabled: bool
    entries: int
    last_poll_at: datetime | None
    last_success_at: datetime | None
    next_poll_at: datetime | None
    because: str | None
    problem: str | None
    tags: tuple[str, ...] = ()
    site_url: str | None = None
    unconditional: int = 0  # requests for which validators were held and could not be sent
