"""What is counted of polls: how they end, how long they take, what they bring and how late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Fetched, PollOutcome, ProblemKind
from aggregator.model.measures import Distribution, count, counter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Outcome, PollResult
    from aggregator.model.measures import Measure

#: Seconds of a request: a near server, a far one, one at its end, the deadline.
REQUEST_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
#: Seconds between an entry's date and its coming: a minute to a week.
DELAY_BOUNDS = tuple(
    float(minutes * 60) for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 1440, 10080)
)


def notice_measure(counts: Mapping[str, int]) -> Measure:
    """Return what is counted of messages to those who are told of trouble."""
    told = "Messages to those who are told of trouble, by outcome."
    return counter("aggregator_notices", told, "outcome", counts)


class PollMeasures:
    """Counts from the start of the process on; on the event loop alone."""

    def __init__(self) -> None:
        self._polls = dict.fromkeys((one.value for one in PollOutcome), 0)
        self._failures = dict.fromkeys((one.value for one in ProblemKind), 0)
        self._entries = {"new": 0, "updated": 0}
        self._requests = Distribution(REQUEST_BOUNDS)
        self._delays = Distribution(DELAY_BOUNDS)
        self._bytes = 0

    def polled(self, result: PollResult) -> None:
        """Count a poll that has ended."""
        self._polls[result.outcome.value] += 1
        if result.outcome is PollOutcome.FAILED and result.problem is not None:
            self._failures[result.problem.kind.value] += 1
        self._entries["new"] += result.tally.new
        self._entries["updated"] += result.tally.updated

    def asked(self, outcome: Outcome, seconds: float) -> None:
        """Count a request, with its redirects, that took so long."""
        self._requests.add(seconds)
        if isinstance(outcome, Fetched):
            self._bytes += len(outcome.body)

    def came(
        self, published: Sequence[datetime | None], now: datetime, first_polled_at: datetime | None
    ) -> None:
        """Count how late entries came that were published since their source was polled first."""
        if first_polled_at is None:
            return
        for at in published:
            if at is not None and at > first_polled_at:
                self._delays.add(max(now - at, timedelta(0)).total_seconds())

    def measures(self) -> tuple[Measure, ...]:
        """Return all of it as it is now."""
        return (
            counter(
                "aggregator_polls", "Polls that have ended, by outcome.", "outcome", self._polls
            ),
            counter(
                "aggregator_poll_failures", "Polls that failed, by problem.", "problem",
                self._failures,
            ),
            self._requests.measure(
                "aggregator_request_duration_seconds",
                "Requests of polls, from the asking to the last byte, with waits for their turn.",
            ),
            count(
                "aggregator_fetched_bytes", "Bytes of documents that came, unpacked.", self._bytes
            ),
            counter(
                "aggregator_entries", "Entries that polls brought, by what is new of them.", "what",
                self._entries,
            ),
            self._delays.measure(
                "aggregator_entry_delay_seconds",
                "From an entry's date to its coming, of sources that were polled before.",
            ),
        )  # fmt: skip
