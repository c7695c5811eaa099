"""The words of the house, as types: source, document, entry, story, feed, poll.

A source is what we poll, a document is one response body as the publisher wrote it, an entry is
one normalised item of one source, a story is what a reader sees (one or more entries), a feed is
what we publish, a poll is one attempt at one source.

Every type is frozen. Names carry unit and trust: `_at` is an aware UTC datetime, `_html` is
sanitised, `raw_` is the publisher's own and untrusted, `_url` is absolute, `_bytes` counts bytes;
durations are `timedelta`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


# --- what the operator configured ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """One `[[sources]]` of config.toml: what we poll, and how the operator wants it."""

    name: str
    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str = "UTC"
    interval: timedelta | None = None
    enabled: bool = True
    backfill: int = 10
    private: bool = False

    @property
    def host(self) -> str:
        """The host that a poll asks: scheme, name and port (RFC 6454 §4), for one at a time."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"{parts.scheme}://{parts.hostname}:{port}"


@dataclass(frozen=True, slots=True)
class Feed:
    """One `[[feeds]]` of config.toml: a named selection of stories that we publish.

    `sources` and `tags` select by union; both `None` selects every source.
    """

    name: str
    title: str
    sources: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    window: timedelta = timedelta(days=3)
    min_entries: int = 50
    limit: int = 1000

    def selects(self, source: Source) -> bool:
        """Tell whether stories of `source` belong to this feed."""
        if self.sources is None and self.tags is None:
            return True
        if self.sources is not None and source.name in self.sources:
            return True
        return self.tags is not None and not set(self.tags).isdisjoint(source.tags)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of `[network] allow_private`: a host or an address range, with an optional port.

    Exactly one of `host` (lower case, not an address) and `network` is set. `text` is the entry
    as written, for messages.
    """

    text: str
    host: str | None = None
    network: IPNetwork | None = None
    port: int | None = None

    def covers(self, host: str, port: int) -> bool:
        """Tell whether a URL with this host (name or literal address) and port is covered.

        A range covers literal addresses only; what a name resolves to is known when it is dialled.
        """
        if self.port is not None and self.port != port:
            return False
        if self.network is None:
            return self.host == host.lower().rstrip(".")
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            return False
        return self.contains(address)

    def contains(self, address: IPAddress) -> bool:
        """Tell whether this is a range that holds `address` (an IPv4-mapped one is unwrapped)."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        network = self.network
        return network is not None and address.version == network.version and address in network


# --- what one poll brought ----------------------------------------------------------------------


class ProblemKind(StrEnum):
    """What is wrong with a source; the value is what the operator reads in `status` and logs."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BLOCKED = "blocked"
    REDIRECT = "redirect"
    HTTP_STATUS = "http-status"
    GONE = "gone"
    TOO_LARGE = "too-large"
    ENCODING = "encoding"
    PROTOCOL = "protocol"
    NOT_A_FEED = "not-a-feed"
    PARSE_TIMEOUT = "parse-timeout"
    PARSE_MEMORY = "parse-memory"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a poll failed: a kind, one short sentence, and what the operator can do (or `None`).

    No text here holds user info, a secret query value or, for a public page, a private address.
    """

    kind: ProblemKind
    detail: str
    remedy: str | None = None

    def __str__(self) -> str:
        """Return one line for logs and `status`."""
        text = f"{self.kind}: {self.detail}"
        return f"{text}; {self.remedy}" if self.remedy else text


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified exactly as received; sent back byte for byte (RFC 9110 §13.1).

    `url` is whose they are when a redirect led to another origin; `None`: the configured URL's.
    """

    etag: bytes | None = None
    last_modified: bytes | None = None
    url: str | None = None

    def __bool__(self) -> bool:
        """Tell whether a conditional request can be made."""
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True, slots=True)
class HttpHints:
    """What a response's header says about when to come back; both clamped to sane bounds."""

    retry_after: timedelta | None = None
    fresh_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole, decoded body. `url` is the one that answered; `sha256` is of `body`."""

    url: str
    status: int
    body: bytes
    sha256: bytes
    content_type: str | None
    validators: Validators
    hints: HttpHints = HttpHints()
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """304. `validators` are those that the response carried; an absent one stays as stored."""

    url: str
    validators: Validators = Validators()
    hints: HttpHints = HttpHints()


@dataclass(frozen=True, slots=True)
class Gone:
    """410: the publisher says that this source will not come back."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Failed:
    """No document this time; nothing stored changes but the schedule and the problem shown."""

    problem: Problem
    status: int | None = None
    hints: HttpHints = HttpHints()


Outcome = Fetched | NotModified | Gone | Failed


# --- what a document says -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Body:
    """A fetched body on its way to the parser, with what its meaning depends on.

    `source_url` is the configured URL: relative references resolve against it, not against a
    redirect's target. `timezone` is for dates without a zone; `seen_at` bounds future dates.
    """

    body: bytes
    content_type: str | None
    source_url: str
    timezone: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an entry; `length_bytes` is 0 when unknown."""

    url: str
    media_type: str = "application/octet-stream"
    length_bytes: int = 0


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One item as its publisher wrote it: decoded to text, otherwise nothing repaired.

    `raw_title_is_html` tells whether markup in the title is markup or text. `base_url` is what
    relative references of this item resolve against (xml:base, else the document's).
    """

    raw_guid: str | None = None
    raw_link: str | None = None
    raw_title: str | None = None
    raw_title_is_html: bool = True
    raw_summary: str | None = None
    raw_summary_is_html: bool = True
    raw_content: str | None = None
    raw_content_is_html: bool = True
    raw_author: str | None = None
    raw_published: str | None = None
    raw_updated: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    raw_categories: tuple[str, ...] = ()
    raw_enclosures: tuple[Enclosure, ...] = ()
    base_url: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentHints:
    """What a document says about when to come back (`<ttl>`, skipHours, sy:update*, `expired`)."""

    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()  # Monday is 0
    update_every: timedelta | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """What a document says about itself.

    `kind` is such as "rss20", "atom10", "json11"; `encoding` is the one that decoded it;
    `truncated` means that entries may be missing at the end, so absence proves nothing;
    `notes` name each repair, for `explain`.
    """

    kind: str
    encoding: str
    title: str | None = None
    site_url: str | None = None
    feed_id: str | None = None
    author: str | None = None
    language: str | None = None
    updated_at: datetime | None = None
    truncated: bool = False
    hints: DocumentHints = DocumentHints()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One response body, parsed: what the publisher said, nothing repaired."""

    head: DocumentHead
    entries: tuple[RawEntry, ...]
    source_url: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of one source, normalised: safe to publish, with what it is known by.

    `keys` are the identity keys, strongest first ("guid:…", "url:…", "text:…"), only those that
    are unique within their document. `guid` is the publisher's id, a candidate for the public id.
    `title` and `summary` are plain text; `content_html` is sanitised, its URLs absolute.
    `published_at` and `updated_at` are the publisher's, `None` where it gave none that is sane.
    `content_hash` changes when, and only when, a reader would see another text.
    `raw` holds the publisher's own fields as JSON.
    """

    keys: tuple[str, ...]
    guid: str | None
    url: str | None
    title: str
    content_html: str
    summary: str
    author: str | None
    published_at: datetime | None
    updated_at: datetime | None
    categories: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    language: str | None
    content_hash: bytes
    raw: str


@dataclass(frozen=True, slots=True)
class Refined:
    """A document's head with its normalised entries, in document order."""

    head: DocumentHead
    entries: tuple[Entry, ...]


# --- what the store knows -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PollState:
    """What is known of a source when a poll begins; the poll hands it back to `absorb`."""

    source_id: int
    source: Source
    validators: Validators = Validators()
    body_sha256: bytes | None = None
    failures: int = 0
    failing_since_at: datetime | None = None
    first_polled_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    next_poll_at: datetime | None = None
    not_before_at: datetime | None = None  # a Retry-After: not even `--force` polls before it
    arrivals: tuple[datetime, ...] = ()  # when the newest entries were published, newest first
    hints: DocumentHints = DocumentHints()  # of the document that was parsed last


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
    """What a reader sees. `id` and `order_key` (µs since the epoch) were minted once and stored."""

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
