"""The only way out to the network: one URL in, one `Outcome` out."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from aggregator import __version__
from aggregator.errors import ConfigError
from aggregator.fetch.body import ACCEPT_ENCODING, read_body
from aggregator.fetch.guard import Guard
from aggregator.fetch.limits import DEFAULT_LIMITS
from aggregator.fetch.problems import FetchError, connection_problem, status_problem
from aggregator.fetch.resolve import SystemResolver
from aggregator.fetch.target import Target, parse_target, redirect_target
from aggregator.fetch.transport import AiohttpTransport, default_tls, sendable
from aggregator.model import (
    Failed,
    Fetched,
    Gone,
    HttpHints,
    NotModified,
    Problem,
    ProblemKind,
    Validators,
)
from aggregator.schedule.hints import http_hints

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime, timedelta

    from aggregator.fetch.guard import Dial
    from aggregator.fetch.limits import FetchLimits
    from aggregator.fetch.resolve import Resolver
    from aggregator.model import Allowance, Outcome

#: What we read, best first, and the same with every request: a server that negotiates must not
#: give us another variant, with another ETag, each time. No text/html: it would get us the page.
ACCEPT = (
    b"application/atom+xml, application/rss+xml, application/feed+json, "
    b"application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)

#: The body of a redirect that is read so that its connection can be used again.
_MAX_DRAINED_BYTES = 16 * 1024

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
NO_VALIDATORS = Validators()


def user_agent(contact: str | None) -> str:
    """Return how we introduce ourselves; `contact` is a URL or an address that the operator set."""
    about = f"+{contact}; 1 subscriber" if contact else "1 subscriber"
    return f"aggregator/{__version__} ({about})"


class Fetcher:
    """Polls URLs: conditional, guarded, bounded in time, size and redirects.

    Make it anywhere, use it in one event loop, `aclose` it when done. `proxy` is an http:// URL
    (user info allowed) for everything that `allow_private` does not cover; raises `ConfigError` for
    any other. `tls` is whom to trust, the system's authorities by default. `clock` stamps answers
    that carry no Date.
    """

    def __init__(
        self,
        *,
        allow_private: tuple[Allowance, ...],
        proxy: str | None,
        user_agent: str,
        clock: Callable[[], datetime],
        limits: FetchLimits = DEFAULT_LIMITS,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        _check_proxy(proxy)
        self._limits = limits
        self._clock = clock
        self._proxy = proxy
        self._guard = Guard(allow_private, proxied=proxy is not None)
        self._gates = _Gates()
        self._headers = [
            (b"Accept", ACCEPT),
            (b"Accept-Encoding", ACCEPT_ENCODING),
            (b"User-Agent", user_agent.encode()),
        ]
        transport = AiohttpTransport(
            limits=limits,
            resolver=resolver or SystemResolver(limits),
            tls=tls or default_tls(),
            proxy=proxy,
        )
        no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.AsyncClient(transport=transport, trust_env=False, cookies=no_cookies)

    async def fetch(self, url: str, validators: Validators = NO_VALIDATORS) -> Outcome:
        """Poll the configured `url`; every expected trouble is a value, no exception.

        User info in the URL becomes Basic authentication for its origin and shows in no text.
        `validators` go, byte for byte, to the URL that they came with and nowhere else; one that
        cannot be sent exactly is not sent. Requests to one host (scheme, name, port) wait for each
        other, which does not count against the deadline.
        """
        own = parse_target(url, _to_ascii)
        if isinstance(own, Problem):
            return Failed(own)
        try:
            return await self._follow(_Poll(own, validators, self._limits.deadline.total_seconds()))
        except FetchError as error:
            return Failed(error.problem, error.status, error.hints)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _follow(self, poll: _Poll) -> Outcome:
        """Ask the configured URL, and where its answers point to."""
        target = poll.own
        while True:
            answer = await self._ask(poll, target)
            if not isinstance(answer, _Redirect):
                return answer
            poll.redirected(answer, self._limits.redirects)
            target = answer.target

    async def _ask(self, poll: _Poll, target: Target) -> Outcome | _Redirect:
        """Send one request of a poll when its host is free, and judge the answer."""
        dial = self._guard.check(poll.own, target)
        if isinstance(dial, Problem):
            raise FetchError(dial)
        async with self._gates.hold(target.origin):
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                async with asyncio.timeout(poll.remaining_seconds):
                    return await self._exchange(poll, target, dial)
            except TimeoutError:
                seconds = f"{self._limits.deadline.total_seconds():g} s"
                detail = f"{target.host} did not finish its answer within {seconds}"
                raise FetchError(Problem(ProblemKind.TIMEOUT, detail)) from None
            except httpx.TransportError as error:
                raise FetchError(self._explain(error, poll.own, target, dial)) from error
            finally:
                poll.remaining_seconds -= loop.time() - began

    async def _exchange(self, poll: _Poll, target: Target, dial: Dial) -> Outcome | _Redirect:
        sent = poll.validators_for(target)
        headers = [(b"Host", target.netloc.encode()), *self._headers]
        if target.origin == poll.own.origin and poll.own.authorization is not None:
            headers.append((b"Authorization", poll.own.authorization.encode()))
        if sent.etag is not None:
            headers.append((b"If-None-Match", sent.etag))
        if sent.last_modified is not None:
            headers.append((b"If-Modified-Since", sent.last_modified))
        # httpx sees the origin only: what it logs, or puts into an error, holds no secret.
        request = httpx.Request(
            "GET",
            f"{target.scheme}://{target.netloc}/",
            headers=headers,
            extensions={"target": target.target.encode(), "dial": dial},
        )
        response = await self._client.send(request, stream=True)
        try:
            return await self._judge(poll, target, sent, response)
        finally:
            await response.aclose()

    async def _judge(
        self, poll: _Poll, target: Target, sent: Validators, response: httpx.Response
    ) -> Outcome | _Redirect:
        raw = response.headers.raw
        if sum(len(name) + len(value) for name, value in raw) > self._limits.header_bytes:
            detail = f"the header from {target.host} is larger than {self._limits.header_bytes} B"
            raise FetchError(Problem(ProblemKind.TOO_LARGE, detail))
        status = response.status_code
        hints = poll.hints_with(http_hints(status, raw, self._clock()))
        if status in {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}:
            return await self._document(poll, target, response, hints)
        if status == HTTPStatus.NOT_MODIFIED and sent:
            return NotModified(target.url, poll.received(target, response), hints)
        if status == HTTPStatus.NOT_MODIFIED:
            problem = status_problem(status, target.host, raw)
            return Failed(replace(problem, kind=ProblemKind.PROTOCOL), status, hints)
        if status in _REDIRECTS:
            found = redirect_target(target, response.extensions["location"], _to_ascii)
            if isinstance(found, Problem):
                return Failed(found, status, hints)
            await _drain(response)
            return _Redirect(found, permanent=status in _PERMANENT, hints=hints)
        problem = status_problem(status, target.host, raw)
        return Gone(problem) if status == HTTPStatus.GONE else Failed(problem, status, hints)

    async def _document(
        self, poll: _Poll, target: Target, response: httpx.Response, hints: HttpHints
    ) -> Fetched:
        status = response.status_code
        coding = response.headers.get("content-encoding", "")
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and len(declared) < 20 and int(declared) > self._limits.wire_bytes:
            detail = f"the body from {target.host} is larger than {self._limits.wire_bytes} B"
            raise FetchError(Problem(ProblemKind.TOO_LARGE, detail), status=status, hints=hints)
        try:
            read = await read_body(response.aiter_raw(), coding, target.host, self._limits)
        except FetchError as error:
            raise FetchError(error.problem, status=status, hints=hints) from error
        except httpx.RemoteProtocolError as error:
            problem = Problem(ProblemKind.PROTOCOL, f"the body from {target.host} ends early")
            raise FetchError(problem, status=status, hints=hints) from error
        if not read.body:
            problem = Problem(ProblemKind.NOT_A_FEED, f"{target.host} answered with an empty body")
            raise FetchError(problem, status=status, hints=hints)
        return Fetched(
            url=target.url,
            status=status,
            body=read.body,
            sha256=read.sha256,
            content_type=response.headers.get("content-type"),
            validators=poll.received(target, response),
            hints=hints,
            permanent_url=target.url if poll.moved_for_good else None,
            links=tuple(response.headers.get_list("link")),
        )

    def _explain(
        self, error: httpx.TransportError, own: Target, target: Target, dial: Dial
    ) -> Problem:
        """Say what a failed connection or transfer means; the guard's own reason comes first."""
        if dial.refused and not dial.admitted:
            return self._guard.refusal(own, target, dial.refused)
        if isinstance(error, httpx.ProxyError) and self._proxy is not None:
            proxy = urlsplit(self._proxy)
            detail = f"the proxy {proxy.hostname}:{proxy.port} does not connect to {target.host}"
            return Problem(ProblemKind.CONNECT, detail, "check proxy in [network]")
        if isinstance(error, httpx.ConnectTimeout):
            seconds = f"{self._limits.connect.total_seconds():g} s"
            detail = f"no connection to {target.host}:{target.port} within {seconds}"
            return Problem(ProblemKind.TIMEOUT, detail)
        found = connection_problem(error, target.host, target.port)
        if found is not None:
            return found
        detail = f"{target.host} answered with nothing, or with what is not HTTP"
        return Problem(ProblemKind.PROTOCOL, detail)


@dataclass(frozen=True, slots=True)
class _Redirect:
    target: Target
    permanent: bool
    hints: HttpHints


@dataclass(slots=True)
class _Poll:
    """One poll of one source: its way through redirects, and the seconds that it has left."""

    own: Target
    validators: Validators
    remaining_seconds: float
    moved_for_good: bool = False
    _seen: list[str] = field(default_factory=list)
    _all_permanent: bool = True
    _left_origin: bool = False
    _retry_after: timedelta | None = None

    def redirected(self, answer: _Redirect, most: int) -> None:
        """Note a redirect; raises `FetchError` for a loop and for one too many."""
        self._seen = self._seen or [self.own.url]
        if answer.target.url in self._seen:
            raise self._lost("in a loop", answer)
        if len(self._seen) > most:
            raise self._lost(f"more than {most} times", answer)
        self._seen.append(answer.target.url)
        self.moved_for_good = self._all_permanent = self._all_permanent and answer.permanent
        self._left_origin = self._left_origin or answer.target.origin != self.own.origin
        self._retry_after = answer.hints.retry_after

    def validators_for(self, target: Target) -> Validators:
        """Return what may be sent to `target`: what belongs to it and can be sent exactly."""
        stored = self.validators
        # Without a URL they are of the configured one, or of one on its origin.
        if self._left_origin if stored.url is None else stored.url != target.url:
            return NO_VALIDATORS
        etag, modified = stored.etag, stored.last_modified
        return Validators(
            etag if etag is not None and sendable(etag) else None,
            modified if modified is not None and sendable(modified) else None,
        )

    def received(self, target: Target, response: httpx.Response) -> Validators:
        """Return the validators of an answer, with the URL that they belong to."""
        etag = _first(response, b"etag") or None
        modified = _first(response, b"last-modified") or None
        elsewhere = self._left_origin and (etag or modified)
        return Validators(etag, modified, target.url if elsewhere else None)

    def hints_with(self, hints: HttpHints) -> HttpHints:
        """Add what the redirects on the way said: the longest wait counts."""
        waits = [w for w in (hints.retry_after, self._retry_after) if w is not None]
        return replace(hints, retry_after=max(waits, default=None))

    def _lost(self, how: str, answer: _Redirect) -> FetchError:
        detail = f"{self.own.host} redirects {how}"
        problem = Problem(ProblemKind.REDIRECT, detail, "check the source's url")
        return FetchError(problem, hints=answer.hints)


class _Gates:
    """One request at a time for each origin; an origin that nobody waits for takes no room."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str, int], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, origin: tuple[str, str, int]) -> AsyncIterator[None]:
        lock, users = self._locks.get(origin) or (asyncio.Lock(), 0)
        self._locks[origin] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            _, users = self._locks[origin]
            if users == 1:
                del self._locks[origin]
            else:
                self._locks[origin] = lock, users - 1


def _check_proxy(proxy: str | None) -> None:
    if proxy is None:
        return
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme == "http" and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        message = "network.proxy: only http://HOST:PORT is supported (no SOCKS, no https)"
        raise ConfigError((message,))


def _to_ascii(name: str) -> str:
    """Return the ASCII form of an international host name (IDNA 2008, as httpx does it)."""
    try:
        return httpx.URL(scheme="http", host=name).raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise ValueError(name) from error


def _first(response: httpx.Response, wanted: bytes) -> bytes:
    """Return the first value of a header field, byte for byte; empty where there is none."""
    return next((value for name, value in response.headers.raw if name.lower() == wanted), b"")


async def _drain(response: httpx.Response) -> None:
    """Read a small body away, so that its connection can serve the next request."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and len(length) < 10 and int(length) <= _MAX_DRAINED_BYTES:
        async for _ in response.aiter_raw():
            pass
