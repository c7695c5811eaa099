"""What is said of lists of sources: how they fare, what of them is not taken, or not yet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.source_lists import Unlisted
from aggregator.operations.messages import problem_text
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model.source_lists import Doubt, LeftOut, ListHealth

#: Why outlines are no sources.
_BECAUSE = {
    Unlisted.NOT_A_URL: "their address is no http:// or https:// URL",
    Unlisted.OWN_ADDRESS: "they are feeds of this program itself",
    Unlisted.TWICE: "they say one again",
    Unlisted.TOO_MANY: "a list has 1000 sources at most",
    Unlisted.TOO_DEEP: "they lie in more folders than are read",
}


@dataclass(frozen=True, slots=True)
class Belief:
    """When a doubtful answer is believed: after so many `polls` within `period` at the least.

    `moment` writes a moment as its reader has it, who reads it at `now`.
    """

    polls: int
    period: timedelta
    now: datetime
    moment: Callable[[datetime], str]


def list_line(name: str, count: int, health: ListHealth, belief: Belief) -> str:
    """Return one line about a finished poll of a list that has `count` sources now."""
    sources = _sources(count)
    if health.problem is not None:
        stay = f"its {sources} stay{'s' if count == 1 else ''}, however long it fails"
        said = f"{problem_text(health.problem)}; {stay}"
    elif health.doubt is not None:
        said = f"lists {count - health.doubt.missing} of its {sources}"
    else:
        said = f"lists {sources}"
    return "; ".join((f"{name}: {said}", *list_sentences(health, belief)))


def list_sentences(health: ListHealth, belief: Belief) -> tuple[str, ...]:
    """Return what is worth knowing of a list beside its problem, a sentence each."""
    told = () if health.doubt is None else (_doubt(health.doubt, belief),)
    return (*told, *map(_left_out, health.left_out))


def _doubt(doubt: Doubt, belief: Belief) -> str:
    hours = belief.period // timedelta(hours=1)
    said = (
        f"its newest document lacks {_sources(doubt.missing)}, half of them or more: they stay "
        f"until {belief.polls} polls over at least {hours} hours have seen that ({doubt.polls} so "
        "far)"
    )
    until = doubt.since_at + belief.period
    # Polls alone may be missing: of a list that is asked seldom, or fails now.
    return said if until <= belief.now else f"{said}, not before {belief.moment(until)}"


def _sources(count: int) -> str:
    return f"{count} source{'' if count == 1 else 's'}"


def _left_out(one: LeftOut) -> str:
    count = f"{one.count} outline{'' if one.count == 1 else 's'}"
    example = f' (such as "{one.example}")' if one.example else ""
    return f"{count} not taken{example}: {_BECAUSE[one.because]}"
