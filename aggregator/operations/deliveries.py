"""Whether notices are sent now, tried again, or given up; and for whom an event is a notice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.notices import RECOVERED, Notice
from aggregator.operations.watched import AlarmKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model.notices import Receiver, Waiting
    from aggregator.operations.event_entries import Event

#: What can be asked for.
EVENTS = (*(kind.value for kind in AlarmKind), RECOVERED)

#: So many are sent together: a message that people read.
MOST_TOGETHER = 20
#: So many wait for a receiver, the newest ones.
MOST_WAITING = 500

#: After the first failure, then twice as long each time, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
#: What could not be sent for so long is no news any more.
GIVEN_UP_AFTER = timedelta(days=2)


def notices_of(events: Sequence[Event], now: datetime) -> tuple[Notice, ...]:
    """Return the notices of entries of the operations feed."""
    return tuple(
        Notice(
            event=one.kind.value if one.raised else RECOVERED,
            title=one.title,
            text=one.text,
            happened_at=now,
            chinese_title=one.chinese_title,
            chinese=one.chinese,
        )
        for one in events
    )


def wanted_by(receiver: Receiver, notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return those that a receiver wants to hear of."""
    return tuple(one for one in notices if one.event in receiver.events)


def is_due(waiting: Waiting, bundle: timedelta, now: datetime) -> bool:
    """Tell whether what waits is sent at `now`: gathered for long enough, and no pause is left.

    A clock that was set back makes nobody wait for longer than it would have.
    """
    if waiting.queued_at is None:
        return False
    gathered = not timedelta(0) <= now - waiting.queued_at < bundle
    pause = LONGEST_PAUSE if waiting.next_at is None else waiting.next_at - now
    return gathered and (waiting.next_at is None or not timedelta(0) < pause <= LONGEST_PAUSE)


def pause_after(tries: int, retry_after: timedelta | None = None) -> timedelta:
    """Return how long to wait after so many failures in a row; a receiver may ask for more."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(max(tries - 1, 0), 20)
    return min(max(doubled, retry_after or timedelta(0)), LONGEST_PAUSE)


def are_given_up(waiting: Waiting, now: datetime) -> bool:
    """Tell whether the oldest notice has been tried for as long as it is worth."""
    return (
        waiting.tries > 0
        and waiting.queued_at is not None
        and now - waiting.queued_at >= GIVEN_UP_AFTER
    )
