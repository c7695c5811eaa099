"""What the operator does to config.toml."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.laws.world import Spec, World

    Operation = Callable[[World, random.Random], Awaitable[str | None]]

#: Words that stand in some of the articles.
_WORDS = ("kernel", "museum", "系统")


def _some(world: World, dice: random.Random, *, removed: bool = False) -> tuple[str, Spec] | None:
    specs = [(key, spec) for key, spec in world.specs.items() if spec.removed is removed]
    return dice.choice(specs) if specs else None


async def rename(world: World, dice: random.Random) -> str | None:
    """Rename a source."""
    found = _some(world, dice)
    if found is None:
        return None
    key, spec = found
    spec.name = f"{key}-{dice.randrange(1000)}"
    await world.reconfigure()
    return f"{key} is renamed {spec.name}"


async def remove(world: World, dice: random.Random) -> str | None:
    """Remove a source, or put one back, or in."""
    found = _some(world, dice, removed=dice.random() < 0.6) or _some(world, dice)
    if found is None:
        return None
    key, spec = found
    spec.removed = not spec.removed
    world.judge.memory.unpolled.add(key)
    await world.reconfigure()
    if spec.removed:
        return f"source {key} is removed"
    return f"source {key} is put in; {await world.poll(key)}"


async def tag(world: World, dice: random.Random) -> str | None:
    """Put a source into the tagged feed, or take it out."""
    found = _some(world, dice)
    if found is None:
        return None
    key, spec = found
    spec.tags = () if spec.tags else ("x",)
    await world.reconfigure()
    return f"source {key} is {'in' if spec.tags else 'not in'} the tagged feed"


async def resize(world: World, dice: random.Random) -> str | None:
    """Change a feed's window."""
    name = dice.choice(list(world.feeds))
    world.feeds[name] = replace(
        world.feeds[name],
        window_days=dice.choice((1, 3, 10)),
        min_entries=dice.choice((1, 3, 6)),
        limit=dice.choice((8, 15, 40)),
        per_source=dice.choice(('"off"', '"1/3"', "5")),
    )
    await world.reconfigure()
    world.by_operator = False  # what a window drops is gone for good, whoever made it smaller
    return f"feed {name} is {world.feeds[name]}"


async def rule(world: World, dice: random.Random) -> str | None:
    """Block what has some word in it, of a source or in a feed, or take that back."""
    word = dice.choice(_WORDS)
    if dice.random() < 0.5:
        found = _some(world, dice)
        if found is None:
            return None
        key, spec = found
        spec.blocks = None if spec.blocks else word
        told = f"source {key} blocks {spec.blocks}"
    else:
        name = dice.choice(list(world.feeds))
        feed = world.feeds[name]
        world.feeds[name] = replace(feed, blocks=None if feed.blocks else word)
        told = f"feed {name} blocks {world.feeds[name].blocks}"
    await world.reconfigure()
    return told


OPERATIONS: dict[str, tuple[int, Operation]] = {
    "rename": (2, rename),
    "remove": (6, remove),
    "tag": (3, tag),
    "resize": (3, resize),
    "rule": (4, rule),
}
