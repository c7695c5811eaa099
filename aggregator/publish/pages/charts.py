"""Columns of figures as paths in SVG: stacked, side by side, each beginning at the same line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How high a chart is and how wide a column with what is left free beside it, in units of the SVG.
HEIGHT, WIDTH, FREE = 100, 10, 2


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths, one for each series from below, and a line across that may stand for a bound.

    `wide` is the chart's width, `most` the figure that is as high as the chart.
    """

    series: tuple[str, ...]
    line: str
    wide: int
    most: float

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return not self.most


def columns(series: Sequence[Sequence[float]], line: Sequence[float] = ()) -> Chart:
    """Return the chart of some series, each with a figure for every column, none below 0.

    What is more than nothing can be seen, were it too little for that; `line` has a figure for
    every column as well, or is empty.
    """
    count = max((len(one) for one in (*series, line)), default=0)
    sums = [sum(one[place] for one in series) for place in range(count)]
    most = max((*sums, *line), default=0)
    below = [0.0] * count
    paths = []
    for one in series:
        path = []
        for place, figure in enumerate(one):
            if figure:
                high = max(1.0, figure / most * HEIGHT)
                top = max(0.0, HEIGHT - below[place] - high)
                path.append(_column(place, top, min(high, HEIGHT - below[place])))
                below[place] += high
        paths.append("".join(path))
    return Chart(tuple(paths), _line(line, most), count * WIDTH, most)


def _column(place: int, top: float, high: float) -> str:
    wide = WIDTH - FREE
    return f"M{place * WIDTH + FREE // 2} {top:.4g}h{wide}v{max(high, 0):.4g}h-{wide}z"


def _line(line: Sequence[float], most: float) -> str:
    if not any(line):
        return ""
    steps = [f"V{HEIGHT - figure / most * HEIGHT:.4g}h{WIDTH}" for figure in line]
    return f"M0 {steps[0][1:].partition('h')[0]}{''.join(steps)}"
