"""Which entries of an opened archive are kept out of the feeds, so that readers are not flooded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.model import Entry

#: A later poll that brings more unknown entries than this, dated further back than `OLD`, is an
#: archive that was opened or a site that changed all its ids: readers get `backfill` of them.
FLOOD = 20
OLD = timedelta(days=7)


def held_back(ordered: Sequence[Entry], *, backfill: int, now: datetime) -> frozenset[int]:
    """Return the indexes of the old entries that are stored and enter no feed.

    `ordered` are the new entries of a later document, the oldest first. The newest of the old ones
    are admitted as far as `backfill` has room for them beside those that are not old.
    """
    horizon = now - OLD
    old = [
        index
        for index, entry in enumerate(ordered)
        if entry.published_at is not None and entry.published_at < horizon
    ]
    if len(old) <= FLOOD:
        return frozenset()
    admitted = max(0, backfill - (len(ordered) - len(old)))
    return frozenset(old[: len(old) - admitted])
