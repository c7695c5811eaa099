"""One history from its seed: played to its end or to a broken law, and made shorter then."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.laws.steps import Step, any_steps, take
from benchmarks.laws.violations import Violation
from benchmarks.laws.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

#: Where files cost no disk.
_MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it

#: Replays that shortening one history may take.
MOST_REPLAYS = 150


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken law, and the history that breaks it, in words."""

    seed: int
    steps: tuple[Step, ...]
    law: str
    told: str
    story: tuple[str, ...]

    def text(self) -> str:
        """Return the report."""
        lines = "\n".join(f"  {line}" for line in self.story)
        broken = f"BROKEN: {self.law}: {self.told}"
        return f"history {self.seed}, {len(self.steps)} steps\n{lines}\n{broken}"


def play(seed: int, steps: Sequence[Step], *, verbose: bool = False) -> Finding | None:
    """Play some steps in the world of a seed; return the first law that is broken."""
    where = _MEMORY if _MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="laws-", dir=where) as folder,
        ThreadPoolExecutor(1) as threads,
    ):
        world = World(Path(folder), threads, seed)
        return asyncio.run(_play(world, seed, steps, verbose=verbose))


async def _play(world: World, seed: int, steps: Sequence[Step], *, verbose: bool) -> Finding | None:
    story = world.found()
    try:
        try:
            await world.begin()
            for step in steps:
                await take(world, step, story)
                if verbose:
                    print(story[-1])
            await world.let_all_come()
        except Violation as broken:
            if set(broken.articles) & world.judge.lost:
                return None
            return Finding(seed, tuple(steps), broken.law, broken.told, tuple(story))
        finally:
            await world.program.stop()
    except Exception:
        print("\n".join(story))
        raise
    return None


def shortened(finding: Finding) -> Finding:
    """Return a history of fewer steps that breaks the same law, found by leaving steps out."""
    best = finding

    def breaks(steps: Sequence[Step]) -> bool:
        nonlocal best
        found = play(finding.seed, steps)
        if found is None or found.law != finding.law:
            return False
        best = found
        return True

    shortest(finding.steps, breaks, most=MOST_REPLAYS)
    return best


def shortest(steps: Sequence[T], breaks: Callable[[Sequence[T]], bool], *, most: int) -> list[T]:
    """Return as few of `steps` as still break, by leaving out ever shorter runs of them.

    `breaks` is asked at most `most` times.
    """
    best, size = list(steps), max(1, len(steps) // 2)
    while size and most:
        at, dropped = 0, False
        while at < len(best) and most:
            fewer = best[:at] + best[at + size :]
            most -= 1
            if breaks(fewer):
                best, dropped = fewer, True
            else:
                at += size
        if not dropped:
            size //= 2
    return best


def history_seed(seed: int, number: int) -> int:
    """Return the seed of one history of a run."""
    return seed * 100_000 + number


def find(seed: int, number: int, steps: int) -> Finding | None:
    """Play one history of a run; return what it breaks, shortened."""
    own = history_seed(seed, number)
    found = play(own, any_steps(own, steps))
    return None if found is None else shortened(found)
