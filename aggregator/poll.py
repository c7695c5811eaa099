"""One poll, whole: fetch, parse, refine, absorb. The only place that names every stage."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aggregator import parse, refine
from aggregator.errors import UnreadableError
from aggregator.model import Body, Failed, Fetched
from aggregator.schedule.policy import next_poll

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from datetime import datetime

    from aggregator.fetch import Fetcher
    from aggregator.model import Outcome, Plan, PollResult, PollState, Refined, Tally
    from aggregator.schedule.policy import Bounds
    from aggregator.store import Store
    from aggregator.workers import Workers

T = TypeVar("T")

#: Parsing and refining one document take longer than this only when it is made to be slow.
PARSE_DEADLINE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a poll works with; clock and dice are values, the threads are for the store."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    threads: Executor
    bounds: Bounds
    clock: Callable[[], datetime]
    dice: Callable[[], float]

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Run a blocking function of the store in a thread of its own pool."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, function)


async def poll(state: PollState, tools: Tools) -> PollResult:
    """Poll one source and commit what came of it; expected trouble is part of the result."""
    outcome = await tools.fetcher.fetch(state.source.url, state.validators)
    outcome, refined = await _read(state, outcome, tools)
    return await commit(state, outcome, refined, tools)


async def commit(
    state: PollState, outcome: Outcome, refined: Refined | None, tools: Tools
) -> PollResult:
    """Decide when to come back, and store it with everything that the poll brought."""
    now = tools.clock()

    def plan(_: Tally) -> Plan:
        return next_poll(state, outcome, now=now, bounds=tools.bounds, dice=tools.dice)

    return await tools.in_thread(
        partial(tools.store.absorb, state, outcome, refined, plan, now=now)
    )


async def _read(state: PollState, outcome: Outcome, tools: Tools) -> tuple[Outcome, Refined | None]:
    """Parse and refine a body that is not the one we have already; an unreadable one has failed."""
    if not isinstance(outcome, Fetched) or outcome.sha256 == state.body_sha256:
        return outcome, None
    body = Body(
        body=outcome.body,
        content_type=outcome.content_type,
        source_url=state.source.url,
        timezone=state.source.timezone,
        seen_at=tools.clock(),
    )
    try:
        refined: Refined = await tools.workers.run(
            (parse.read, refine.normalise), body, deadline=PARSE_DEADLINE
        )
    except UnreadableError as error:
        return Failed(error.problem, hints=outcome.hints), None
    return outcome, refined


def describe(result: PollResult) -> str:
    """Return one line about a finished poll, for people."""
    tally = result.tally
    if result.problem is not None:
        text = str(result.problem)
    elif result.outcome == "held":
        text = "not polled, the publisher asked to wait"
    elif result.outcome == "parsed":
        counts = [f"{tally.new} new", f"{tally.updated} updated"]
        counts += [f"{tally.held_back} of them held back"] if tally.held_back else []
        text = ", ".join(counts)
    else:
        text = "unchanged"
    at = result.plan.at.astimezone()
    return f"{result.source}: {text}; next poll {at:%Y-%m-%d %H:%M:%S%z} ({result.plan.because})"
