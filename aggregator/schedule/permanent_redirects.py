"""When a permanent redirect is believed: seen long enough, and often enough, at one target.

Captive portals, parking pages and half-done migrations send 301 too; a move that is remembered at
once would be remembered wrong (feedbin waits for a day of them, NewsBlur for ten).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

#: A move is believed after so many polls, over so long, all led to the same URL.
POLLS_TO_BELIEVE = 3
TIME_TO_BELIEVE = timedelta(hours=48)

#: A moved URL that fails so often in a row is forgotten: the configured one is asked again.
FAILURES_TO_FORGET = 3


@dataclass(frozen=True, slots=True)
class RedirectSighting:
    """A permanent redirect to `url`, seen at `polls` polls since `since_at`."""

    url: str
    since_at: datetime
    polls: int


def sight(
    before: RedirectSighting | None, permanent_url: str | None, now: datetime
) -> RedirectSighting | None:
    """Return the sighting after a poll that read a document, or was told it is unchanged.

    `permanent_url` is where permanent redirects alone led to; `None` ends a sighting.
    """
    if permanent_url is None:
        return None
    if before is None or before.url != permanent_url or before.since_at > now:
        return RedirectSighting(permanent_url, now, 1)
    return RedirectSighting(permanent_url, before.since_at, before.polls + 1)


def is_lasting(sighting: RedirectSighting, now: datetime) -> bool:
    """Tell whether the move is believed."""
    return sighting.polls >= POLLS_TO_BELIEVE and now - sighting.since_at >= TIME_TO_BELIEVE
