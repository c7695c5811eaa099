"""What a request can end with: fetched, not modified, gone, failed; every kind of problem."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.runtime.values import dataclass


class ProblemKind(StrEnum):
    """What is wrong with a source; the value is what the operator reads in `status` and logs."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BLOCKED = "blocked"
    REDIRECT = "redirect"
    HTTP_STATUS = "http-status"
    CHALLENGE = "challenge"
    ACCESS = "access"
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
    `is_page`: the body is an HTML page, of which nothing better can be said.
    """

    kind: ProblemKind
    detail: str
    remedy: str | None = None
    is_page: bool = False


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
    """A whole, decoded body. `url` is the one that answered; `sha256` is of `body`.

    `links` are the values of its Link headers (RFC 8288), as sent. Without `end_told` (a length,
    chunks, a coding) nothing but the end of the connection says that the body is whole.
    `certificate_until_at` is the earliest end of a TLS certificate on the way, where that is news:
    a verified one, of those that are made to last.
    """

    url: str
    status: int
    body: bytes
    sha256: bytes
    content_type: str | None
    validators: Validators
    hints: HttpHints = HttpHints()
    permanent_url: str | None = None
    links: tuple[str, ...] = ()
    end_told: bool = True
    certificate_until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver's browser got: the status, and the document in UTF-8 with a byte order mark.

    `url` is where redirects led, `sha256` is of the body; `headers` are those that it tells, often
    none.
    """

    url: str
    status: int
    body: bytes
    sha256: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class NotModified:
    """304. `validators` are those that the response carried; an absent one stays as stored.

    It has none where the request had no condition: they may be of another document than ours.
    `permanent_url` is where the way was permanent redirects only (301, 308).
    `certificate_until_at` as of a `Fetched`.
    """

    url: str
    validators: Validators = Validators()
    hints: HttpHints = HttpHints()
    permanent_url: str | None = None
    certificate_until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """410: the publisher says that this source will not come back."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Failed:
    """No document this time; nothing stored changes but the schedule and the problem shown.

    `answered_url` is the one that `status` is of, at the end of all redirects; it is never shown.
    """

    problem: Problem
    status: int | None = None
    hints: HttpHints = HttpHints()
    answered_url: str | None = None


Outcome = Fetched | NotModified | Gone | Failed


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a poll: which of the source's URLs was asked, and what came of it.

    `unconditional`: validators are held that could not be sent. `is_ours`: the host that answered
    is the operator's own, covered by `allow_private`.
    """

    url: str
    outcome: Outcome
    unconditional: bool = False
    is_ours: bool = False
