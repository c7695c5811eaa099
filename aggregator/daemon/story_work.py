"""What feeds that take stories together want done beside polls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.store import MaintenanceStore


def tell_stories(config: Config, store: MaintenanceStore, now: datetime) -> None:
    """Show what has waited for long enough, and look at some of what was stored before."""
    if any(feed.dedupe == "story" for feed in config.feeds):
        store.show_held(now)
        store.tell_stories(now)
