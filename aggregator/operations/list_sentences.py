"""What is said of lists of sources: how they fare, what of them is not taken, or not yet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model.source_lists import Unlisted
from aggregator.operations.messages import problem_text

if TYPE_CHECKING:
    from aggregator.model.source_lists import Doubt, LeftOut, ListHealth

#: Why outlines are no sources.
_BECAUSE = {
    Unlisted.NOT_A_URL: "their address is no http:// or https:// URL",
    Unlisted.OWN_ADDRESS: "they are feeds of this program itself",
    Unlisted.TWICE: "they say one again",
    Unlisted.TOO_MANY: "a list has 1000 sources at most",
}


def list_sentences(health: ListHealth, *, polls: int, period: timedelta) -> tuple[str, ...]:
    """Return what is worth knowing of a list, a sentence each; nothing where all is well.

    A doubtful answer is believed after so many `polls` within `period` at the least.
    """
    told = [] if health.problem is None else [f"{problem_text(health.problem)}; its sources stay"]
    if health.doubt is not None:
        told.append(_doubt(health.doubt, polls, period))
    return (*told, *map(_left_out, health.left_out))


def _doubt(doubt: Doubt, polls: int, period: timedelta) -> str:
    hours = period // timedelta(hours=1)
    lacking = f"lacks {doubt.missing} source{'' if doubt.missing == 1 else 's'}"
    return (
        f"its newest document {lacking}, half of them or more: they leave when that has been "
        f"seen {polls} times in {hours} hours ({doubt.polls} so far)"
    )


def _left_out(one: LeftOut) -> str:
    count = f"{one.count} outline{'' if one.count == 1 else 's'}"
    example = f' (such as "{one.example}")' if one.example else ""
    return f"{count} not taken{example}: {_BECAUSE[one.because]}"
