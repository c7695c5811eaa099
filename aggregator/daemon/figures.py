"""How the daemon and its database are at this moment, as figures for whoever monitors them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.model.errors import StoreError
from aggregator.model.measures import gauge, gauges

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from aggregator.model.measures import Measure
    from aggregator.store import PageStore

#: The database's files, by what follows its name.
_FILES = {"database": "", "log": "-wal"}


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


def store_figures(store: PageStore, path: Path, now: datetime) -> tuple[Measure, ...]:
    """Return what the database says of itself; nothing of what it cannot say now. Blocks."""
    sizes = [(what, _size(path.with_name(path.name + end))) for what, end in _FILES.items()]
    try:
        found, sizes = store.figures(now), [*sizes, ("search", store.search_bytes())]
    except StoreError:  # `aggregator_healthy` tells of it
        found = None
    told = [
        gauges("aggregator_database_bytes", "Size of the database's files.", "file", sizes),
    ]
    if found is None:
        return tuple(told)
    told.append(
        gauge(
            "aggregator_overdue_sources",
            "Sources that should have been polled ten minutes ago and more.",
            found.overdue,
        )
    )
    told.append(
        gauges(
            "aggregator_alarms", "What is wrong, as the operations feed tells it, by kind.", "kind",
            found.alarms,
        )
    )  # fmt: skip
    return tuple(told)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
