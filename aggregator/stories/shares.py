"""What sources give up of a feed that is full, so that one that brings much leaves others theirs.

It comes before `limit` and `document_size` drop what is oldest. Where sources have more than their
share, the largest of them give up their oldest entries, until the feed fits or each is down to its
share. So a source that has less loses nothing for the sake of one that has more, and what the
others do not need nobody loses.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING

from aggregator.model.instants import MICROSECOND
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.model import Feed


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that a feed shows: its order key (microseconds since the epoch), source and size."""

    order_key: int
    source_id: int
    weight_bytes: int


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
    own: defaultdict[int, list[Kept]] = defaultdict(list)
    for one in oldest_first[_old(feed, oldest_first, now) :]:
        own[one.source_id].append(one)
    given = dict.fromkeys(own, 0)
    share = feed.per_source.entries(feed.limit)
    _level(own, given, lambda _: 1, most=feed.limit, share=share)
    size = feed.document_size
    _level(own, given, lambda one: one.weight_bytes, most=size, share=size * share // feed.limit)
    return {
        source: GivenUp(
            tuple(one.order_key for one in own[source][:count]), left=len(own[source]) - count
        )
        for source, count in given.items()
        if count
    }


def _level(
    own: Mapping[int, Sequence[Kept]],
    given: dict[int, int],
    measure: Callable[[Kept], int],
    *,
    most: int,
    share: int,
) -> None:
    """Let the largest sources give up more, until all have `most` together or `share` each.

    `given` is how many entries each has given up. All keep their newest entry.
    """
    sizes = {source: sum(map(measure, entries[given[source] :])) for source, entries in own.items()}
    excess = sum(sizes.values()) - most
    if excess <= 0:
        return
    # The largest first; of several, the one with the oldest entry.
    large = [
        (-size, own[source][given[source]].order_key, source)
        for source, size in sizes.items()
        if size > share and len(own[source]) > given[source] + 1
    ]
    heapify(large)
    while excess > 0 and large and -large[0][0] > share:
        size, _, source = large[0]
        entries, place = own[source], given[source]
        given[source] = place + 1
        excess -= measure(entries[place])
        if place + 2 < len(entries):
            rest = (size + measure(entries[place]), entries[place + 1].order_key, source)
            heapreplace(large, rest)
        else:
            heappop(large)


def _old(feed: Feed, oldest_first: Sequence[Kept], now: int) -> int:
    """Return how many entries the window drops for their age."""
    begins = now - feed.window // MICROSECOND
    spare = max(len(oldest_first) - feed.min_entries, 0)
    old = (place for place, one in enumerate(oldest_first[:spare]) if one.order_key >= begins)
    return next(old, spare)
