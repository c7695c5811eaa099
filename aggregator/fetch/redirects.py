"""One poll of one URL on its way through redirects: what goes along, and what is left behind."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.fetch.cookies import Cookies, cookie_field
from aggregator.fetch.failures import FetchError
from aggregator.fetch.transport import sendable
from aggregator.model import HttpHints, Problem, ProblemKind, Validators
from aggregator.runtime.values import dataclass
from aggregator.web.http_dates import http_date

if TYPE_CHECKING:
    from datetime import timedelta

    import httpx

    from aggregator.fetch.body import Reservation
    from aggregator.fetch.client_pool import Way
    from aggregator.fetch.credentials import Manner
    from aggregator.fetch.deadline import Deadline
    from aggregator.fetch.guard import Guard
    from aggregator.fetch.request_target import Target

NO_VALIDATORS = Validators()

#: No feed was changed before there were any.
FIRST_FEEDS = datetime(1995, 1, 1, tzinfo=UTC)


def is_unconditional(validators: Validators, now: datetime) -> bool:
    """Tell whether a request at `now` is unconditional although validators are held.

    They leave byte for byte or not at all: what our HTTP library cannot write exactly stays here,
    and so does a date at which nothing can have been changed.
    """
    return bool(validators) and not _sendable(validators, now)


def _sendable(validators: Validators, now: datetime) -> Validators:
    etag, modified = validators.etag, validators.last_modified
    return Validators(
        etag if etag is not None and sendable(etag) else None,
        modified
        if modified is not None and sendable(modified) and not _is_false(modified, now)
        else None,
    )


def _is_false(modified: bytes, now: datetime) -> bool:
    """Tell whether a Last-Modified is of the future, or from before there were feeds.

    Sent back, it would bring 304 for ever: nothing is ever newer than 2041 (RFC 9110 §8.8.2.1), and
    a server that stamps everything with 1970 compares nothing. What is no date is compared byte
    for byte, and goes.
    """
    date = http_date(modified.decode("latin-1"))
    return date is not None and not FIRST_FEEDS <= date <= now


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that points elsewhere."""

    target: Target
    permanent: bool
    hints: HttpHints


@dataclass(slots=True)
class RedirectChain:
    """A poll under way: where it is from, how it asks, and the time that it has left.

    `manner.own` is the configured target, `start` the one that is asked first: the same, or where
    its publisher has lastingly moved it, which counts as a permanent redirect. `is_stored`: a
    document of it is kept.
    `certificate_until_at` is the earliest end of a certificate that was met.
    """

    manner: Manner
    start: Target
    way: Way
    guard: Guard
    deadline: Deadline
    reservation: Reservation | None = None
    validators: Validators = NO_VALIDATORS
    is_stored: bool = False
    certificate_until_at: datetime | None = None
    cookies: Cookies = field(default_factory=Cookies)
    _seen: list[tuple[str, bytes | None]] = field(default_factory=list)
    _all_permanent: bool = True
    _left_origin: bool = False
    _retry_after: timedelta | None = None

    def __post_init__(self) -> None:
        self._left_origin = self.start.origin != self.own.origin
        self._seen.append((self.start.url, None))

    @property
    def is_redirected(self) -> bool:
        """Whether an answer has led on from where the poll began."""
        return len(self._seen) > 1

    @property
    def own(self) -> Target:
        """The configured target."""
        return self.manner.own

    async def admit(self, size_bytes: int) -> None:
        """Wait for room for a body of up to this size; that takes nothing from the deadline."""
        if self.reservation is not None:
            with self.deadline.paused():
                await self.reservation.reserve(size_bytes)

    def redirected(self, answer: Redirect, most: int) -> None:
        """Note a redirect; raises `FetchError` for a loop and for one too many."""
        # With another cookie it is another request: a gate lets that pass.
        step = answer.target.url, self.cookie_for(answer.target)
        if step in self._seen:
            raise self._lost("in a loop", answer)
        if len(self._seen) > most:
            raise self._lost(f"more than {most} times", answer)
        self._seen.append(step)
        self._all_permanent = self._all_permanent and answer.permanent
        self._left_origin = self._left_origin or answer.target.origin != self.own.origin
        self._retry_after = answer.hints.retry_after

    def cookie_for(self, target: Target) -> bytes | None:
        """Return the cookies that go to `target`: what its origin has set in this poll.

        And, to the configured origin alone, those of the operator's file that are for the path.
        """
        stored = self.manner.cookies if target.origin == self.own.origin else ()
        pairs = [(cookie.name, cookie.value) for cookie in stored if cookie.covers(target)]
        if self.manner.returns_cookies:
            pairs = self.cookies.pairs(target.origin, pairs)
        return cookie_field(pairs)

    def met_certificate(self, until_at: datetime | None) -> None:
        """Note when the certificate of an answer ends (`None`: it has none that matters)."""
        met = [at for at in (self.certificate_until_at, until_at) if at is not None]
        self.certificate_until_at = min(met, default=None)

    def permanent_url(self, target: Target) -> str | None:
        """Return where `target` is the end of permanent redirects alone, its URL.

        Never of a signed request: its signature would not go to another URL.
        """
        moved = target.url != self.own.url and self._all_permanent
        return target.url if moved and self.own.signature is None else None

    def validators_for(self, target: Target, now: datetime) -> Validators:
        """Return what may be sent to `target` at `now`: what is of it, exact, and can be true."""
        stored = self.validators
        if stored.url is None:
            # They are of the configured URL, or of one on its origin.
            theirs = not self._left_origin or target.url == self.own.url
        else:
            theirs = stored.url == target.url
        return _sendable(stored, now) if theirs else NO_VALIDATORS

    def received(self, target: Target, response: httpx.Response) -> Validators:
        """Return the validators of an answer, with the URL that they belong to."""
        etag = first(response, b"etag") or None
        modified = first(response, b"last-modified") or None
        elsewhere = self._left_origin and (etag or modified)
        return Validators(etag, modified, target.url if elsewhere else None)

    def hints_with(self, hints: HttpHints) -> HttpHints:
        """Add what the redirects on the way said: the longest wait counts."""
        waits = [w for w in (hints.retry_after, self._retry_after) if w is not None]
        return replace(hints, retry_after=max(waits, default=None))

    def _lost(self, how: str, answer: Redirect) -> FetchError:
        detail = f"{self.own.host} redirects {how}"
        remedy = "check the source's url"
        if self.cookies:
            detail += "; it sets a cookie, as gates for browsers do"
            if not self.manner.returns_cookies:
                detail, remedy = f"{detail}, and gets none back", 'set cookies = "poll"'
        problem = Problem(ProblemKind.REDIRECT, detail, remedy)
        return FetchError(problem, hints=answer.hints)


def first(response: httpx.Response, wanted: bytes) -> bytes:
    """Return the first value of a header field, byte for byte; empty where there is none."""
    return next((value for name, value in response.headers.raw if name.lower() == wanted), b"")
