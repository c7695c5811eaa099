"""The weights of a likeness's features, as data.

Written by `.venv/bin/python -m benchmarks.stories.fit --write` on 2026-11-30.
"""

from __future__ import annotations

from aggregator.runtime.values import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a logistic model: one for each of `likeness.Features`, in their order.

    `near` is how near to its centroid (a cosine) a story lets an entry come in.
    """

    of_features: tuple[float, ...]
    bias: float
    near: float


@dataclass(frozen=True, slots=True)
class Model:
    """The weights for titles that have ideographs, both, and for all others."""

    ideographs: Weights
    words: Weights


SHIPPED = Model(
    ideographs=Weights((1.79, 0.0, 3.592, 3.301, 2.0, 0.0, 1.553, 0.84, -2.18), -4.053, near=0.2),
    words=Weights((1.494, 1.169, 0.0, 0.432, 2.16, 1.08, 0.0, 0.269, -1.022), -1.025, near=0.1),
)
