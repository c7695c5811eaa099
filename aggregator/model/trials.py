"""What rules would do to stored entries, as `aggregator rules try` shows it."""

from __future__ import annotations

from enum import StrEnum

from aggregator.runtime.values import dataclass


class EffectKind(StrEnum):
    """What rules do: leave an entry out, keep it, give it a tag, reword its title or its text."""

    LEFT_OUT = "left out"
    KEPT = "kept"
    TAGGED = "tagged"
    RETITLED = "title reworded"
    REWORDED = "text reworded"


@dataclass(frozen=True, slots=True)
class Touched:
    """An entry that rules do something to; `after` is what they make of its words."""

    source: str
    title: str
    url: str | None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What rules do for one reason: to how many entries, and to which first.

    `because` is the condition that is met, the tag that is given, or the pattern that is found.
    `already` of the entries are left out by what holds today.
    """

    kind: EffectKind
    because: str
    entries: int
    already: int
    examples: tuple[Touched, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """How many entries were asked about, and the effects in the order in which they were found."""

    asked: int
    effects: tuple[Effect, ...] = ()
