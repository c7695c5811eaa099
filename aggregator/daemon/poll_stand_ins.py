"""What stands for a poll that was not made, or that a bug of ours ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.daemon.poll import Answers
from aggregator.model import (
    Attempt,
    Failed,
    Plan,
    PollOutcome,
    PollResult,
    Problem,
    ProblemKind,
    Tally,
)

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import PollState

log = logging.getLogger(__name__)


def bug(state: PollState, error: Exception) -> Answers:
    """Log a bug of ours whole; the source backs off as after any failure."""
    log.error(event("poll failed", source=state.source.name), exc_info=error)
    problem = Problem(ProblemKind.INTERNAL, f"{type(error).__name__} (see the log)")
    return Answers((Attempt(state.mirrors[0].url, Failed(problem)),))


def held(state: PollState, now: datetime) -> PollResult | None:
    """Return the result of a poll that a Retry-After or a hold of the host forbids, or `None`."""
    waits = [at for at in (state.not_before_at, state.host_until_at) if at is not None]
    until = max(waits, default=now)
    if until <= now:
        return None
    because = "Retry-After" if until == state.not_before_at else "its host is left alone"
    plan = Plan(until, because, until)
    if state.next_poll_at is not None and state.next_poll_at > until:
        plan = Plan(state.next_poll_at, "as planned before", until)
    return PollResult(state.source.name, PollOutcome.HELD, Tally(), plan)
