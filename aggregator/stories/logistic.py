"""Logistic regression with few weights, in plain Python: Newton's method, pulled to a prior."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = 60
#: No step is longer: Newton's own may jump over the goal, and away.
_FARTHEST = 1.0
#: What is pulled so stays where it is.
PINNED = 1e9


def fitted(
    rows: Sequence[Sequence[float]],
    labels: Sequence[bool],
    prior: Sequence[float],
    pulls: Sequence[float],
) -> list[float]:
    """Return a weight for each column, and the bias last.

    `prior` is what each of them, the bias too, is pulled to, and `pulls` how strongly: by 1, some
    ten labels that say otherwise win; `PINNED` is not moved by any.
    """
    width = len(prior) - 1
    goal = [*prior]
    weights = goal[:]
    table = [(*row, 1.0) for row in rows]
    for _ in range(_STEPS):
        slope = [p * (w - g) for p, w, g in zip(pulls, weights, goal, strict=True)]
        curve = [[pulls[i] if i == j else 0.0 for j in range(width + 1)] for i in range(width + 1)]
        for row, label in zip(table, labels, strict=True):
            logit = max(-40.0, min(40.0, sum(w * x for w, x in zip(weights, row, strict=True))))
            said = 1 / (1 + math.exp(-logit))
            off, steep = said - label, said * (1 - said)
            for i, x in enumerate(row):
                slope[i] += off * x
                heavy = steep * x
                line = curve[i]
                for j in range(i + 1):
                    line[j] += heavy * row[j]
        for i in range(width + 1):
            for j in range(i):
                curve[j][i] = curve[i][j]
        step = _solved(curve, slope)
        far = max(map(abs, step))
        part = min(1.0, _FARTHEST / far) if far else 0.0
        weights = [w - part * s for w, s in zip(weights, step, strict=True)]
        if far < 1e-7:
            break
    return weights


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return x of matrix · x = right, by Gauss."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda at: abs(rows[at][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for below in rows[i + 1 :]:
            factor = below[i] / rows[i][i]
            for j in range(i, size + 1):
                below[j] -= factor * rows[i][j]
    found = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][j] * found[j] for j in range(i + 1, size))
        found[i] = (rows[i][size] - known) / rows[i][i]
    return found
