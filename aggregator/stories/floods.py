"""Which entries of an opened archive are kept out of the feeds, so that readers are not flooded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from aggregator.model import Entry

#: A later poll that brings more unknown entries than this, dated further back than `OLD`, is an
#: archive that was opened or a site that changed all its ids: readers get `backfill` of them.
FLOOD = 20
OLD = timedelta(days=7)

#: So few unknown entries are no flood, whatever else is known of their document.
FEW = 2
#: Lists of what many read bring what is hours old beside what is new.
LATE = timedelta(days=1)


def held_back(
    ordered: Sequence[Entry],
    *,
    listed: int,
    backfill: int,
    now: datetime,
    newest_at: datetime | None,
    is_move: bool,
    returning: Collection[int],
) -> frozenset[int]:
    """Return the indexes of the old entries that are stored and enter no feed.

    `ordered` are the new entries of a later document, the oldest first, of `listed` in all;
    `newest_at` is the newest date that the source has shown. Of a flood the newest are admitted as
    far as `backfill` has room for them beside what is not old. It is one where most of the document
    is unknown and older than what was shown last, or where many are old.

    In a move to another program (`is_move`), and of those that are `returning` because they have
    what a pruned entry had, nothing is admitted that is older than what was shown last. Elsewhere
    an old date is no sign: laws, papers and comics are dated by what they are.
    """
    newest_at = newest_at or now - OLD
    past = _before(ordered, newest_at)
    held = {index for index in past if is_move or index in returning}
    late, old = _before(ordered, newest_at - LATE), _before(ordered, now - OLD)
    if len(late) > FEW and 2 * len(late) > listed:
        held.update(_flood(ordered, late, backfill))
    if len(old) > FLOOD:
        held.update(_flood(ordered, old, backfill))
    return frozenset(held)


def _before(ordered: Sequence[Entry], moment: datetime) -> list[int]:
    return [
        index
        for index, entry in enumerate(ordered)
        if entry.published_at is not None and entry.published_at < moment
    ]


def _flood(ordered: Sequence[Entry], old: Sequence[int], backfill: int) -> Sequence[int]:
    admitted = max(0, backfill - (len(ordered) - len(old)))
    return old[: max(0, len(old) - admitted)]
