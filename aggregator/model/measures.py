"""What is counted and measured of the running program, as rooms tell it to whoever monitors it."""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class MeasureKind(StrEnum):
    """How a measure behaves: counters and histograms only grow, until a restart."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its name (of a counter without `_total`), a sentence, and what it says now.

    `samples` are values by those of its one label, `None` where it has none. A histogram's are
    how many were at most each bound, all of them last, and `total` is their sum.
    """

    name: str
    kind: MeasureKind
    help: str
    label: str | None
    samples: tuple[tuple[str | None, float], ...]
    total: float = 0.0


class Distribution:
    """How values are distributed: how many were at most each of a few bounds."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def measure(self, name: str, told: str) -> Measure:
        """Return the measure of these values."""
        names = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        samples = tuple(zip(names, accumulate(self._counts), strict=True))
        return Measure(name, MeasureKind.HISTOGRAM, told, "le", samples, self._total)


def counter(name: str, told: str, label: str, counts: Mapping[str, float]) -> Measure:
    """Return a counter with one label, of whose values there are few."""
    return Measure(name, MeasureKind.COUNTER, told, label, tuple(counts.items()))


def count(name: str, told: str, value: float) -> Measure:
    """Return a counter without a label."""
    return Measure(name, MeasureKind.COUNTER, told, None, ((None, value),))


def gauge(name: str, told: str, value: float) -> Measure:
    """Return what may grow and shrink."""
    return Measure(name, MeasureKind.GAUGE, told, None, ((None, value),))


def gauges(name: str, told: str, label: str, values: Iterable[tuple[str, float]]) -> Measure:
    """Return several of what may grow and shrink, apart by a label."""
    return Measure(name, MeasureKind.GAUGE, told, label, tuple(values))
