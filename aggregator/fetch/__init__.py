"""Fetch: the only way out to the network. A URL goes in, an `Outcome` comes out."""

from typing import TYPE_CHECKING

from aggregator.runtime.late_names import late

if TYPE_CHECKING:
    from aggregator.fetch.client import Fetcher, user_agent
    from aggregator.fetch.cookie_file import cookie_problem
    from aggregator.fetch.dns import Resolver
    from aggregator.fetch.posting import Message
    from aggregator.fetch.redirects import is_unconditional
    from aggregator.fetch.request_limits import FetchLimits
    from aggregator.fetch.secret_files import Secrets
else:  # the HTTP client takes a quarter of a second to load, and few commands ask anybody
    __getattr__ = late(
        __name__,
        {
            "Fetcher": "client",
            "user_agent": "client",
            "cookie_problem": "cookie_file",
            "Resolver": "dns",
            "Message": "posting",
            "is_unconditional": "redirects",
            "FetchLimits": "request_limits",
            "Secrets": "secret_files",
        },
    )

__all__ = [
    "FetchLimits",
    "Fetcher",
    "Message",
    "Resolver",
    "Secrets",
    "cookie_problem",
    "is_unconditional",
    "user_agent",
]
