"""Pages that only a browser passes, asked for by a solver of the operator's (`fetch_via`).

A solver is a browser behind FlareSolverr's API: `POST /v1` with a URL, answered with what the
browser shows. It is the operator's own, like a proxy, so its address may be private. What it is
asked for is not: a browser in the operator's network would be the best way into it. So the URL is
judged before it is handed over and the one that answered afterwards, their names looked up too,
unless a proxy of `[network]` says that names are looked up elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from aggregator.fetch.body import read_body
from aggregator.fetch.client_pool import Clients, Way
from aggregator.fetch.codings import ACCEPT_ENCODING
from aggregator.fetch.deadline import Deadline
from aggregator.fetch.failures import FetchError, connection_problem, status_problem
from aggregator.fetch.guard import Dial, Guard
from aggregator.fetch.request_limits import header_excess
from aggregator.fetch.request_target import parse_target
from aggregator.model import Failed, Fetched, Gone, Problem, ProblemKind, Solution, Validators
from aggregator.model.errors import UnreadableError
from aggregator.parse.solutions import read_solution
from aggregator.runtime.values import dataclass
from aggregator.schedule.cache_headers import http_hints

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.fetch.body import Reservation
    from aggregator.fetch.dns import Resolver
    from aggregator.fetch.origins import Gates
    from aggregator.fetch.request_limits import FetchLimits
    from aggregator.fetch.request_target import Target
    from aggregator.model import Outcome
    from aggregator.model.worker_protocols import WorkerPool

_API = "/v1"
_REMEDY = "start the solver, or check fetch_via of the source"

#: Of a page that came with an error, what is looked at.
_PAGE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Solvers:
    """The way through solvers; `resolves`: names are looked up here before one is asked.

    `workers` read their answers; without, a thread does.
    """

    clients: Clients
    gates: Gates
    limits: FetchLimits
    resolver: Resolver
    guard: Guard
    resolves: bool
    user_agent: bytes
    clock: Callable[[], datetime]
    workers: WorkerPool | None = None

    async def fetch(
        self, via: str, own: Target, start: Target, reservation: Reservation | None
    ) -> Outcome:
        """Ask the solver at `via` for `start`, where `own` is now; raises `FetchError`.

        One request at a time to a solver, and to the page's host. There are no conditional requests
        on this way, nor do redirects tell whether they are lasting.
        """
        solver = parse_target(via)
        if isinstance(solver, Problem):
            return Failed(solver)
        limits = self.limits
        deadline = Deadline((limits.deadline + limits.solving).total_seconds())
        async with AsyncExitStack() as held:
            # In one order, so that no two wait for each other.
            for origin in sorted({start.origin, solver.origin}):
                await held.enter_async_context(self.gates.hold(origin))
            try:
                async with deadline.running():
                    await self._admit(own, start)
                    answer = await self._ask(solver, start, deadline, reservation)
            except TimeoutError:
                seconds = f"{(limits.deadline + limits.solving).total_seconds():g} s"
                raise _trouble(
                    ProblemKind.TIMEOUT, solver, f"did not finish within {seconds}"
                ) from None
            except httpx.TransportError as error:
                raise _trouble(ProblemKind.CONNECT, solver, _why(error, solver)) from error
        solution = await self._read(answer)
        if isinstance(solution, Problem):
            raise _trouble(solution.kind, solver, solution.detail)
        if reservation is not None:
            reservation.keep(len(solution.body))
        return await self._judge(own, solution)

    async def _admit(self, own: Target, target: Target) -> None:
        """Judge a URL that the browser is to ask for, or has; raises `FetchError` (BLOCKED)."""
        # A browser knows names of its own machine that no resolver does.
        spelt = replace(self.guard, proxied=True).check(own, target)
        dial = self.guard.check(own, target)
        for found in (spelt, dial):
            if isinstance(found, Problem):
                raise FetchError(found)
        if not self.resolves or target.address is not None or isinstance(dial, Problem):
            return
        try:
            addresses = await self.resolver.resolve(target.host)
        except socket.gaierror:
            return  # the browser will say so, or knows better
        for address in addresses[: self.limits.addresses]:
            dial.admits(address)
        if dial.refused:
            raise FetchError(self.guard.refusal(own, target, dial.refused))

    async def _ask(
        self, solver: Target, start: Target, deadline: Deadline, reservation: Reservation | None
    ) -> bytes:
        milliseconds = int(self.limits.solving.total_seconds() * 1000)
        command = {"cmd": "request.get", "url": start.url, "maxTimeout": milliseconds}
        path = solver.target.rstrip("/")
        request = httpx.Request(
            "POST",
            f"{solver.scheme}://{solver.netloc}/",
            headers=[
                (b"Host", solver.netloc.encode()),
                (b"Accept", b"application/json"),
                (b"Accept-Encoding", ACCEPT_ENCODING),
                (b"User-Agent", self.user_agent),
                (b"Content-Type", b"application/json"),
            ],
            content=json.dumps(command).encode(),
            extensions={
                "target": (path if path.endswith(_API) else path + _API).encode(),
                "dial": Dial(pool="named", anywhere=True),
            },
        )
        async with self.clients.hold(Way()) as client:
            response = await client.handle_async_request(request)
            try:
                excess = header_excess(response.headers.raw, self.limits)
                if excess is not None:
                    raise _trouble(ProblemKind.TOO_LARGE, solver, f"sends a header that {excess}")
                read = await read_body(
                    response.aiter_raw(),
                    response.headers.get("content-encoding", ""),
                    f"the solver {solver.netloc}",
                    self.limits,
                    partial(_admit, self.limits.decoded_bytes, deadline, reservation),
                )
                return read.body
            finally:
                await response.aclose()

    async def _read(self, answer: bytes) -> Solution | Problem:
        if self.workers is None:
            return await asyncio.to_thread(read_solution, answer)
        try:
            found: Solution | Problem = await self.workers.run(
                (read_solution,), answer, deadline=self.limits.deadline
            )
        except UnreadableError as error:
            raise FetchError(error.problem) from error
        return found

    async def _judge(self, own: Target, solution: Solution) -> Outcome:
        answered = parse_target(solution.url)
        if isinstance(answered, Problem):
            return Failed(replace(answered, detail=f"the solver came to where {answered.detail}"))
        await self._admit(own, answered)
        headers = list(solution.headers)
        hints = http_hints(solution.status, headers, self.clock())
        if solution.status not in {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}:
            page = solution.body[:_PAGE_BYTES].decode(errors="replace")
            problem = status_problem(solution.status, answered.host, headers, page)
            if solution.status == HTTPStatus.GONE:
                return Gone(problem)
            return Failed(problem, solution.status, hints, answered.url)
        if not solution.body:
            detail = f"{answered.host} answered with an empty page"
            return Failed(Problem(ProblemKind.NOT_A_FEED, detail), solution.status, hints)
        return Fetched(
            url=answered.url,
            status=solution.status,
            body=solution.body,
            sha256=solution.sha256,
            content_type=None,
            validators=Validators(),
            hints=hints,
        )


async def _admit(size_bytes: int, deadline: Deadline, reservation: Reservation | None) -> None:
    """Wait for room for an answer of up to this size; that takes nothing from the deadline."""
    if reservation is not None:
        with deadline.paused():
            await reservation.reserve(size_bytes)


def _why(error: httpx.TransportError, solver: Target) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "cannot be reached: no connection in time"
    found = connection_problem(error, solver.host, solver.port)
    return f"cannot be reached: {found.detail}" if found else "answered with what is not HTTP"


def _trouble(kind: ProblemKind, solver: Target, what: str) -> FetchError:
    return FetchError(Problem(kind, f"the solver {solver.netloc} {what}", _REMEDY))
