"""The terms on which sources are polled: bounds of the configuration, whose a host is, the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.schedule.favour import Favour
from aggregator.schedule.price import PollingBounds
from aggregator.web.addresses import host_and_port

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Allowance


def utc_now() -> datetime:
    """Return the wall clock's time."""
    return datetime.now(UTC)


def make_bounds(config: Config) -> PollingBounds:
    """Return the operator's bounds and budget."""
    polling = config.polling
    return PollingBounds(
        polling.min_interval, polling.max_interval, polling.budget, Favour(polling.favour)
    )


def is_ours(url: str, allow_private: tuple[Allowance, ...]) -> bool:
    """Tell whether a URL's host is the operator's own: covered by `allow_private`."""
    host, port = host_and_port(url)
    return any(allowance.covers(host, port) for allowance in allow_private)
