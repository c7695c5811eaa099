"""Which entry of one document is which of another, for both judges of the report."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

One = TypeVar("One")


def paired(
    original: Sequence[One], published: Sequence[One], signs: Sequence[Callable[[One], object]]
) -> list[One | None]:
    """Return for each original entry the published one that is it, by the most telling sign.

    `signs` come most telling first; what is false ("" or none) tells nothing. No published entry is
    given twice.
    """
    found: list[One | None] = [None] * len(original)
    free = dict.fromkeys(range(len(published)))
    for sign in signs:
        places = defaultdict(list)
        for position in free:
            places[sign(published[position])].append(position)
        for index, one in enumerate(original):
            key = sign(one) if found[index] is None else None
            if key and places.get(key):
                position = places[key].pop(0)
                del free[position]
                found[index] = published[position]
    lost = [index for index, one in enumerate(found) if one is None]
    if len(lost) == len(free):  # as many on both sides: their order tells, and each field is shown
        for index, position in zip(lost, free, strict=True):
            found[index] = published[position]
    return found
