"""The weights of a likeness's features: made by `python -m benchmarks.stories.fit`."""

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


#: Of titles that have ideographs, both.
IDEOGRAPHS = Weights((1.80, 0.0, 3.58, 3.29, 2.0, 1.53, 0.86, -2.24), -4.05, near=0.20)
#: Of all others.
WORDS = Weights((3.86, 0.87, 0.0, 0.26, 1.44, 0.0, 0.3, -1.02), -0.99, near=0.10)
