"""The only way out to the network: one URL in, one `Outcome` out."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from aggregator import __version__
from aggregator.fetch.body import read_body
from aggregator.fetch.client_pool import Clients, Way
from aggregator.fetch.codings import ACCEPT_ENCODING
from aggregator.fetch.credentials import DIRECT, manner
from aggregator.fetch.deadline import Deadline
from aggregator.fetch.dns import SystemResolver
from aggregator.fetch.error_pages import read_error_page
from aggregator.fetch.failures import (
    FetchError,
    connection_problem,
    framing_problem,
    mitigated_problem,
    status_problem,
)
from aggregator.fetch.guard import Guard
from aggregator.fetch.host_waits import Waits
from aggregator.fetch.origins import Gates, Origins
from aggregator.fetch.proxies import parse_proxy
from aggregator.fetch.redirects import NO_VALIDATORS, Redirect, RedirectChain
from aggregator.fetch.request_limits import DEFAULT_LIMITS, header_excess
from aggregator.fetch.request_target import (
    Target,
    parse_target,
    redirect_target,
    without_signature,
)
from aggregator.fetch.secret_files import Secrets
from aggregator.fetch.solver import Solvers
from aggregator.fetch.transport import MisframedError, default_tls
from aggregator.model import (
    Access,
    Failed,
    Fetched,
    Gone,
    HttpHints,
    NotModified,
    Problem,
    ProblemKind,
)
from aggregator.runtime.late_modules import LateModule
from aggregator.schedule.cache_headers import http_hints
from aggregator.schedule.host_holds import HOST_WIDE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.fetch import posting
    from aggregator.fetch.body import Reservation
    from aggregator.fetch.dns import Resolver
    from aggregator.fetch.guard import Dial
    from aggregator.fetch.posting import Message
    from aggregator.fetch.request_limits import FetchLimits
    from aggregator.model import Allowance, IPNetwork, Outcome, Validators
    from aggregator.model.worker_protocols import WorkerPool
else:  # for those who want to be notified
    posting = LateModule("aggregator.fetch.posting")

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
NO_ACCESS = Access()
#: Files with relative names are looked for in the current folder.
NO_SECRETS = Secrets()


def user_agent(contact: str | None) -> str:
    """Return how we introduce ourselves; `contact` is a URL or an address that the operator set."""
    about = f"+{contact}; 1 subscriber" if contact else "1 subscriber"
    return f"aggregator/{__version__} ({about})"


@lru_cache(maxsize=4096)
def _origin_url(url: str) -> httpx.URL:
    """Return the URL of a host, which httpx takes apart once."""
    return httpx.URL(url)


class Fetcher:
    """Polls URLs: conditional, guarded, bounded in time, size and redirects.

    Make it anywhere, use it in one event loop, `aclose` it when done. `proxy` is an http:// or
    socks5:// URL (user info allowed) for everything that `allow_private` does not cover; raises
    `ConfigError` for any other. `tls` is whom to trust, the system's authorities by default.
    `public` is that of `Guard`. `clock` stamps answers that carry no Date. `secrets` finds the
    files that sources name. `workers` read what solvers answer; without, a thread does.
    """

    def __init__(
        self,
        *,
        allow_private: tuple[Allowance, ...],
        proxy: str | None,
        user_agent: str,
        clock: Callable[[], datetime],
        secrets: Secrets = NO_SECRETS,
        limits: FetchLimits = DEFAULT_LIMITS,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        public: tuple[IPNetwork, ...] = (),
        workers: WorkerPool | None = None,
    ) -> None:
        self._limits = limits
        self._public = public
        self._clock = clock
        self._secrets = secrets
        self._proxy = parse_proxy(proxy) if proxy else None
        self._allow_private = allow_private
        self._user_agent = user_agent.encode()
        self._gates = Gates()
        self._waits = Waits()
        self._misframing = Origins()
        self._clients = Clients(
            limits=limits,
            resolver=resolver or SystemResolver(limits),
            tls=default_tls if tls is None else lambda: tls,
        )
        self._solvers = Solvers(
            clients=self._clients,
            gates=self._gates,
            limits=limits,
            resolver=resolver or SystemResolver(limits),
            guard=Guard(allow_private, public=public),
            resolves=proxy is None,
            user_agent=self._user_agent,
            clock=clock,
            workers=workers,
        )

    async def fetch(
        self,
        url: str,
        validators: Validators = NO_VALIDATORS,
        *,
        access: Access = NO_ACCESS,
        moved_url: str | None = None,
        is_stored: bool = False,
        is_listed: bool = False,
        reservation: Reservation | None = None,
    ) -> Outcome:
        """Poll the configured `url`; every expected trouble is a value, no exception.

        `moved_url`, where its publisher has lastingly moved it, is asked in its place; what may be
        private and where credentials go is decided by `url` all the same. User info in the URL, or
        what `access` names, becomes authentication for its origin and shows in no text.
        `validators` go, byte for byte, to the URL that they came with and nowhere else; one that
        cannot be sent exactly, or is a date that cannot be, is not sent (`is_unconditional` tells).
        `is_stored`: a document of this URL is kept, so that a 304 that was not asked for says that
        it has not changed; without, that is a failure. `is_listed`: somebody else's list has
        brought the URL, so that no allowance covers it. Requests to one host (scheme, name, port)
        wait for each other, which does not count against the deadline; no redirect is followed to
        one that asked everybody to wait. `reservation` is where a large body waits for
        room, outside the deadline; it keeps that of the body which is returned. Where `access`
        names a solver, that is asked for the URL, with no conditions, nor else of `access`.
        """
        own = parse_target(url)
        start = parse_target(moved_url) if moved_url else own
        if isinstance(own, Problem):
            return Failed(own)
        if isinstance(start, Problem):
            return Failed(start)
        try:
            if access.fetch_via is not None:
                return await self._solvers.fetch(access.fetch_via, own, start, reservation)
            poll = await self._set_out(url, own, start, access, is_listed=is_listed)
            poll.validators, poll.is_stored = validators, is_stored
            poll.reservation = reservation
            return await self._follow(poll)
        except FetchError as error:
            return Failed(error.problem, error.status, error.hints)

    async def post(
        self, url: str, message: Message, *, access: Access = NO_ACCESS
    ) -> Failed | None:
        """Send a message, and return what is wrong, or `None` where it was taken.

        It may go where polls may: `allow_private` covers the URL, or its address is public. No
        redirect is followed. `access` is as for `fetch`, without a solver.
        """
        own = parse_target(url)
        if isinstance(own, Problem):
            return Failed(own)
        try:
            chain = await self._set_out(url, own, own, access, is_listed=False)
        except FetchError as error:
            return Failed(error.problem)
        return await posting.send(
            message,
            chain,
            self._clients,
            self._gates,
            user_agent=self._user_agent,
            limits=self._limits,
            now=self._clock(),
            explain=self._explain,
        )

    def leave_alone(self, url: str, until: datetime) -> None:
        """Follow no redirect to the host of `url` before `until`: it limits us, without a word."""
        target = parse_target(url)
        if not isinstance(target, Problem):
            self._waits.note(target.origin, until, self._clock())

    async def aclose(self) -> None:
        """Close every connection."""
        await self._clients.aclose()

    async def _set_out(
        self, url: str, own: Target, start: Target, access: Access, *, is_listed: bool
    ) -> RedirectChain:
        found = await manner(access, url, own, self._secrets, self._clock())
        proxy = self._proxy
        if access.proxy is not None:
            proxy = None if access.proxy == DIRECT else parse_proxy(access.proxy)
        return RedirectChain(
            manner=found,
            start=found.own if start is own else start,
            way=Way(proxy, access.tls_verify),
            guard=Guard(
                self._allow_private,
                proxied=proxy is not None,
                always=proxy is not None and access.proxy is not None,
                public=self._public,
                is_listed=is_listed,
            ),
            deadline=Deadline(self._limits.deadline.total_seconds()),
        )

    async def _follow(self, poll: RedirectChain) -> Outcome:
        """Ask the configured URL, and where its answers point to."""
        target = poll.start
        while True:
            try:
                answer = await self._ask(poll, target)
            except FetchError as error:
                answer = Failed(error.problem, error.status, error.hints)
            if isinstance(answer, Failed) and answer.status is not None:
                return replace(answer, answered_url=target.url)
            if not isinstance(answer, Redirect):
                return answer
            poll.redirected(answer, self._limits.redirects)
            target = answer.target

    async def _ask(self, poll: RedirectChain, target: Target) -> Outcome | Redirect:
        """Send one request of a poll when its host is free, and judge the answer."""
        dial = poll.guard.check(poll.own, target)
        if isinstance(dial, Problem):
            raise FetchError(dial)
        async with self._gates.hold(target.origin):
            if poll.is_redirected:  # who polls has asked about the first request
                self._check_wait(poll, target)
            try:
                async with poll.deadline.running():
                    return await self._exchange(poll, target, dial)
            except TimeoutError:
                seconds = f"{self._limits.deadline.total_seconds():g} s"
                detail = f"{target.host} did not finish its answer within {seconds}"
                raise FetchError(Problem(ProblemKind.TIMEOUT, detail)) from None
            except httpx.TransportError as error:
                raise FetchError(self._explain(error, poll, target, dial)) from error

    def _check_wait(self, poll: RedirectChain, target: Target) -> None:
        remaining = self._waits.remaining(target.origin, self._clock())
        if remaining is not None:
            problem = Problem(ProblemKind.HTTP_STATUS, f"{target.host} asked everybody to wait")
            raise FetchError(problem, hints=poll.hints_with(HttpHints(retry_after=remaining)))

    async def _exchange(
        self, poll: RedirectChain, target: Target, dial: Dial
    ) -> Outcome | Redirect:
        sent = poll.validators_for(target, self._clock())
        # httpx sees the origin only: what it logs, or puts into an error, holds no secret.
        request = httpx.Request(
            "GET",
            _origin_url(f"{target.scheme}://{target.netloc}/"),
            headers=self._headers(poll, target, sent),
            extensions={"target": target.sent.encode(), "dial": dial},
        )
        way = replace(poll.way, lenient=target.origin in self._misframing)
        try:
            return await self._send(poll, target, sent, request, way)
        except MisframedError:
            if not way.may_be_lenient:
                raise
        # Once more, as another parser reads it; its word counts, and it is remembered for whom.
        self._misframing.add(target.origin)
        return await self._send(poll, target, sent, request, replace(way, lenient=True))

    async def _send(
        self,
        poll: RedirectChain,
        target: Target,
        sent: Validators,
        request: httpx.Request,
        way: Way,
    ) -> Outcome | Redirect:
        async with self._clients.hold(way) as client:
            response = await client.handle_async_request(request)
            try:
                return await self._judge(poll, target, sent, response)
            finally:
                await response.aclose()

    def _headers(
        self, poll: RedirectChain, target: Target, sent: Validators
    ) -> list[tuple[bytes, bytes]]:
        """Return the header of a request, in the same order and spelling at every poll."""
        ours = [
            (b"Host", target.netloc.encode()),
            (b"Accept", ACCEPT),
            (b"Accept-Encoding", ACCEPT_ENCODING),
            (b"User-Agent", poll.manner.user_agent or self._user_agent),
        ]
        theirs: list[tuple[bytes, bytes]] = []
        if target.origin == poll.own.origin:
            theirs += poll.manner.headers
            if poll.own.authorization is not None:
                theirs.append((b"Authorization", poll.own.authorization.encode()))
        replaced = {name.lower() for name, _ in theirs}
        headers = [pair for pair in ours if pair[0].lower() not in replaced] + theirs
        if (cookie := poll.cookie_for(target)) is not None:
            headers.append((b"Cookie", cookie))
        if sent.etag is not None:
            headers.append((b"If-None-Match", sent.etag))
        if sent.last_modified is not None:
            headers.append((b"If-Modified-Since", sent.last_modified))
        return headers

    async def _judge(
        self, poll: RedirectChain, target: Target, sent: Validators, response: httpx.Response
    ) -> Outcome | Redirect:
        poll.met_certificate(response.extensions["certificate_until_at"])
        poll.cookies.note(target.origin, response.extensions["cookies"])
        raw = response.headers.raw
        excess = header_excess(raw, self._limits)
        if excess is not None:
            detail = f"the header from {target.host} {excess}"
            raise FetchError(Problem(ProblemKind.TOO_LARGE, detail))
        status = response.status_code
        now = self._clock()
        said = http_hints(status, raw, now)
        if status in HOST_WIDE and said.retry_after is not None:
            self._waits.note(target.origin, now + said.retry_after, now)
        hints = poll.hints_with(said)
        mitigated = mitigated_problem(status, target.host, raw)
        if mitigated is not None:
            return Failed(mitigated, status, hints)
        if status in {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}:
            return await self._document(poll, target, response, hints)
        if status == HTTPStatus.NOT_MODIFIED and (sent or poll.is_stored):
            return NotModified(
                url=target.url,
                # Of what nobody asked about: perhaps of another document than the one that we have.
                validators=poll.received(target, response) if sent else NO_VALIDATORS,
                hints=hints,
                permanent_url=poll.permanent_url(target),
                certificate_until_at=poll.certificate_until_at,
            )
        if status == HTTPStatus.NOT_MODIFIED:
            problem = status_problem(status, target.host, raw)
            return Failed(replace(problem, kind=ProblemKind.PROTOCOL), status, hints)
        if status in _REDIRECTS:
            found = redirect_target(target, response.extensions["location"])
            if isinstance(found, Problem):
                return Failed(found, status, hints)
            await _drain(response)
            found = without_signature(found, poll.own.signature)
            return Redirect(found, permanent=status in _PERMANENT, hints=hints)
        page = await read_error_page(response, target.host, self._limits)
        problem = status_problem(status, target.host, raw, page)
        return Gone(problem) if status == HTTPStatus.GONE else Failed(problem, status, hints)

    async def _document(
        self, poll: RedirectChain, target: Target, response: httpx.Response, hints: HttpHints
    ) -> Fetched:
        status = response.status_code
        coding = response.headers.get("content-encoding", "")
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and len(declared) < 20 and int(declared) > self._limits.wire_bytes:
            detail = f"the body from {target.host} is larger than {self._limits.wire_bytes} B"
            raise FetchError(Problem(ProblemKind.TOO_LARGE, detail), status=status, hints=hints)
        told = declared.isdecimal() and not coding and "transfer-encoding" not in response.headers
        admit = partial(poll.admit, int(declared) if told else self._limits.decoded_bytes)
        try:
            read = await read_body(response.aiter_raw(), coding, target.host, self._limits, admit)
        except FetchError as error:
            raise FetchError(error.problem, status=status, hints=hints) from error
        except MisframedError:
            raise
        except httpx.RemoteProtocolError as error:
            problem = framing_problem(error, target.host) or Problem(
                ProblemKind.PROTOCOL, f"the body from {target.host} ends early"
            )
            raise FetchError(problem, status=status, hints=hints) from error
        if poll.reservation is not None:
            poll.reservation.keep(len(read.body))
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
            permanent_url=poll.permanent_url(target),
            links=tuple(response.headers.get_list("link")),
            end_told=bool(declared or coding or "transfer-encoding" in response.headers),
            certificate_until_at=poll.certificate_until_at,
        )

    def _explain(
        self, error: httpx.TransportError, poll: RedirectChain, target: Target, dial: Dial
    ) -> Problem:
        """Say what a failed connection or transfer means; the guard's own reason comes first."""
        if dial.refused and not dial.admitted:
            return poll.guard.refusal(poll.own, target, dial.refused)
        found = self._connection_problem(error, target)
        proxy = poll.way.proxy
        if proxy is None or dial.direct or found.kind is ProblemKind.TLS:
            return found
        if isinstance(error, httpx.ProxyError):
            detail = f"the proxy {proxy.netloc} does not connect to {target.host}: {error}"
            found = Problem(ProblemKind.CONNECT, detail)
        else:
            found = replace(found, detail=f"{found.detail} (through the proxy {proxy.netloc})")
        where = "the source" if poll.guard.always else "[network]"
        return replace(found, remedy=f"check the proxy, or proxy in {where}")

    def _connection_problem(self, error: httpx.TransportError, target: Target) -> Problem:
        if isinstance(error, httpx.ConnectTimeout):
            seconds = f"{self._limits.connect.total_seconds():g} s"
            what = "TLS connection" if target.scheme == "https" else "connection"
            detail = f"no {what} to {target.host}:{target.port} within {seconds}"
            return Problem(ProblemKind.CONNECT, detail)
        found = connection_problem(error, target.host, target.port)
        if found is not None:
            return found
        detail = f"{target.host} answered with nothing, or with what is not HTTP"
        return framing_problem(error, target.host) or Problem(ProblemKind.PROTOCOL, detail)


async def _drain(response: httpx.Response) -> None:
    """Read a small body away, so that its connection can serve the next request."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and len(length) < 10 and int(length) <= _MAX_DRAINED_BYTES:
        async for _ in response.aiter_raw():
            pass
