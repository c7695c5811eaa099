"""What may happen in one step: a table of operations, each with how often it comes.

An operation is asked with dice of its own, so that a history without some of its steps is still
one; where it cannot be done it does nothing and returns `None`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.laws import machine_steps, operator_steps, publisher_steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.laws.world import World

    Operation = Callable[[World, random.Random], Awaitable[str | None]]

OPERATIONS: dict[str, tuple[int, Operation]] = {
    **publisher_steps.OPERATIONS,
    **operator_steps.OPERATIONS,
    **machine_steps.OPERATIONS,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a history: how long after the one before, which operation, with which dice."""

    minutes: int
    operation: str
    dice: int


def any_steps(seed: int, count: int) -> list[Step]:
    """Return the steps of a history."""
    dice = random.Random(f"steps {seed}")  # noqa: S311 # a replay, not a secret
    names = list(OPERATIONS)
    weights = [OPERATIONS[name][0] for name in names]
    return [
        Step(
            dice.choice((2, 10, 45, 180, 600, 1500, 2600)),
            dice.choices(names, weights)[0],
            dice.randrange(1 << 30),
        )
        for _ in range(count)
    ]


async def take(world: World, step: Step, story: list[str]) -> None:
    """Let time pass and do what the step says, then look; write what happened into `story`."""
    dice = random.Random(step.dice)  # noqa: S311 # a replay, not a secret
    await world.pass_time(timedelta(minutes=step.minutes))
    when = f"{world.now():%m-%d %H:%M}"
    story.append(f"{when}  {step.operation}, in which the law is broken")
    told = await OPERATIONS[step.operation][1](world, dice)
    if told is None:
        story.pop()
    else:
        story[-1] = f"{when}  {told}"
    await world.look()
    await world.let_come(dice)
