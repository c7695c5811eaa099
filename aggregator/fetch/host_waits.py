"""Hosts that asked everybody to wait, remembered so that no redirect leads into one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    Origin = tuple[str, str, int]

#: Hosts that are remembered; more than these at once are an outage of the network, not their wish.
MAX_WAITS = 1000


class Waits:
    """Until when each origin (scheme, host, port) wants no request; those that have ended go."""

    def __init__(self) -> None:
        self._until: dict[Origin, datetime] = {}

    def __len__(self) -> int:
        """Count what is remembered."""
        return len(self._until)

    def note(self, origin: Origin, until: datetime, now: datetime) -> None:
        """Remember that `origin` asked for quiet; what it has asked for before still holds."""
        kept = {known: at for known, at in self._until.items() if at > now}
        kept[origin] = max(until, kept.get(origin, until))
        if len(kept) > MAX_WAITS:
            del kept[min(kept, key=kept.__getitem__)]
        self._until = kept

    def remaining(self, origin: Origin, now: datetime) -> timedelta | None:
        """Return how long `origin` still wants to be left alone; `None`: no longer, or never."""
        until = self._until.get(origin)
        return None if until is None or until <= now else until - now
