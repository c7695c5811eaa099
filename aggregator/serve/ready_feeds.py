"""Feeds that can be sent at once: answered before routing, from what is in memory.

Most requests are for a feed that has not changed since somebody asked for it. Where it is, what it
is made for and its bytes are known then, and the answer is what `feed_routes.feed` would give, byte
by byte. Whatever is not at hand in its present version is that route's. Nothing here waits.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.serve.encodings import encoded_at_hand
from aggregator.serve.feed_fields import cache_control, further_fields
from aggregator.serve.responses import conditional_response, judge

if TYPE_CHECKING:
    from collections.abc import Hashable

    from aggregator.config import Config
    from aggregator.model import Feed
    from aggregator.serve.request_heads import Asked
    from aggregator.serve.responses import Verdict
    from aggregator.serve.server_context import Rendering, Served

#: Addresses that are known at a time, of thousands of feeds in three formats; 1 KiB each.
MOST_ADDRESSES = 4096

_OK = b"HTTP/1.1 200 OK\r\n"
_NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n"


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer: its status line, its fields but for those of the connection, and its body."""

    status_line: bytes
    fields: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status as a number."""
        return 200 if self.status_line is _OK else 304


@dataclass(slots=True)
class _Known:
    """A feed's document at an address, and the heads of its present rendering's answers."""

    feed: Feed
    key: Hashable
    made_for: str
    rendering: Rendering | None = None
    heads: dict[tuple[str, bool, bool], tuple[bytes, bytes]] = field(default_factory=dict)


class ReadyFeeds:
    """The addresses of documents that were asked for, as one configuration gives them."""

    def __init__(self) -> None:
        self._config: Config | None = None
        self._known: dict[bytes, _Known] = {}

    def know(
        self,
        target: bytes,
        config: Config,
        feed: Feed,
        key: Hashable,
        made_for: str,
    ) -> None:
        """Note which feed's document is at an address, and where the renderings have it."""
        if config is not self._config:
            self._config, self._known = config, {}
        if target not in self._known:
            if len(self._known) >= MOST_ADDRESSES:
                del self._known[next(iter(self._known))]
            self._known[target] = _Known(feed, key, made_for)

    def answer(self, served: Served, asked: Asked) -> Ready | None:
        """Return the answer to a request, `None` where the routes are to answer."""
        if served.looks.are_needed:
            return None  # what is at hand may be behind what others have committed
        known = self._known.get(asked.target)
        if known is None or served.site.config() is not self._config:
            return None
        version = served.site.store.feed_version(known.feed.name)
        rendering = served.caches.renderings.fresh(known.key, known.made_for, version)
        if rendering is None:
            return None
        representation = rendering.representation
        chosen = encoded_at_hand(
            served.caches.encodings, known.key, representation, asked.accept_encoding
        )
        if chosen is None:
            return None
        verdict = judge(
            representation,
            chosen,
            asked.if_none_match,
            asked.if_modified_since,
            served.site.now(),
        )
        status_line, fields = _head(known, rendering, verdict)
        is_bare = verdict.unchanged or asked.method == "HEAD"
        return Ready(status_line, fields, b"" if is_bare else chosen.body)


def _head(known: _Known, rendering: Rendering, verdict: Verdict) -> tuple[bytes, bytes]:
    """Return the head that the route's response has; it is the same until the feed changes."""
    if known.rendering is not rendering:
        known.rendering, known.heads = rendering, {}
    kind = verdict.chosen.etag, verdict.unchanged, verdict.dated_at is None
    head = known.heads.get(kind)
    if head is None:
        response = conditional_response(
            verdict,
            rendering.representation.media_type,
            cache_control=cache_control(known.feed, rendering),
            headers=further_fields(known.feed),
        )
        status_line = _NOT_MODIFIED if verdict.unchanged else _OK
        fields = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        head = known.heads[kind] = status_line, fields
    return head
