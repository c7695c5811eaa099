"""When a feed has changed, as its readers are told: the true time, which never goes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

#: Changes that are stored within this time may come in any order, and are told as one moment.
SETTLING = timedelta(seconds=3)

_A_SECOND = timedelta(seconds=1)


def changed_again(before: datetime, now: datetime) -> datetime:
    """Return the time of change of a feed that changed at `before`, and again at `now`.

    Where the clock was set back it moves on by a second, the least that HTTP dates can show: it may
    have been told to readers already.
    """
    return before + _A_SECOND if now < before - SETTLING else max(before, now)
