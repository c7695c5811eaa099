"""What the program has been told, and what its feeds have shown: the model that judges it.

All of it is as the database is: a backup copies it, a restore brings the copy back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from benchmarks.laws.articles import Signs, Telling
    from benchmarks.month.readers import Item


@dataclass
class FeedMemory:
    """One feed: what its document showed last, by id in order, and what has left it for good.

    `told` are the titles and texts of what it shows, as their publisher has them; `shown` are all
    articles that it has ever shown. `due` are those that a subscriber must get since the last time
    that subscribers who follow archives came, `fresh` those of them that came since
    the last look, `brought` how many came in all.
    """

    items: dict[str, Item] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    shown: set[int] = field(default_factory=set)
    due: dict[int, str] = field(default_factory=dict)
    fresh: dict[int, str] = field(default_factory=dict)
    brought: int = 0


@dataclass
class Memory:
    """All that the program knows, as far as the laws need it.

    `seen` are the signs under which a whole document listed a telling last, by its mark;
    `uncertain` tellings may be known by others, from a document that was cut off. `unpolled` are
    publishers whose next document is their first, or their first since the operator put them
    back. `newest` is the newest date of each one's articles. `own`: whether a telling came from
    its article's own site. `places`: which telling was last at each place, by publisher and
    id, where ids are the places of a list.
    """

    seen: dict[str, Signs] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    unpolled: set[str] = field(default_factory=set)
    newest: dict[str, datetime] = field(default_factory=dict)
    own: dict[str, bool] = field(default_factory=dict)
    tellers: dict[int, set[str]] = field(default_factory=dict)
    places: dict[str, dict[str, Telling]] = field(default_factory=dict)
    moved_dates: set[str] = field(default_factory=set)
    feeds: dict[str, FeedMemory] = field(default_factory=dict)
