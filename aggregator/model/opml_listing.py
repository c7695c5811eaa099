"""What an OPML file lists: sources, and what of its outlines is none."""

from __future__ import annotations

from aggregator.model.configured import Source
from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """Sources as a file lists them, how many outlines say one again, and how many name no feed.

    An outline that holds others is a folder and counts as neither. `too_deep` feeds lie in more
    folders than are read.
    """

    sources: tuple[Source, ...]
    repeated: int = 0
    without_feed: int = 0
    too_deep: int = 0
