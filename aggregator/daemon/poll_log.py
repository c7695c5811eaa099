"""What the log says of polls: news and changes of state, never the daily hum."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.daemon.log import event
from aggregator.model import PollOutcome
from aggregator.operations.messages import problem_text
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.model import PollResult, Problem

log = logging.getLogger(__name__)

#: A failure that lasts is logged when it changes, then this often.
REMINDER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Failure:
    problem: Problem
    logged_at: datetime


class Reports:
    """Turns poll results into log lines and counts for the hourly summary.

    New entries and changes of state are logged at info or above, everything else at debug.
    """

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}
        self._unreached: set[str] = set()
        self._counts: Counter[str] = Counter()

    def expect(self, failing: Mapping[str, Problem], now: datetime) -> None:
        """Start with what the database knows to be failing; forget sources that are no more."""
        self._failures = {
            name: self._failures.get(name) or _Failure(problem, now)
            for name, problem in failing.items()
        }

    @property
    def failing(self) -> int:
        """How many sources failed when they were polled last."""
        return len(self._failures)

    def add(self, result: PollResult, now: datetime) -> None:
        """Log one finished poll as far as it is news."""
        if result.outcome is PollOutcome.OFFLINE:
            self._not_reached(result)
            return
        if result.outcome in (PollOutcome.HELD, PollOutcome.CLAIMED):
            return  # nobody was asked
        self._unreached.clear()
        self._counts["polls"] += 1
        if result.problem is not None:
            self._counts["failed"] += 1
            self._failed(result, result.problem, now)
            return
        if self._failures.pop(result.source, None) is not None:
            log.info(event("source works again", source=result.source))
        tally = result.tally
        self._counts["new"] += tally.new
        self._counts["updated"] += tally.updated
        if result.outcome is not PollOutcome.PARSED:
            self._counts["unchanged"] += 1
        if tally.held_back:
            log.warning(event("old entries held back", source=result.source, n=tally.held_back))
        level = logging.INFO if tally.new or tally.updated else logging.DEBUG
        if not log.isEnabledFor(level):
            return
        log.log(
            level,
            event(
                "polled",
                source=result.source,
                outcome=result.outcome,
                new=tally.new or None,
                updated=tally.updated or None,
                next=result.plan.at.astimezone().isoformat(timespec="seconds"),
                because=result.plan.because,
            ),
        )

    def summary(self) -> None:
        """Log the counts since the last summary."""
        counts = {
            name: self._counts[name] for name in ("polls", "unchanged", "failed", "new", "updated")
        }
        self._counts.clear()
        log.info(event("last hour", **counts, failing=self.failing))

    def _not_reached(self, result: PollResult) -> None:
        """Tell once of each source that our own network keeps us from; it is no failure of its."""
        is_news = result.source not in self._unreached
        self._unreached.add(result.source)
        problem = None if result.problem is None else problem_text(result.problem)
        log.log(
            logging.INFO if is_news else logging.DEBUG,
            event("not reached", source=result.source, problem=problem),
        )

    def _failed(self, result: PollResult, problem: Problem, now: datetime) -> None:
        known = self._failures.get(result.source)
        is_news = known is None or known.problem != problem or now - known.logged_at >= REMINDER
        if is_news:
            self._failures[result.source] = _Failure(problem, now)
        level = logging.WARNING if is_news else logging.DEBUG
        if not log.isEnabledFor(level):
            return
        log.log(
            level,
            event(
                "source fails",
                source=result.source,
                problem=problem_text(problem),
                next=result.plan.at.astimezone().isoformat(timespec="seconds"),
                because=result.plan.because,
            ),
        )
