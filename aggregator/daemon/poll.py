"""One poll, whole: fetch, parse, refine, absorb. The only place that names every stage."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from aggregator.daemon import first_answers, reading
from aggregator.daemon.terms import is_ours
from aggregator.fetch import is_unconditional
from aggregator.model import (
    Attempt,
    Body,
    Decision,
    Failed,
    Fetched,
    FinishedPoll,
    Gone,
    ProblemKind,
    Validators,
)
from aggregator.model.errors import UnreadableError
from aggregator.runtime.values import dataclass
from aggregator.schedule import history
from aggregator.schedule.doubt import is_doubted
from aggregator.schedule.gaps import alarm
from aggregator.schedule.host_holds import answering_host, closes_host
from aggregator.schedule.mirror_choice import in_turn
from aggregator.schedule.policy import REFUSED, next_poll
from aggregator.stories.concealment import public_base_url
from aggregator.web.addresses import origin_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Executor
    from datetime import datetime
    from pathlib import Path

    from aggregator.daemon.bytes_in_flight import BodyReservation, BytesInFlight
    from aggregator.daemon.poll_measures import PollMeasures
    from aggregator.daemon.workers import Workers
    from aggregator.fetch import Fetcher
    from aggregator.model import (
        Allowance,
        Mirror,
        News,
        Outcome,
        PollResult,
        PollState,
        Refined,
        SiteRule,
        Source,
    )
    from aggregator.schedule.price import PollingBounds, Pricing
    from aggregator.store import PollStore

T = TypeVar("T")

#: Parsing and refining one document take longer than this only when it is made to be slow.
PARSE_DEADLINE = timedelta(seconds=10)


#: Failures that nobody expects to be over in a moment.
_LASTING = frozenset({ProblemKind.CHALLENGE, ProblemKind.ACCESS, ProblemKind.BLOCKED})


@dataclass(frozen=True, slots=True)
class Tools:
    """What a poll works with; clock and dice are values, the threads are for the store.

    `pricing` returns the present price of a request.
    """

    store: PollStore
    store_path: Path
    fetcher: Fetcher
    workers: Workers
    bodies: BytesInFlight
    threads: Executor
    bounds: PollingBounds
    allow_private: tuple[Allowance, ...]
    sites: tuple[SiteRule, ...]
    pricing: Callable[[], Pricing]
    clock: Callable[[], datetime]
    dice: Callable[[], float]
    measures: PollMeasures

    def is_ours(self, source: Source) -> bool:
        """Tell whether a source's host is the operator's own: covered by `allow_private`.

        Nothing that a list brings is.
        """
        return source.of_list is None and is_ours(source.urls[0], self.allow_private)

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Run a blocking function of the store in a thread of its own pool."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, function)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a poll found: every mirror that was asked, and what the last one's document says."""

    attempts: tuple[Attempt, ...]
    refined: Refined | None = None

    @property
    def outcome(self) -> Outcome:
        """The poll's outcome: the last attempt's."""
        return self.attempts[-1].outcome


async def ask(state: PollState, tools: Tools) -> Answers:
    """Ask the source's mirrors in turn until one answers with what can be read."""
    attempts: list[Attempt] = []
    closed: set[str] = set()
    rhythm, pool = history.recall(state.history, state).rhythm, tools.pricing().pool
    for mirror in in_turn(state.mirrors, tools.clock()):
        if closed and origin_of(mirror.effective_url) in closed:
            continue
        now = tools.clock()
        is_doubtful = is_doubted(mirror.document_at, rhythm, pool, now=now)
        held = Validators() if is_doubtful else mirror.validators
        with tools.bodies.reservation() as reservation:
            outcome: Outcome | None = None
            if state.last_poll_at is None:
                take = partial(first_answers.take, tools.store_path, mirror.url, now)
                outcome = await tools.in_thread(take)
            outcome = outcome or await _fetch(state, mirror, held, reservation, tools)
            if mirror.moved_url is not None and isinstance(outcome, Gone):
                # It is the learnt URL that is gone; the configured one is asked next time.
                outcome = Failed(outcome.problem, HTTPStatus.GONE)
            outcome, refined = await _read(state, mirror, outcome, tools)
        attempts.append(
            Attempt(
                mirror.url,
                outcome,
                is_unconditional(held, now),
                state.source.of_list is None
                and is_ours(_answered_url(mirror, outcome), tools.allow_private),
            )
        )
        if not isinstance(outcome, Failed | Gone):
            return Answers(tuple(attempts), refined)
        if closes_host(attempts[-1]):
            closed.add(answering_host(attempts[-1]))
    # The mildest failure speaks for the source, the preferred mirror's of equals: that one mirror
    # is gone, or asks for a day, is no reason to leave the others alone for so long.
    attempts.sort(key=_severity)
    attempts.reverse()
    if len(attempts) < len(state.mirrors):
        attempts[-1] = _not_for_all(attempts[-1])
    return Answers(tuple(attempts))


async def _fetch(
    state: PollState, mirror: Mirror, held: Validators, reservation: BodyReservation, tools: Tools
) -> Outcome:
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    outcome = await tools.fetcher.fetch(
        mirror.url,
        held,
        access=state.source.access,
        moved_url=mirror.moved_url,
        is_stored=mirror.body_sha256 is not None,
        is_listed=state.source.of_list is not None,
        reservation=reservation,
    )
    tools.measures.asked(outcome, loop.time() - begun_s)
    return outcome


def _answered_url(mirror: Mirror, outcome: Outcome) -> str:
    match outcome:
        case Failed(answered_url=str() as url):
            return url
        case _:
            return mirror.effective_url


def _not_for_all(attempt: Attempt) -> Attempt:
    """Return what a mirror's failure means while others of the source merely rest."""
    match attempt.outcome:
        case Gone(problem=problem):
            return replace(attempt, outcome=Failed(problem, HTTPStatus.GONE))
        case Failed(status=status) if status in REFUSED:
            return replace(attempt, outcome=replace(attempt.outcome, status=None))
        case _:
            return attempt


def _severity(attempt: Attempt) -> int:
    match attempt.outcome:
        case Gone():
            return 3
        case Failed(problem=problem, status=status) if (
            problem.kind in _LASTING or status in REFUSED
        ):
            return 2
        case Failed(hints=hints) if hints.retry_after is not None:
            return 1
        case _:
            return 0


async def commit(
    state: PollState,
    found: Answers,
    tools: Tools,
    keep: Callable[[FinishedPoll], Awaitable[PollResult]],
) -> PollResult:
    """Decide when to come back, and let `keep` store it with everything that the poll brought."""
    now, pricing = tools.clock(), tools.pricing()
    known = history.recall(state.history, state)
    asked = state if found.refined is None else replace(state, hints=found.refined.head.hints)

    outcome = found.outcome
    if len(state.mirrors) > 1 and isinstance(outcome, Failed):
        # A mirror's Retry-After closes its host; the others may be asked.
        outcome = replace(outcome, hints=replace(outcome.hints, retry_after=None))

    limits: list[datetime] = []
    published: tuple[datetime | None, ...] = ()

    def decide(news: News) -> Decision:
        nonlocal published
        learnt, published = known, news.published
        if news.limited_until_at is not None:
            limits.append(news.limited_until_at)
        if not isinstance(outcome, Failed | Gone):
            learnt = history.observe(
                known, news.tally, news.published, now=now, polled_at=state.last_success_at
            )
        plan = next_poll(
            asked,
            learnt,
            outcome,
            now=now,
            bounds=tools.bounds,
            pricing=pricing,
            dice=tools.dice,
            host_until=state.host_until_at,
            limited_until=news.limited_until_at,
        )
        told = None if learnt is known else history.to_text(learnt)
        gaps = learnt.window.gaps if alarm(learnt.window, now) else 0
        return Decision(plan, told, gaps)

    result = await keep(FinishedPoll(state, found.attempts, found.refined, decide, now))
    tools.measures.came(published, now, state.first_polled_at)
    if limits:
        tools.fetcher.leave_alone(answering_host(found.attempts[-1]), max(limits))
    return result


async def _read(
    state: PollState, mirror: Mirror, outcome: Outcome, tools: Tools
) -> tuple[Outcome, Refined | None]:
    """Parse and refine a body that is not the one we have already; an unreadable one has failed.

    What comes back holds no body any more: nothing after this reads it, and it may be large.
    """
    if not isinstance(outcome, Fetched):
        return outcome, None
    if outcome.sha256 == mirror.body_sha256:
        return replace(outcome, body=b""), None
    body = Body(
        body=outcome.body,
        content_type=outcome.content_type,
        source_url=public_base_url(state.source),
        timezone=state.source.timezone,
        seen_at=tools.clock(),
        encoding=state.source.encoding,
        max_entries=state.source.max_entries,
        sites=tools.sites,
    )
    try:
        refined: Refined = await tools.workers.run(
            (reading.read,),
            body,
            deadline=PARSE_DEADLINE,
            size_bytes=len(body.body),
        )
    except UnreadableError as error:
        return Failed(error.problem, hints=outcome.hints), None
    head = refined.head
    if head.truncated and head.read_up_to is None and not outcome.end_told:
        # The connection broke off: what came is kept, and the rest is to be asked for again.
        outcome = replace(outcome, validators=Validators(), sha256=b"")
    return replace(outcome, body=b""), refined
