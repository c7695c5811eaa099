"""When a list of sources is asked again, and when what it lacks is believed to be gone. Pure.

A list belongs to somebody else: an answer that lacks half of what is there is more often a file
that was cut, a page in its place, or another owner of the domain, than an editor's wish. A failure
says nothing about who is in the list, and never removes anybody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Failed, Gone
from aggregator.model.source_lists import Doubt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Outcome

#: A doubtful answer is believed when it has come so often, and for so long.
BELIEVED_POLLS = 3
BELIEVED_AFTER = timedelta(hours=48)
#: A list that fails is asked after its interval, then twice as late each time, up to this.
LONGEST_BACKOFF = timedelta(days=1)
#: No server silences a list for longer.
LONGEST_WAIT = timedelta(days=7)


def is_doubtful(present: int, missing: int) -> bool:
    """Tell whether an answer lacks so many of the members that it may be a mistake."""
    return missing > 0 and missing * 2 >= present


def doubt_after(
    before: Doubt | None, present: int, missing: Sequence[str], now: datetime
) -> tuple[Doubt | None, frozenset[str]]:
    """Return the doubt that an answer leaves, and what of the `missing` is believed to be gone.

    `missing` are the keys that it lacks of those that are `present`. What each of the doubted
    answers lacked is believed; the rest, which only some did, is doubted from now on.
    """
    if not is_doubtful(present, len(missing)):
        return None, frozenset(missing)
    doubted = frozenset(() if before is None else before.keys)
    lasting = tuple(key for key in missing if key in doubted)
    if before is None or not lasting:
        return _new_doubt(missing, now), frozenset()
    doubt = Doubt(before.since_at, before.polls + 1, len(missing), lasting)
    if doubt.polls < BELIEVED_POLLS or now - doubt.since_at < BELIEVED_AFTER:
        return doubt, frozenset()
    rest = [key for key in missing if key not in doubted]
    return _new_doubt(rest, now) if rest else None, frozenset(lasting)


def _new_doubt(missing: Sequence[str], now: datetime) -> Doubt:
    return Doubt(since_at=now, polls=1, missing=len(missing), keys=tuple(missing))


def next_list_poll(outcome: Outcome, failures: int, interval: timedelta, now: datetime) -> datetime:
    """Return when to ask again; `failures` in a row include this outcome."""
    if not isinstance(outcome, Failed | Gone):
        return now + interval
    wait = min(interval * (1 << min(failures - 1, 10)), max(interval, LONGEST_BACKOFF))
    if isinstance(outcome, Failed) and outcome.hints.retry_after is not None:
        wait = max(wait, min(outcome.hints.retry_after, LONGEST_WAIT))
    return now + wait
