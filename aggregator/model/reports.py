"""What several entries report: stories as the operator looks at them, and how alike entries are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Reported:
    """An entry of a story: how surely it tells the same (`None` where it began it), and why.

    `because` is what `stories.same_story` said: its kind, the shared tokens, the features.
    """

    entry_id: str
    source: str
    title: str
    url: str | None
    published_at: datetime
    score: float | None
    because: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoryReport:
    """A story with all its entries, the first one first; a locked one takes no further ones."""

    story_id: str
    locked: bool
    entries: tuple[Reported, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two entries tell the same: what is decided, and how alike they are by themselves.

    `score` is that of the two alone, `shared` the tokens that both titles have, `features` what the
    score was made of; `rule` names what decides before any of it ("digest", "own source").
    `because` is of two stories: what was decided of each entry when it came ("own source": its
    story had one of its source already), and what keeps others from its story; empty if together.
    """

    one: str
    other: str
    are_together: bool
    score: float
    shared: tuple[str, ...]
    features: dict[str, float]
    rule: str | None
    because: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class StoryTrial:
    """What a feed would tell together of the entries that were `asked` about, the newest first."""

    asked: int
    stories: tuple[StoryReport, ...]
