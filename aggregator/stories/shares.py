"""What sources give up of a feed that is full, so that one that brings much leaves others theirs.

It comes before the feed's `limit` drops what is oldest. Where sources have more than their share,
the largest of them give up their oldest entries, until the feed fits or each is down to its share.
So whoever has less loses nothing for the sake of one that has more, and what the others do not
need is nobody's loss.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model import Feed


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that a feed shows: its order key (microseconds since the epoch), and its source."""

    order_key: int
    source_id: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What one source gives up, oldest first, at least one; and how many entries it has left."""

    order_keys: tuple[int, ...]
    left: int

    @property
    def floor(self) -> int:
        """The key at or below which nothing of the source enters the feed again."""
        return self.order_keys[-1]


def give_up(feed: Feed, oldest_first: Sequence[Kept], now: int) -> Mapping[int, GivenUp]:
    """Return what sources give up at `now` of all that the feed shows, by their ids.

    Nothing where the feed fits once its window has dropped what is old, or without `per_source`.
    """
    if feed.per_source is None:
        return {}
    young = oldest_first[_old(feed, oldest_first, now) :]
    share = feed.per_source.entries(feed.limit)
    excess = len(young) - feed.limit
    if excess <= 0:
        return {}
    keys: defaultdict[int, list[int]] = defaultdict(list)
    for one in young:
        keys[one.source_id].append(one.order_key)
    # The largest first; of several, the one with the oldest entry.
    large = [(-len(own), own[0], source) for source, own in keys.items() if len(own) > share]
    heapify(large)
    given: defaultdict[int, int] = defaultdict(int)
    while excess and large and -large[0][0] > share:
        size, _, source = large[0]
        given[source] += 1
        excess -= 1
        heapreplace(large, (size + 1, keys[source][given[source]], source))
    return {
        source: GivenUp(tuple(keys[source][:count]), len(keys[source]) - count)
        for source, count in given.items()
    }


def _old(feed: Feed, oldest_first: Sequence[Kept], now: int) -> int:
    """Return how many entries the window drops for their age."""
    begins = now - feed.window // MICROSECOND
    spare = max(len(oldest_first) - feed.min_entries, 0)
    old = (place for place, one in enumerate(oldest_first[:spare]) if one.order_key >= begins)
    return next(old, spare)
