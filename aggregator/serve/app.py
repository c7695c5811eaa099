"""The routes: feeds for everyone, a page of them, and what only this machine's people may see."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from aggregator.errors import StoreError
from aggregator.publish import OPML_MEDIA_TYPE, Format, render_sources
from aggregator.redact import redact
from aggregator.serve.callers import is_local
from aggregator.serve.pages import STYLE_SOURCE, feeds_page
from aggregator.serve.renderings import Renderings, UnavailableError
from aggregator.serve.responses import (
    CONTENT_SECURITY_POLICY,
    Representation,
    conditional_response,
    represent,
    text_response,
    unavailable_response,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.config import Config
    from aggregator.store import Store

log = logging.getLogger(__name__)

#: Feeds may be reused this long without asking: well below any reader's polling interval.
FEED_CACHE_CONTROL = "public, max-age=300"

#: The page and the sources: keep, but ask first.
ASK_FIRST = "no-cache"

#: Titles and sites of sources change about never; a minute old is new enough for an export.
OPML_FRESH_SECONDS = 60.0

_FORMATS = {form.value: form for form in Format}

_PAGE_HEADERS = {"Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; style-src {STYLE_SOURCE}"}

_NOT_FOUND = (
    "Nothing is published here. The list of feeds is at / ; their addresses end in .atom, .rss "
    "or .json.\n此处没有内容。订阅列表见首页 / ，地址以 .atom、.rss 或 .json 结尾。"
)
_LOCAL_ONLY = (
    "Only callers on this machine may see this; [server] public_opml = true shows it to all.\n"
    "仅限本机访问；在 [server] 中设置 public_opml = true 可对外公开。"
)
_METHODS = "Only GET and HEAD are answered here.\n此处仅支持 GET 与 HEAD。"
_BROKEN = (
    "Something is broken here; the log of the server says what.\n服务器出错，详情见服务器日志。"
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, given as calls that read memory only (the store's methods excepted).

    `config` returns the present configuration, always the same object until another is applied;
    `health` returns `None`, or why the daemon itself cannot work.
    """

    config: Callable[[], Config]
    store: Store
    health: Callable[[], str | None]
    now: Callable[[], datetime] = _utc_now


def create_app(site: Site) -> Starlette:
    """Return the application that serves `site`. Nothing blocks the event loop."""
    app = Starlette(
        routes=[
            Route("/", _Page(site).respond),
            Route("/feeds/{file}", _Feeds(site).respond),
            Route("/sources.opml", _Sources(site).respond),
            Route("/healthz", _Health(site).respond),
        ],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
    )
    app.router.redirect_slashes = False
    return app


class _Page:
    """`/`: made once for each configuration."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made: tuple[Config, Representation] | None = None

    async def respond(self, request: Request) -> Response:
        config = self._site.config()
        if self._made is None or self._made[0] is not config:
            page = await asyncio.to_thread(_represent_page, config)
            self._made = (config, page)
        return conditional_response(
            request,
            self._made[1],
            cache_control=ASK_FIRST,
            now=self._site.now(),
            headers=_PAGE_HEADERS,
        )


def _represent_page(config: Config) -> Representation:
    return represent(feeds_page(config), "text/html; charset=utf-8")


class _Feeds:
    """`/feeds/NAME.EXTENSION`; a name may hold dots."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._renderings = Renderings(site.config, site.store)

    async def respond(self, request: Request) -> Response:
        name, _, extension = request.path_params["file"].rpartition(".")
        feed = next((feed for feed in self._site.config().feeds if feed.name == name), None)
        if feed is None or extension not in _FORMATS:
            raise HTTPException(404)
        try:
            document = await self._renderings.get(feed, _FORMATS[extension])
        except UnavailableError:
            return unavailable_response()
        return conditional_response(
            request, document, cache_control=FEED_CACHE_CONTROL, now=self._site.now()
        )


class _Sources:
    """`/sources.opml`, for local callers or, with `public_opml`, for all.

    Made at most every `OPML_FRESH_SECONDS` under one configuration, so that asking for it again
    and again does not become work for the database.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made: tuple[Config, float, Representation] | None = None
        self._turn = asyncio.Lock()

    async def respond(self, request: Request) -> Response:
        server = self._site.config().server
        if not server.public_opml and not is_local(request, server.base_url):
            return text_response(403, _LOCAL_ONLY)
        try:
            document = await self._document()
        except StoreError as error:
            log.warning("sources not rendered error=%r", redact(str(error)))
            return unavailable_response()
        return conditional_response(
            request, document, cache_control=ASK_FIRST, now=self._site.now()
        )

    async def _document(self) -> Representation:
        async with self._turn:
            config, loop_time = self._site.config(), asyncio.get_running_loop().time()
            if self._made is not None:
                made_for, made_at, document = self._made
                if made_for is config and loop_time - made_at < OPML_FRESH_SECONDS:
                    return document
            document = await asyncio.to_thread(_represent_sources, config, self._site.store)
            self._made = (config, loop_time, document)
            return document


def _represent_sources(config: Config, store: Store) -> Representation:
    statuses = {status.name: status for status in store.status()}
    body = render_sources("Sources", config.sources, statuses)
    return represent(body, f"{OPML_MEDIA_TYPE}; charset=utf-8")


class _Health:
    """`/healthz`: whether the daemon itself can work; sources that fail do not make it sick."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def respond(self, request: Request) -> Response:
        trouble = self._site.health()
        if trouble is None:
            return text_response(200, "ok")
        local = is_local(request, self._site.config().server.base_url)
        return text_response(503, f"fail: {trouble}" if local else "fail")


async def _refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    match status:
        case 404:
            return text_response(404, _NOT_FOUND)
        case 405:
            return text_response(405, _METHODS, headers)
        case _:
            return text_response(status, _BROKEN, headers)


async def _fail(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    return text_response(500, _BROKEN)
