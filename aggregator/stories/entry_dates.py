"""The dates that an entry has for readers: the publisher's, as far as our clock allows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Entry


def first_dates(entry: Entry, now: datetime) -> tuple[datetime, datetime]:
    """Return when a new entry was published and updated; nothing was before it was published.

    What has no date, or one in the future, counts as published when it was first seen.
    """
    published_at = min(entry.published_at or now, now)
    updated_at = min(max(entry.updated_at or published_at, published_at), now)
    return published_at, updated_at


def edited_at(before: datetime, stated: datetime | None, now: datetime) -> datetime:
    """Return when an entry was updated that the publisher has edited; it never goes back.

    That is the publisher's own time of change where it moved on from `before`, else the moment at
    which we saw the change.
    """
    moved_on = stated if stated is not None and stated > before else now
    return max(before, min(moved_on, max(now, before)))
