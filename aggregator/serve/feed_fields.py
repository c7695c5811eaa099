"""What the header of a feed says of keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Feed
    from aggregator.serve.server_context import Rendering

#: The address of a feed with a token is its secret: what finds it by chance shall not list it.
PRIVATELY = {"X-Robots-Tag": "none"}


def cache_control(feed: Feed, rendering: Rendering) -> str:
    """Return which caches may keep the document, how long (RFC 9111 §5.2.2, RFC 8246 §2)."""
    who = "public" if feed.token is None else "private, no-transform"
    seconds = int(rendering.fresh_for.total_seconds())
    return f"{who}, max-age={seconds}{', immutable' if rendering.final else ''}"


def further_fields(feed: Feed) -> Mapping[str, str]:
    """Return what else the header of the feed has."""
    return {} if feed.token is None else PRIVATELY
