"""Where an entry is in a feed, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aggregator.runtime.values import dataclass


class PlacementReason(StrEnum):
    """Why a feed shows an entry, or does not."""

    IN_WINDOW = "in-window"
    COPY_IN_WINDOW = "copy-in-window"
    COPY_HAS_LEFT = "copy-has-left"
    ORIGINAL_IN_WINDOW = "original-in-window"
    ORIGINAL_HAS_LEFT = "original-has-left"
    TOLD_BY_ANOTHER = "told-by-another"
    WAS_TOLD = "was-told"
    WAITS = "waits"
    HAS_LEFT = "has-left"
    TOO_OLD = "too-old"
    GAVE_WAY = "gave-way"
    NO_ROOM = "no-room"
    NOT_SELECTED = "not-selected"
    HELD_BACK = "held-back"
    BLOCKED = "blocked"
    EXCLUDED = "excluded"
    NOT_BROUGHT_ALONG = "not-brought-along"
    FEED_UNKNOWN = "feed-unknown"


@dataclass(frozen=True, slots=True)
class Placement:
    """An entry's place in a feed.

    `detail` is the rule of BLOCKED and EXCLUDED, the month of HAS_LEFT and GAVE_WAY ("2026-11"),
    the title of the entry that stands for it of TOLD_BY_ANOTHER and WAS_TOLD. `ages_at` is when an
    entry of IN_WINDOW is older than the window: from then on it is one of the newest that
    `min_entries` keeps.
    """

    feed: str
    reason: PlacementReason
    detail: str = ""
    ages_at: datetime | None = None

    @property
    def shown(self) -> bool:
        """Whether a reader of the feed finds the story there."""
        return self.reason in {
            PlacementReason.IN_WINDOW,
            PlacementReason.COPY_IN_WINDOW,
            PlacementReason.ORIGINAL_IN_WINDOW,
            PlacementReason.TOLD_BY_ANOTHER,
        }
