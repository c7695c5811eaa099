"""Protocols of the worker processes that read untrusted input and can be killed.

`daemon.workers` keeps these promises; the rooms below it are handed what does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

#: A result larger than this is refused on both sides; the largest real document gives 3 MiB.
MAX_RESULT_BYTES = 32 * 1024 * 1024


class WorkerPool(Protocol):
    """A few processes that take turns."""

    async def run(
        self, steps: tuple[Callable[[Any], Any], ...], argument: object, *, deadline: timedelta
    ) -> Any:
        """Return what `steps`, applied in turn to `argument`, give, computed in a process.

        `steps` are functions of a module; results are made of the model's types and plain values.
        Raises the `UnreadableError` that a step raised, or one that says why there is no result
        (PARSE_TIMEOUT, PARSE_MEMORY, TOO_LARGE, INTERNAL).
        """


class WorkerProcess(Protocol):
    """One process; one call at a time, from any thread."""

    def call(
        self, steps: tuple[Callable[[Any], Any], ...], argument: object, deadline: timedelta
    ) -> Any:
        """Do what `WorkerPool.run` does, and block until it is done."""

    def end(self) -> object:
        """End the process; the next call starts another."""
