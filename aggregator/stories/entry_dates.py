"""The dates that an entry has for readers: the publisher's, as far as our clock allows them."""

from __future__ import annotations

from datetime import timedelta
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


#: So long after an entry came another date of publication corrects the first one.
CORRECTED_WITHIN = timedelta(days=1)


def corrected(
    entry: Entry,
    stated_at: datetime | None,
    *,
    published_at: datetime,
    first_seen_at: datetime,
    now: datetime,
) -> datetime | None:
    """Return the date of publication that the publisher has corrected, `None` where it did not.

    `stated_at` is what it said before. What is dated after we saw it is no correction: some write
    the moment of each answer.
    """
    said = entry.stated_at
    if said is None or entry.is_revision or said in (stated_at, published_at):
        return None
    return said if said <= first_seen_at and now - first_seen_at <= CORRECTED_WITHIN else None


def edited_at(before: datetime, stated: datetime | None, now: datetime) -> datetime:
    """Return when an entry was updated that the publisher has edited; it never goes back.

    That is the publisher's own time of change where it moved on from `before`, else the moment at
    which we saw the change.
    """
    moved_on = stated if stated is not None and stated > before else now
    return max(before, min(moved_on, max(now, before)))
