"""After a restart, or when our network is back: what is overdue is spread out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

#: All that is overdue is polled within this time, and if it is little, at this pace.
LONGEST_SPREAD = timedelta(minutes=5)
SPREAD_PACE = timedelta(seconds=1)


def spread(count: int, *, now: datetime, dice: Callable[[], float]) -> tuple[datetime, ...]:
    """Return a moment for each of `count` sources that are due at `now`, earliest first.

    Each is somewhere in a part of its own of `LONGEST_SPREAD`, or of a second a source if that is
    less: neither in one heap nor in step.
    """
    whole = min(count * SPREAD_PACE, LONGEST_SPREAD)
    return tuple(now + (place + dice()) / count * whole for place in range(count))
