"""The id under which readers know an entry: the publisher's own where it is fit and free.

RFC 4287 section 4.2.6: an id never changes, and no two entries share one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.stories.concealment import public_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from aggregator.model import Entry, Source


def wanted_ids(entries: Sequence[Entry], source: Source) -> tuple[str | None, ...]:
    """Return the publisher's id of each entry, `None` where it may not be published."""
    return tuple(public_id(source, entry.guid) for entry in entries)


def public_ids(
    entries: Sequence[Entry], source: Source, *, held: Collection[str], mint: Callable[[], str]
) -> tuple[str, ...]:
    """Return the public id of each new entry, in order.

    An id that is `held` already (a copied guid, a hostile source), also by an entry before it, is
    not taken; what `mint` returns takes its place, and is new each time.
    """
    given: list[str] = []
    for wanted in wanted_ids(entries, source):
        is_free = wanted is not None and wanted not in held and wanted not in given
        given.append(wanted if wanted is not None and is_free else mint())
    return tuple(given)
