"""What days and hours looked like, as pictures in SVG: a strip of two weeks, a week's heat."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime

    from aggregator.model.health import SourceDay

#: Days of a strip.
DAYS = 14
#: How wide a day is in a strip, and how high its parts are: new entries above, failures below.
WIDTH = 8
ABOVE, BELOW = 18, 8

#: Levels of heat in the style, without that of nothing.
LEVELS = 4


@dataclass(frozen=True, slots=True)
class Strip:
    """Days as three paths, and the same in figures.

    `asked` are days with polls, `new` how many entries came (the most is as high as can be),
    `failed` which share of a day's polls failed. `unmodified` is of the polls that did not fail.
    """

    asked: str
    new: str
    failed: str
    days: tuple[SourceDay, ...]
    polls: int
    entries: int
    failures: int
    unmodified: float | None


def strip(days: Iterable[SourceDay], today: date) -> Strip:
    """Return the strip of the two weeks that end with `today`."""
    first = today - timedelta(days=DAYS - 1)
    shown = tuple(day for day in days if first <= day.day <= today)
    most = max((day.new for day in shown), default=0)
    asked, new, failed = [], [], []
    for day in shown:
        left = (day.day - first).days * WIDTH
        asked.append(_bar(left, ABOVE, 1))
        if day.new:
            high = max(2, round(day.new / most * (ABOVE - 1)))
            new.append(_bar(left, ABOVE - high, high))
        if day.failures:
            high = max(2, round(day.failures / day.polls * BELOW))
            failed.append(_bar(left, ABOVE + 1, high))
    polls = sum(day.polls for day in shown)
    failures = sum(day.failures for day in shown)
    answered = polls - failures
    return Strip(
        asked="".join(asked),
        new="".join(new),
        failed="".join(failed),
        days=shown,
        polls=polls,
        entries=sum(day.new for day in shown),
        failures=failures,
        unmodified=sum(day.unmodified for day in shown) / answered if answered else None,
    )


def _bar(left: int, top: int, high: int) -> str:
    return f"M{left} {top}h{WIDTH - 2}v{high}h-{WIDTH - 2}z"


def heat(
    moments: Iterable[datetime], local: Callable[[datetime], datetime]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return for each weekday (Monday first) and hour how many moments fell there, and the level.

    A level is 0 for none, and `LEVELS` for the most that any hour has.
    """
    counts = [[0] * 24 for _ in range(7)]
    for moment in moments:
        here = local(moment)
        counts[here.weekday()][here.hour] += 1
    most = max(map(max, counts))
    return tuple(
        tuple((count, -(-count * LEVELS // most) if most else 0) for count in hours)
        for hours in counts
    )
