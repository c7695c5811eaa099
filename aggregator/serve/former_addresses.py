"""What stood at an address that is no feed's today, as far as the database remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model import FeedKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.publish.catalogue import Address
    from aggregator.store import FeedStore


@dataclass(frozen=True, slots=True)
class Removed:
    """The feed that was asked for was removed."""

    address: Address


@dataclass(frozen=True, slots=True)
class Renamed:
    """The feed of a renamed source: what was asked for, and what the feed is called now."""

    address: Address
    name: str


def remembered(store: FeedStore, addresses: Iterable[Address]) -> Removed | Renamed | None:
    """Return what is remembered of the first of `addresses` of which anything is.

    Reads the database; raises `StoreError`.
    """
    for address in addresses:
        removed = store.removed_feed(address.name)
        if removed is not None and address.was_of(removed):
            return Removed(address)
        # Only automatic feeds of sources move, and those have no token.
        of_a_source = address.path[0] == FeedKind.SOURCE.folder
        name = store.renamed_feed(address.name) if of_a_source else None
        if name is not None:
            return Renamed(address, name)
    return None
