"""Fetch: the only way out to the network. A URL goes in, an `Outcome` comes out."""

from aggregator.fetch.client import Fetcher, user_agent
from aggregator.fetch.limits import FetchLimits
from aggregator.fetch.resolve import Resolver

__all__ = ["FetchLimits", "Fetcher", "Resolver", "user_agent"]
