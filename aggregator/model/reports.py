"""What several entries report: stories as the operator looks at them, and how alike entries are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Reported:
    """An entry of a story: how much it is like the likest (`None` where it began it), and why.

    `because` is what `stories.same_story` said: its kind, the shared tokens, the features. `like`
    are the entries that came before and that it is tied to, by their places in the story, which are
    counted from 1, and how alike they are: the likest first.
    """

    entry_id: str
    source: str
    title: str
    url: str | None
    published_at: datetime
    score: float | None
    because: dict[str, Any] | None = None
    like: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class StoryReport:
    """A story with all its entries, the first one first; a locked one takes no further ones.

    `parts` are those that hold together for feeds of each strictness, by their places.
    """

    story_id: str
    locked: bool
    entries: tuple[Reported, ...]
    parts: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two entries tell the same: what is decided, and how alike they are by themselves.

    `score` is that of the two alone, `shared` the tokens that both titles have, `features` what the
    score was made of; `rule` names what decides before any of it ("digest", "own source").
    `because` is of two stories: what was decided of each entry when it came ("own source": its
    story had one of its source already), and what keeps others from its story; empty if together.
    `together` names the strictness of the feeds for which they are one, the least first; `way` is
    how one leads to the other by way of others: each one's title, and how alike it is to the last.
    `said_by_hand` is what the operator said of the two, `True` for one story; `None` for nothing.
    """

    one: str
    other: str
    are_together: bool
    score: float
    shared: tuple[str, ...]
    features: dict[str, float]
    rule: str | None
    because: tuple[tuple[str, ...], ...] = ()
    together: tuple[str, ...] = ()
    way: tuple[tuple[str, float], ...] = ()
    said_by_hand: bool | None = None


@dataclass(frozen=True, slots=True)
class StoryTrial:
    """What a feed would tell together of the entries that were `asked` about, the newest first."""

    asked: int
    stories: tuple[StoryReport, ...]
