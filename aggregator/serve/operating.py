"""What the operator can do from a page: poll a source now, let it rest, let it be polled again."""

from __future__ import annotations

from typing import Protocol


class Operating(Protocol):
    """What the daemon does for the operator; each raises `AggregatorError` with what is wrong."""

    async def poll(self, name: str) -> None:
        """Begin to poll a source, due or not; does not wait for its end."""

    async def switch(self, name: str, *, enabled: bool) -> None:
        """Let a source be polled or not, in config.toml, and take that over."""

    def note(self, what: str, client: str) -> None:
        """Log what became of a log-in, "in", "out", "refused" or "too many tries", and whose."""
