"""In which order new entries come, and the order keys that they get once and for ever.

An order key is of the unit of the store's instants (µs since the epoch) and never changes. A later
entry's key is larger than all before it, whatever the clock does; only a source's first document
places its entries by their dates among what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.instants import micros

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from aggregator.model import Entry


def in_order(fresh: Sequence[Entry], *, first: bool, now: datetime) -> tuple[Entry, ...]:
    """Return a document's new entries in the order in which they appeared, the oldest first.

    `first`: it is the source's first document, whose undated entries count as arriving now; a date
    in the future is now, because such an entry must not lift others that are merely near it. In
    later documents dates decide where all entries have one. Documents list the newest entry first,
    so equal dates, and entries without, go by the reversed order of the document.
    """
    ordered = fresh[::-1]
    if first:
        return tuple(sorted(ordered, key=lambda entry: min(entry.published_at or now, now)))
    dated = [(entry.published_at, entry) for entry in ordered if entry.published_at is not None]
    if len(dated) < len(ordered):
        return tuple(ordered)
    return tuple(entry for _, entry in sorted(dated, key=lambda pair: pair[0]))


def order_keys(
    ordered: Sequence[Entry],
    *,
    first: bool,
    now: datetime,
    largest: int,
    taken: Collection[int],
) -> tuple[int, ...]:
    """Return a key for each entry of `in_order`, strictly increasing and none of them `taken`.

    `largest` is the largest key ever given; `taken` holds the stored ones that matter, so that
    a caller that asks again with further clashes gets other keys for what clashed.
    """
    keys = []
    last = 0
    for entry in ordered:
        if first and entry.published_at is not None and entry.published_at < now:
            last = _free(max(micros(entry.published_at), last + 1), taken)
            key = last
        else:
            key = max(micros(now), largest + 1)
        largest = max(largest, key)
        keys.append(key)
    return tuple(keys)


def _free(key: int, taken: Collection[int]) -> int:
    while key in taken:
        key += 1
    return key
