"""Feeds and their archives, at every address that one configuration gives them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from starlette.exceptions import HTTPException

from aggregator.publish import Addresses
from aggregator.publish.catalogue import Catalogue, read_address
from aggregator.serve import page_messages
from aggregator.serve.former_addresses import Gone, Moved, Past
from aggregator.serve.rendering_cache import Renderings
from aggregator.serve.responses import conditional_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.config import Config
    from aggregator.model import Feed
    from aggregator.publish.catalogue import Address, Document
    from aggregator.serve.rendering_cache import Rendering
    from aggregator.serve.timeouts import Patience
    from aggregator.store import FeedStore

#: The address of a feed with a token is its secret: what finds it by chance shall not list it.
PRIVATELY = {"X-Robots-Tag": "none"}

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


class Feeds:
    """`/feeds/…`, `/tags/…` and `/sources/…`."""

    def __init__(
        self,
        config: Callable[[], Config],
        store: FeedStore,
        now: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        self._config = config
        self._now = now
        self._catalogue: Catalogue | None = None
        self._renderings = Renderings(store, patience=patience)
        self._past = Past(store, patience.for_the_past)

    async def respond(self, request: Request) -> Response:
        """Answer with a feed in one format, or with a part of its archive.

        Raises `UnavailableError`, and `HTTPException` where there is nothing.
        """
        path = request.scope["raw_path"].decode("ascii")
        addresses = read_address(path)
        catalogue = await self._present()
        document = catalogue.find(addresses)
        if document is None:
            return await self._not_there(path, addresses)
        rendering = await self._renderings.get(catalogue, document)
        if rendering is None:
            raise HTTPException(404)
        return conditional_response(
            request,
            rendering.representation,
            cache_control=_cache_control(document.feed, rendering),
            now=self._now(),
            headers=PRIVATELY if document.feed.token is not None else None,
        )

    async def _present(self) -> Catalogue:
        """Return the catalogue of the present configuration; thousands of sources take ms."""
        config, catalogue = self._config(), self._catalogue
        if catalogue is None or catalogue.config is not config:
            catalogue = self._catalogue = await asyncio.to_thread(Catalogue, config)
        return catalogue

    async def _not_there(self, path: str, addresses: tuple[Address, ...]) -> Response:
        remembered = await self._past.of(addresses)
        match remembered:
            case Gone():
                return text_response(410, page_messages.GONE)
            case Moved(address, name):
                there = replace(address, path=tuple(name.split("/", 1)))
                document = (await self._present()).find([there])
                if document is None:  # its source is shown to nobody without a token today
                    raise HTTPException(404)
                return text_response(301, page_messages.MOVED, {"Location": _way(path, document)})
            case None:
                raise HTTPException(404)
            case _:
                assert_never(remembered)


def _way(path: str, document: Document) -> str:
    """Return a relative reference from the path of a request to a document (RFC 3986 §4.2).

    It holds below whatever prefix a proxy may have taken away.
    """
    here = _HERE.document(document.feed, document.form, document.part)
    return "../" * (path.count("/") - 1) + here.removeprefix("/")


def _cache_control(feed: Feed, rendering: Rendering) -> str:
    """Return who may keep the document and for how long (RFC 9111 §5.2.2, RFC 8246 §2)."""
    who = "public" if feed.token is None else "private, no-transform"
    seconds = int(rendering.fresh_for.total_seconds())
    return f"{who}, max-age={seconds}{', immutable' if rendering.final else ''}"
