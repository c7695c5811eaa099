"""What polls ask of the store is asked together: who waits for whom."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.batches import MOST, Batches

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.asyncio

#: Longer than any test waits: what has this much patience goes when nobody else is expected.
EVER = 1000.0


class Desk:
    """Doubles numbers, a batch at a time, and refuses 13."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.batches = Batches(self.work)

    async def work(self, numbers: Sequence[int]) -> list[int | Exception]:
        await asyncio.sleep(0)
        self.done.append([*numbers])
        return [ValueError("13") if number == 13 else 2 * number for number in numbers]

    async def ask(self, number: int, *, patience_s: float = EVER) -> int:
        with self.batches.expected():
            await asyncio.sleep(0)
            return await self.batches.of(number, patience_s=patience_s)


async def test_those_under_way_share_one_batch_and_one_that_fails_takes_none_with_it() -> None:
    desk = Desk()
    found = await asyncio.gather(*map(desk.ask, (1, 13, 3)), return_exceptions=True)
    assert list(map(str, found)) == ["2", "13", "6"]
    assert desk.done == [[1, 13, 3]]


async def test_nobody_waits_for_one_that_will_not_come_any_more() -> None:
    desk = Desk()
    with desk.batches.expected():
        asked = asyncio.create_task(desk.ask(1))
        await asyncio.sleep(0.01)
        assert (desk.done, desk.batches.waiting) == ([], 1)
    assert await asked == 2


async def test_patience_ends() -> None:
    desk = Desk()
    with desk.batches.expected():
        assert await desk.ask(1, patience_s=0.0) == 2


async def test_a_full_batch_waits_for_nobody() -> None:
    desk = Desk()
    with desk.batches.expected():
        await asyncio.gather(*map(desk.ask, range(100, 100 + MOST)))
    assert desk.done == [[*range(100, 100 + MOST)]]


async def test_what_was_asked_so_far_can_be_settled() -> None:
    desk = Desk()
    with desk.batches.expected():
        asked = [asyncio.create_task(desk.ask(number)) for number in (1, 2)]
        await asyncio.sleep(0.01)
        await desk.batches.settled()
        assert desk.done == [[1, 2]]
        assert [await one for one in asked] == [2, 4]


async def test_one_that_gave_up_leaves_the_others_their_results() -> None:
    desk = Desk()
    with desk.batches.expected():
        first, second = (asyncio.create_task(desk.ask(number)) for number in (1, 2))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.wait({first})
    assert await second == 4
