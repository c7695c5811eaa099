"""Feeds and their archives, at every address that one configuration gives them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from aggregator.editions import Catalogue, read_address
from aggregator.errors import StoreError
from aggregator.serve import words
from aggregator.serve.renderings import Renderings, UnavailableError
from aggregator.serve.responses import conditional_response, text_response, unavailable_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.config import Config
    from aggregator.editions import Address
    from aggregator.model import Feed
    from aggregator.serve.renderings import Rendering
    from aggregator.store import Store

#: The address of a feed with a token is its secret: what finds it by chance shall not list it.
PRIVATELY = {"X-Robots-Tag": "none"}


class Feeds:
    """`/feeds/…`, `/tags/…` and `/sources/…`."""

    def __init__(
        self, config: Callable[[], Config], store: Store, now: Callable[[], datetime]
    ) -> None:
        self._config = config
        self._store = store
        self._now = now
        self._catalogue: Catalogue | None = None
        self._renderings = Renderings(store)

    async def respond(self, request: Request) -> Response:
        """Answer with a feed in one format, or with a part of its archive."""
        addresses = read_address(request.scope["raw_path"].decode("ascii"))
        catalogue = self._present()
        document = catalogue.find(addresses)
        if document is None:
            return await self._not_there(addresses)
        try:
            rendering = await self._renderings.get(catalogue, document)
        except UnavailableError:
            return unavailable_response()
        if rendering is None:
            raise HTTPException(404)
        return conditional_response(
            request,
            rendering.representation,
            cache_control=_cache_control(document.feed, rendering),
            now=self._now(),
            headers=PRIVATELY if document.feed.token is not None else None,
        )

    def _present(self) -> Catalogue:
        config = self._config()
        if self._catalogue is None or self._catalogue.config is not config:
            self._catalogue = Catalogue(config)
        return self._catalogue

    async def _not_there(self, addresses: tuple[Address, ...]) -> Response:
        for address in addresses:
            try:
                removed = await asyncio.to_thread(self._store.removed_feed, address.name)
            except StoreError:  # then nobody can say that there was one
                continue
            if removed is not None and address.was_of(removed):
                return text_response(410, words.GONE)
        raise HTTPException(404)


def _cache_control(feed: Feed, rendering: Rendering) -> str:
    """Return who may keep the document and for how long (RFC 9111 §5.2.2, RFC 8246 §2)."""
    who = "public" if feed.token is None else "private, no-transform"
    seconds = int(rendering.fresh_for.total_seconds())
    return f"{who}, max-age={seconds}{', immutable' if rendering.final else ''}"
