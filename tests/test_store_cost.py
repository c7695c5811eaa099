"""The cost of a piece of work follows the work, not what else is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.costs import measured

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How many sources there are, beside which the same work is done.
FEW, MANY = 20, 60

#: By how much work may cost more beside many: B-trees are deeper.
SLACK = 1.2

Costs = tuple["Mapping[str, float]", "Mapping[str, float]"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Costs:
    folder = tmp_path_factory.mktemp("costs")
    return measured(FEW, folder), measured(MANY, folder)


@pytest.mark.parametrize(
    "work", ["one poll without news", "one claim", "one state", "one status row"]
)
def test_the_same_work_costs_the_same_beside_many_sources(found: Costs, work: str) -> None:
    few, many = found
    assert many[work] <= SLACK * few[work]
