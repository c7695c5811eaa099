"""Fetch: the only way out to the network. A URL goes in, an `Outcome` comes out."""

from aggregator.fetch.client import Fetcher, user_agent
from aggregator.fetch.cookie_file import cookie_problem
from aggregator.fetch.dns import Resolver
from aggregator.fetch.redirects import is_unconditional
from aggregator.fetch.request_limits import FetchLimits
from aggregator.fetch.secret_files import Secrets

__all__ = [
    "FetchLimits",
    "Fetcher",
    "Resolver",
    "Secrets",
    "cookie_problem",
    "is_unconditional",
    "user_agent",
]
