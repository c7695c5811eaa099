"""Every fuzz target holds for a moment; `make fuzz SECONDS=600` asks for longer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz_targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_the_law_of_a_fuzz_target_holds(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=40, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def hold(example: object) -> None:
        target.law(example)

    hold()
