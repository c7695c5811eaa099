"""The price of a request: found again every hour from what was spent, and what each may cost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from aggregator.daemon.once import weighed
from aggregator.schedule import price

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.schedule.price import PollingBounds, Pricing
    from aggregator.store import PollStore


class Prices:
    """The price that holds, kept in the store, and the requests since it was found."""

    def __init__(self, pricing: Pricing) -> None:
        self.pricing = pricing
        self._priced: frozenset[str] = frozenset()

    def count(self, source: str) -> None:
        """Count a request for a source, if the budget pays it."""
        if source in self._priced:
            self.pricing = price.count_request(self.pricing)

    def add(self, requests: int) -> None:
        """Count requests that the budget has paid elsewhere."""
        self.pricing = replace(self.pricing, requests=self.pricing.requests + requests)

    def steer(self, store: PollStore, bounds: PollingBounds, now: datetime) -> Callable[[], None]:
        """Weigh the last hour's requests against the budget, and keep the new price; blocks.

        Return what makes it hold, for the thread that counts.
        """
        before = self.pricing
        found, priced = weighed(store, before, bounds, now=now)
        store.set_pricing(price.to_text(found))
        return partial(self._take, before, found, priced)

    def _take(self, before: Pricing, found: Pricing, priced: frozenset[str]) -> None:
        # What was asked meanwhile counts for the next hour.
        meanwhile = self.pricing.requests - before.requests
        self.pricing, self._priced = replace(found, requests=found.requests + meanwhile), priced

    def keep(self, store: PollStore) -> None:
        """Keep the price with what was asked since; blocks."""
        store.set_pricing(price.to_text(self.pricing))
