"""What a search finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model.configured import Feed
    from aggregator.model.stored import Story


@dataclass(frozen=True, slots=True)
class Hit:
    """A story that was found, as a feed shows it whose name and settings are `feed`."""

    story: Story
    feed: Feed


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits first. `is_whole`: nothing that was asked for was left out for time or room.

    `is_indexed`: there is an index at all. `next` is the order key of the entry after which there
    may be further hits, `None` where there are none.
    """

    hits: tuple[Hit, ...] = ()
    is_whole: bool = True
    is_indexed: bool = True
    next: int | None = None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry as it is stored, in short: nothing in it is secret.

    `source` is a name; `text` is visible, on one line. Lists of them go by `order_key`.
    """

    id: str
    order_key: int
    source: str
    title: str
    url: str | None
    author: str | None
    text: str
    published_at: datetime
    first_seen_at: datetime
