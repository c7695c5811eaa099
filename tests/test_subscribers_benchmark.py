"""The subscriber's month in three days: everything that happens in it, closer together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from benchmarks.month.laws import STORIES, Row, judge, lost_at_source
from benchmarks.month.plan import make_world
from benchmarks.schedule_traces import make_traces

if TYPE_CHECKING:
    from benchmarks.month.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(
        tmp_path_factory.mktemp("month"),
        make_traces(days=40),
        days=3,
        window=timedelta(hours=30),
        retention=timedelta(hours=54),
        quickest=timedelta(minutes=30),
    )
    asyncio.run(made.live())
    return made


@pytest.fixture(scope="module")
def rows(world: World) -> list[Row]:
    return judge(world)


def test_all_that_was_planned_has_happened(world: World) -> None:
    assert world.kills == 3
    assert world.pruned > 0
    assert world.polls > 1000
    assert world.offset == timedelta(0)
    assert all(rule.end is not None for rule in world.rules)
    assert lost_at_source(world) <= 5


def test_every_subscriber_came_and_had_much_to_read(rows: list[Row]) -> None:
    assert len(rows) == 17
    assert all(row.requests > 1 and row.due > 50 for row in rows), rows
    assert all(row.archive_documents > 0 for row in rows if "archives" in row.reader), rows
    assert sum(row.not_modified for row in rows) > 0
    assert all((row.elsewhere > 0) == (row.feed[7:11] in STORIES) for row in rows), rows


def test_nobody_misses_an_entry_and_nobody_is_shown_one_again(rows: list[Row]) -> None:
    assert {row.reader: row.broken for row in rows if row.broken} == {}
