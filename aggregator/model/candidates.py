"""What was found at an address that somebody wants to add: feeds, each with what it is like."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.model.outcomes import Problem


@dataclass(frozen=True, slots=True)
class Candidate:
    """One feed. `offer` is by which it can be taken, `None` where it cannot.

    `known_as` is the name of the source that has it already; `problem` why it could not be read;
    with neither there was no time left to look. `pause` is the mean time between two entries,
    `newest` their titles and dates. `name` is what the source would be called.
    """

    url: str
    title: str | None = None
    offer: str | None = None
    known_as: str | None = None
    problem: Problem | None = None
    name: str = ""
    language: str | None = None
    entries: int = 0
    newest_at: datetime | None = None
    oldest_at: datetime | None = None
    pause: timedelta | None = None
    newest: tuple[tuple[str, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The feeds at an address, its own first; `problem` where there is none. `more`: not all."""

    url: str
    candidates: tuple[Candidate, ...] = ()
    problem: Problem | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """What became of adding: the source's name, or the block to paste and why it is not there."""

    name: str | None
    block: str = ""
    because: str = ""
