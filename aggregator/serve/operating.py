"""What the operator can do from a page: poll a source, let it rest, add one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.model.candidates import Added, Found


class Operating(Protocol):
    """What the daemon does for the operator; each raises `AggregatorError` with what is wrong."""

    async def poll(self, name: str) -> None:
        """Begin to poll a source, due or not; does not wait for its end."""

    async def switch(self, name: str, *, enabled: bool) -> None:
        """Let a source be polled or not, in config.toml, and take that over."""

    async def find(self, who: str, typed: str) -> Found:
        """Return what is at an address that `who` has typed: one at a time, for 20 s at most."""

    async def add(self, who: str, offer: str, name: str | None, tags: tuple[str, ...]) -> Added:
        """Add to config.toml what was found for `who`, and take that over."""

    def note(self, what: str, client: str) -> None:
        """Log what became of a log-in, "in", "out", "refused" or "too many tries", and whose."""
