"""The cost of a piece of work follows the work, not what else is stored: in steps of SQLite's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.costs import measured, table

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How many sources there are, of 60 entries each, beside which the same work is done.
FEW, MANY = 50, 400

#: By how much work may cost more beside many: B-trees are deeper.
SLACK = 1.2

SAME = (
    "one poll with one new entry",
    "one poll without news",
    "one claim",
    "one state",
    "one status row",
    "the newest feed",
    "a tag's feed",
    "a source's feed",
    "a page of everything",
    "a page far back",
    "a page of a tag",
    "a story's page",
    "a source's page",
    "a scrape, nothing overdue",
    "a look for notices",
)
LINEAR = (
    "the status of all",
    "the page of sources",
    "one advance, nothing to drop",
    "one advance that drops",
    "one prune, nothing to forget",
    "one prune that forgets",
    "one apply, nothing changed",
)

Costs = tuple["Mapping[str, float]", "Mapping[str, float]"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Costs:
    folder = tmp_path_factory.mktemp("costs")
    few, many = measured(FEW, folder), measured(MANY, folder)
    assert sorted(few) == sorted((*SAME, *LINEAR)), table(few, many)
    return few, many


@pytest.mark.parametrize("work", SAME)
def test_the_same_work_costs_the_same_beside_many_sources(found: Costs, work: str) -> None:
    few, many = found
    assert many[work] <= SLACK * few[work], table(few, many)


@pytest.mark.parametrize("work", LINEAR)
def test_what_is_done_for_all_sources_costs_each_of_them_the_same(found: Costs, work: str) -> None:
    few, many = found
    assert many[work] / MANY <= SLACK * few[work] / FEW, table(few, many)
