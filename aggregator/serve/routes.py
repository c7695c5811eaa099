"""The routes: feeds for everyone, a page of them, and what only this machine's people may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from aggregator.publish import (
    OPML_MEDIA_TYPE,
    Addresses,
    Format,
    render,
    render_feeds,
    render_sources,
)
from aggregator.publish.catalogue import Catalogue
from aggregator.publish.feeds_page import STYLE_SOURCE, feeds_page
from aggregator.rules.visibility import Subject, View, Visibility, sources_in
from aggregator.serve import page_messages
from aggregator.serve.callers import caller_of
from aggregator.serve.document_cache import Made
from aggregator.serve.feed_routes import PRIVATELY, Feeds
from aggregator.serve.responses import (
    CONTENT_SECURITY_POLICY,
    Representation,
    conditional_response,
    represent,
    text_response,
    unavailable_response,
)
from aggregator.serve.timeouts import PATIENCE, Patience, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.config import Config
    from aggregator.rules.visibility import Caller
    from aggregator.store import FeedStore, ReadingStore, StatusStore

#: Below these stand feeds.
FOLDERS = ("feeds", "tags", "sources")

#: The page and the lists: keep, but ask first.
ASK_FIRST = "no-cache"

#: Titles and sites of sources change about never, and trouble is told after hours: a minute old is
#: new enough.
FRESH_SECONDS = 60.0

_FORMATS = {form.value: form for form in Format}

_PAGE_HEADERS = {"Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; style-src {STYLE_SOURCE}"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, given as calls that read memory only (the store's methods excepted).

    `config` returns the present configuration, always the same object until another is applied;
    `health` returns `None`, or why the daemon itself cannot work.
    """

    config: Callable[[], Config]
    store: ReadingStore
    health: Callable[[], str | None]
    now: Callable[[], datetime] = _utc_now
    patience: Patience = PATIENCE


def create_app(site: Site) -> Starlette:
    """Return the application that serves `site`. Nothing blocks the event loop."""
    feeds = Feeds(site.config, site.store, site.now, site.patience)
    operations = _Operations(site)
    app = Starlette(
        routes=[
            Route("/", _Page(site).respond),
            Route("/feeds.opml", _Lists(site).respond),
            Route("/sources.opml", _Sources(site).respond),
            Route("/feeds/_status.{extension}", operations.respond),
            Route("/feeds/{token}/_status.{extension}", operations.respond),
            *(Route(f"/{folder}/{{_:path}}", feeds.respond) for folder in FOLDERS),
            Route("/healthz", _Health(site).respond),
        ],
        exception_handlers={
            HTTPException: _refuse,
            UnavailableError: _put_off,
            Exception: _fail,
        },
    )
    app.router.redirect_slashes = False
    return app


def _visibility(config: Config) -> Visibility:
    return Visibility(config.server.public_opml, config.publish.status_token)


def _kept_by(visibility: Visibility, caller: Caller, subject: Subject) -> str:
    """Return the Cache-Control of a page or list: what not all may see is in no shared cache."""
    is_for_all = visibility.is_for_all(caller, subject)
    return ASK_FIRST if is_for_all else f"private, {ASK_FIRST}"


class _Page:
    """`/`, with the feeds of sources for those who may know the sources."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made = Made("page")

    async def respond(self, request: Request) -> Response:
        config = self._site.config()
        visibility, caller = _visibility(config), caller_of(request, config.server.base_url)
        view = visibility.view(caller, Subject.PAGE)
        return conditional_response(
            request,
            await self._made.get(config, view.name, partial(_represent_page, config, view)),
            cache_control=_kept_by(visibility, caller, Subject.PAGE),
            now=self._site.now(),
            headers=_PAGE_HEADERS,
        )


def _represent_page(config: Config, view: View) -> Representation:
    return represent(feeds_page(Catalogue(config), view), "text/html; charset=utf-8")


class _Lists:
    """`/feeds.opml`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made = Made("feeds.opml")

    async def respond(self, request: Request) -> Response:
        config = self._site.config()
        document = await self._made.get(config, "feeds", partial(_represent_feeds, config))
        return conditional_response(
            request, document, cache_control=ASK_FIRST, now=self._site.now()
        )


def _represent_feeds(config: Config) -> Representation:
    body = render_feeds("Feeds", config.feeds, Addresses(config.server.base_url))
    return represent(body, f"{OPML_MEDIA_TYPE}; charset=utf-8")


class _Sources:
    """`/sources.opml`, whole for local callers; with `public_opml` for all, but for secret ones."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made = Made("sources", FRESH_SECONDS, site.patience)

    async def respond(self, request: Request) -> Response:
        config = self._site.config()
        visibility, caller = _visibility(config), caller_of(request, config.server.base_url)
        view = visibility.view(caller, Subject.SOURCES)
        if not view.is_shown:
            return text_response(403, page_messages.SOURCES_ARE_LOCAL)
        make = partial(_represent_sources, config, self._site.store, view)
        return conditional_response(
            request,
            await self._made.get(config, view.name, make),
            cache_control=_kept_by(visibility, caller, Subject.SOURCES),
            now=self._site.now(),
        )


def _represent_sources(config: Config, store: StatusStore, view: View) -> Representation:
    statuses = {status.name: status for status in store.status()}
    body = render_sources("Sources", sources_in(view, config.sources, config.feeds), statuses)
    return represent(body, f"{OPML_MEDIA_TYPE}; charset=utf-8")


class _Operations:
    """The operations feed: for local callers, and below `status_token` for who knows that."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made = Made("operations", FRESH_SECONDS, site.patience)

    async def respond(self, request: Request) -> Response:
        config = self._site.config()
        form = _FORMATS.get(request.path_params["extension"])
        token = request.path_params.get("token")
        if form is None:
            raise HTTPException(404)
        caller = caller_of(request, config.server.base_url, token=token)
        match _visibility(config).view(caller, Subject.OPERATIONS):
            case View.REFUSED:
                return text_response(403, page_messages.OPERATIONS_ARE_LOCAL)
            case View.HIDDEN:
                raise HTTPException(404)
            case View.WHOLE | View.OPEN:
                pass
        key = f"{form.value} {'below its token' if token else 'here'}"
        make = partial(_represent_operations, config, self._site.store, form, token)
        return conditional_response(
            request,
            await self._made.get(config, key, make),
            cache_control=f"private, no-transform, {ASK_FIRST}",
            now=self._site.now(),
            headers=PRIVATELY,
        )


def _represent_operations(
    config: Config, store: FeedStore, form: Format, token: str | None
) -> Representation:
    selection = store.operations()
    selection = replace(selection, feed=replace(selection.feed, token=token))
    body = render(selection, form, Addresses(config.server.base_url))
    return represent(body, f"{form.media_type}; charset=utf-8", selection.changed_at)


class _Health:
    """`/healthz`: whether the daemon itself can work; sources that fail do not make it sick."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def respond(self, request: Request) -> Response:
        trouble = self._site.health()
        if trouble is None:
            return text_response(200, "ok")
        config = self._site.config()
        caller = caller_of(request, config.server.base_url)
        view = _visibility(config).view(caller, Subject.REASONS)
        return text_response(503, f"fail: {trouble}" if view is View.WHOLE else "fail")


async def _refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    match status:
        case 404:
            return text_response(404, page_messages.NOT_FOUND)
        case 405:
            return text_response(405, page_messages.METHODS, headers)
        case _:
            return text_response(status, page_messages.BROKEN, headers)


async def _put_off(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    return unavailable_response()


async def _fail(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    return text_response(500, page_messages.BROKEN)
