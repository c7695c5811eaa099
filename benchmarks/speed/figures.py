"""What a run of the benchmark found: figures with a unit, kept as JSON, compared with a later run.

Seconds of two machines, or of one machine on two days, say little. So a run measures a yardstick,
too: the CPU time of a piece of work that never changes. Times are compared in yardsticks, sizes as
they are, and counts (steps, calls, pages) exactly: they do not depend on how busy the machine is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: Units that mean CPU or wall time: more on a slower machine.
TIMES = frozenset({"ms", "s", "µs"})
#: What each of these counts is the same in every run; one more is a change of the program.
COUNTS = frozenset({"steps", "calls", "pages"})
#: More is better only of these: requests a second.
RATES = frozenset({"/s"})

#: Memory and databases differ by a little from run to run, whatever the machine.
_SLACK_OF_SIZES = 1.05
#: Steps depend on where a B-tree splits, and ids are minted anew in each run.
_SLACK_OF_COUNTS = 1.02


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, as often as it was measured. `is_ours` tells that it is compared with later."""

    name: str
    unit: str
    values: tuple[float, ...]
    is_ours: bool = True

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def best(self) -> float:
        """The best of all."""
        return max(self.values) if self.unit in RATES else min(self.values)

    @property
    def worst(self) -> float:
        """The worst of all."""
        return min(self.values) if self.unit in RATES else max(self.values)


@dataclass(frozen=True, slots=True)
class Run:
    """All figures of one run, where and when it was made; `yardstick_ms` is CPU time."""

    made: str
    mode: str
    machine: str
    versions: Mapping[str, str]
    yardstick_ms: float
    figures: Mapping[str, Figure] = field(default_factory=dict)

    def middle(self, name: str) -> float | None:
        """Return the median of a figure, None where it was not measured."""
        figure = self.figures.get(name)
        return None if figure is None or not figure.values else figure.middle


def by_name(figures: Iterable[Figure]) -> dict[str, Figure]:
    """Return figures by their names; a name that comes twice is a mistake."""
    found: dict[str, Figure] = {}
    for one in figures:
        if one.name in found:
            raise ValueError(f"two figures are named {one.name}")
        found[one.name] = one
    return found


def write(path: Path, run: Run) -> None:
    """Keep a run."""
    told = {
        "made": run.made,
        "mode": run.mode,
        "machine": run.machine,
        "versions": dict(run.versions),
        "yardstick_ms": round(run.yardstick_ms, 3),
        "figures": {
            name: {
                "unit": one.unit,
                "values": [round(value, 4) for value in one.values],
                **({} if one.is_ours else {"peer": True}),
            }
            for name, one in sorted(run.figures.items())
        },
    }
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Run:
    """Return a run that was kept."""
    told = json.loads(path.read_text(encoding="utf-8"))
    figures = {
        name: Figure(name, one["unit"], tuple(one["values"]), is_ours=not one.get("peer", False))
        for name, one in told["figures"].items()
    }
    return Run(
        told["made"],
        told["mode"],
        told["machine"],
        told["versions"],
        told["yardstick_ms"],
        figures,
    )


@dataclass(frozen=True, slots=True)
class Regression:
    """A figure that became worse: its best now, and the most that would have passed."""

    name: str
    unit: str
    now: float
    allowed: float

    def __str__(self) -> str:
        return f"{self.name}: {self.now:.4g} {self.unit}, and {self.allowed:.4g} would have passed"


def regressions(now: Run, kept: Run) -> list[Regression]:
    """Return what became worse: the best of now against the worst that was kept.

    Figures that only one of the two has are not compared.
    """
    slower = now.yardstick_ms / kept.yardstick_ms
    found: list[Regression] = []
    for name, one in sorted(now.figures.items()):
        before = kept.figures.get(name)
        if before is None or not one.is_ours or not one.values or not before.values:
            continue
        if one.unit in RATES:
            allowed = before.worst / slower
            if one.best < allowed:
                found.append(Regression(name, one.unit, one.best, allowed))
            continue
        if one.unit in TIMES:
            allowed = before.worst * slower
        elif one.unit in COUNTS:
            allowed = before.worst * _SLACK_OF_COUNTS
        else:
            allowed = before.worst * _SLACK_OF_SIZES
        if one.best > allowed:
            found.append(Regression(name, one.unit, one.best, allowed))
    return found
