"""Logistic regression."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.likeness import probability
from aggregator.stories.logistic import PINNED, fitted


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=3), st.floats(-1, 1), st.integers(0, 9))
def test_a_fit_finds_the_weights_that_made_the_labels(
    weights: list[float], bias: float, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same rows again
    rows = [[dice.gauss(0, 1) for _ in weights] for _ in range(400)]
    labels = [
        dice.random() < probability(bias + sum(w * x for w, x in zip(weights, row, strict=True)))
        for row in rows
    ]
    *found, _ = fitted(rows, labels, [0.0] * (len(weights) + 1), [0.1] * len(weights) + [0.0])
    assert all(abs(w - f) < 1.5 for w, f in zip(weights, found, strict=True))


def test_what_is_pinned_stays() -> None:
    rows = [[float(n % 2), float(n % 3)] for n in range(60)]
    found = fitted(rows, [n % 2 == 0 for n in range(60)], [0.0, 2.0, 0.0], [0.1, PINNED, 0.0])
    assert found[1] == pytest.approx(2.0, abs=1e-6)
    assert found[0] < 0
