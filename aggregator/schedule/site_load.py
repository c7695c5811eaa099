"""Which sites have more sources than can be asked in turn as often as they should be."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.notes import CrowdedSite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Source
    from aggregator.schedule.price import PollingBounds

#: An answer takes as long, from one host and another.
USUAL_ANSWER = timedelta(seconds=1)


def crowded(
    sources: Iterable[Source], bounds: PollingBounds, *, pause: timedelta
) -> tuple[CrowdedSite, ...]:
    """Return the sites whose requests, `pause` apart, do not fit the intervals of their sources.

    `sources` are those that the pause holds for. One without an interval of its own counts with
    that of an average source.
    """
    usual = min(max(timedelta(days=1) / bounds.budget, bounds.shortest), bounds.longest)
    waiting: dict[str, list[timedelta]] = defaultdict(list)
    for source in sources:
        if source.enabled:
            waiting[source.queue].append(source.interval or usual)
    found = []
    for site, intervals in waiting.items():
        whole = len(intervals) * (pause + USUAL_ANSWER)
        apart = len(intervals) / sum(1 / interval.total_seconds() for interval in intervals)
        if whole.total_seconds() > apart:
            found.append(CrowdedSite(site, len(intervals), whole, timedelta(seconds=apart)))
    return tuple(found)
