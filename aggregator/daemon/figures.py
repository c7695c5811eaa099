"""How the daemon and its database are at this moment, as figures for whoever monitors them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model.errors import StoreError
from aggregator.model.measures import gauge, gauges

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model.measures import Measure
    from aggregator.store import PageStore


def daemon_figures(
    *, sources: int, enabled: int, failing: int, is_well: bool, is_ready: bool, is_offline: bool
) -> tuple[Measure, ...]:
    """Return what the daemon knows of itself without asking the database."""
    return (
        gauges(
            "aggregator_build_info", "Always 1, with the version.", "version", [(__version__, 1)]
        ),
        gauge("aggregator_healthy", "1 while the daemon can work, as /healthz says.", is_well),
        gauge("aggregator_ready", "1 while readers may be sent here, as /readyz says.", is_ready),
        gauge("aggregator_offline", "1 while our own network is down.", is_offline),
        gauges(
            "aggregator_sources", "Configured sources, by state.", "state",
            [("well", enabled - failing), ("failing", failing), ("disabled", sources - enabled)],
        ),
    )  # fmt: skip


def store_figures(store: PageStore, now: datetime) -> tuple[Measure, ...]:
    """Return what the database says of itself; nothing where it cannot say it now. Blocks."""
    try:
        found = store.figures(now)
    except StoreError:  # `aggregator_healthy` tells of it
        return ()
    return (
        gauges(
            "aggregator_database_bytes", "Size of the database's files.", "file",
            found.bytes_on_disk,
        ),
        gauge(
            "aggregator_overdue_sources",
            "Sources that should have been polled ten minutes ago and more.",
            found.overdue,
        ),
        gauges(
            "aggregator_alarms", "What is wrong, as the operations feed tells it, by kind.", "kind",
            found.alarms,
        ),
    )  # fmt: skip
