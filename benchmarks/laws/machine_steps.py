"""What happens to the program and its machine: polls that go wrong, clocks, deaths, backups."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.laws.program import KEEP_RAW

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.laws.world import World

    Operation = Callable[[World, random.Random], Awaitable[str | None]]

_OFFSETS = (timedelta(0), timedelta(0), timedelta(hours=1), timedelta(days=10), timedelta(hours=-1),
            timedelta(days=-1))  # fmt: skip


async def poll(world: World, dice: random.Random) -> str | None:
    """Poll a source, or all of them."""
    if dice.random() < 0.5:
        return await world.poll(dice.choice(list(world.publishers)))
    return "; ".join([await world.poll(key) for key in world.publishers])


async def poll_in_trouble(world: World, dice: random.Random) -> str | None:
    """Poll a source that answers with something else than its document."""
    key = dice.choice(list(world.publishers))
    mode = dice.choice(("failing", "silent", "gone", "page", "empty", f"cut{dice.randrange(20)}",
                        f"cut{dice.randrange(20)}"))  # fmt: skip
    return await world.poll(key, mode)


async def die_in_poll(world: World, dice: random.Random) -> str | None:
    """Kill the process in the transaction of a poll."""
    return await world.poll(dice.choice(list(world.publishers)), dying=True)


async def die(world: World, dice: random.Random) -> str | None:
    """Kill the process between polls, or stop it, and start it again."""
    if dice.random() < 0.5:
        await world.program.kill()
        return "the process is killed"
    await world.program.restart()
    return "the daemon is restarted"


async def prune(world: World, dice: random.Random) -> str | None:
    """Forget what is old."""
    await world.let_all_come()
    days = dice.choice((2, 4, 8))
    count = world.program.store.prune(
        world.now(), retention=timedelta(days=days), keep_raw=KEEP_RAW
    )
    return f"{count} entries older than {days} days are forgotten"


async def set_clock(world: World, dice: random.Random) -> str | None:
    """Set the machine's clock."""
    world.offset = dice.choice(_OFFSETS)
    return f"the clock is off by {world.offset}"


async def back_up(world: World, dice: random.Random) -> str | None:  # noqa: ARG001 - the table's
    """Make a backup."""
    await world.back_up()
    return "a backup is made"


async def restore(world: World, dice: random.Random) -> str | None:  # noqa: ARG001 - the table's
    """Restore the backup."""
    if world.backup is None:
        return None
    await world.restore()
    return "the backup is restored"


OPERATIONS: dict[str, tuple[int, Operation]] = {
    "poll": (16, poll),
    "poll in trouble": (6, poll_in_trouble),
    "die in a poll": (2, die_in_poll),
    "die": (2, die),
    "prune": (6, prune),
    "clock": (3, set_clock),
    "backup": (2, back_up),
    "restore": (1, restore),
}
