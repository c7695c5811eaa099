"""Fetch: the only way out to the network. A URL goes in, an `Outcome` comes out."""

from aggregator.fetch.client import Fetcher, user_agent
from aggregator.fetch.hops import unsendable
from aggregator.fetch.limits import FetchLimits
from aggregator.fetch.resolve import Resolver
from aggregator.fetch.secrets import Secrets

__all__ = ["FetchLimits", "Fetcher", "Resolver", "Secrets", "unsendable", "user_agent"]
