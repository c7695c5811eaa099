"""What is counted of answers: how many, by status; what caches hold, and how they were asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aggregator.model.measures import counter, gauges

if TYPE_CHECKING:
    from aggregator.model.measures import Measure
    from aggregator.serve.server_context import Caches

#: Those of which more than one value is ever kept.
_TOLD = ("pages", "renderings", "rivers", "searches", "lists", "encodings")


class AnswerCounts:
    """Answers from the start of the process on, by status: our own few."""

    def __init__(self) -> None:
        self.by_status: Counter[int] = Counter({200: 0, 304: 0, 404: 0, 503: 0})

    def measures(self, caches: Caches) -> tuple[Measure, ...]:
        """Return all that is counted of answers and caches."""
        told = {name: getattr(caches, name) for name in _TOLD}
        return (
            counter(
                "aggregator_http_responses", "Answers of the server, by status.", "status",
                {str(status): number for status, number in sorted(self.by_status.items())},
            ),
            counter(
                "aggregator_cache_hits", "Answers that were in memory, by cache.", "cache",
                {name: one.hits for name, one in told.items()},
            ),
            counter(
                "aggregator_cache_misses", "Answers that had to be made, by cache.", "cache",
                {name: one.misses for name, one in told.items()},
            ),
            counter(
                "aggregator_cache_failures", "Answers that could not be made, by cache.", "cache",
                {name: one.failures for name, one in told.items()},
            ),
            gauges(
                "aggregator_cache_bytes", "Bytes in memory, by cache.", "cache",
                [(name, one.bytes_held) for name, one in told.items()],
            ),
            caches.renderings.seconds.measure(
                "aggregator_rendering_duration_seconds",
                "Documents of feeds that were made, reading the database included.",
            ),
        )  # fmt: skip
