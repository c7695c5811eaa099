"""The routes: feeds for everyone, a page of them, and what only this machine's people may see.

A route is a function of what is served and of a request. What of it a caller may see is asked of
`rules.visibility`, and what is costly to make of a cache.
"""

from __future__ import annotations

from dataclasses import replace
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
from aggregator.publish.catalogue import read_address
from aggregator.rules.visibility import Subject, View, sources_in
from aggregator.serve import (
    add_routes,
    api_routes,
    health_routes,
    login_routes,
    metrics_routes,
    page_messages,
    page_routes,
    probe_routes,
    search_routes,
)
from aggregator.serve.cache import UnavailableError, Wanted
from aggregator.serve.callers import caller_of
from aggregator.serve.encodings import respond
from aggregator.serve.feed_fields import PRIVATELY
from aggregator.serve.feed_routes import feed, page_not_there
from aggregator.serve.page_routes import feed_at
from aggregator.serve.problems import API, is_for_api, problem
from aggregator.serve.refusals import put_off, refusal
from aggregator.serve.responses import RETRY_AFTER, Representation, represent, text_response
from aggregator.serve.server_context import Served, Site
from aggregator.stories.feed_changes import SETTLING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Message, Receive, Scope, Send

    from aggregator.config import Config
    from aggregator.publish.catalogue import Catalogue
    from aggregator.rules.visibility import Caller
    from aggregator.serve.ready_feeds import Ready
    from aggregator.serve.request_heads import Asked
    from aggregator.serve.streams import Streams
    from aggregator.store import FeedStore, StatusStore

#: Below these are feeds.
FOLDERS = ("feeds", "tags", "sources")

#: The page and the lists: keep, but ask first.
ASK_FIRST = "no-cache"

#: Titles and sites of sources change about never, and trouble is told after hours: a minute old is
#: new enough.
FRESH_SECONDS = 60.0

#: Pages that people also ask for with a slash at the end.
_PAGES = ("/feeds", "/sources", "/overview", "/search", "/login", "/add")

_FORMATS = {form.value: form for form in Format}


class App:
    """The application that serves a site; `ready` answers at once what is at hand."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._routes = _routes(served)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What there is to ask for."""
        return self._routes.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever it asks for."""
        by_status = self._served.answers.by_status

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                by_status[message["status"]] += 1
            await send(message)

        await self._routes(self._served.door.marked(scope), receive, counting)

    @property
    def streams(self) -> Streams:
        """The streams of events that are open."""
        return self._served.streams

    def leave(self) -> None:
        """End what would otherwise go on for as long as its reader listens."""
        self.streams.end()

    def ready(self, asked: Asked) -> Ready | None:
        """Return the answer to a request for a feed that is at hand, else `None`."""
        answer = self._served.ready.answer(self._served, asked)
        if answer is not None:
            self._served.answers.by_status[answer.status] += 1
        return answer


def create_app(site: Site) -> App:
    """Return the application that serves `site`. Nothing blocks the event loop."""
    return App(Served.of(site))


def _routes(served: Served) -> Starlette:
    def route(path: str, answer: Callable[[Served, Request], Awaitable[Response]]) -> Route:
        return Route(path, partial(answer, served))

    app = Starlette(
        routes=[
            route("/", page_routes.front),
            route("/feeds", page_routes.feed_list),
            *(Route(f"{page}/", page_routes.without_slash) for page in _PAGES),
            route("/assets/{name}", page_routes.asset),
            route("/sources", health_routes.sources),
            route("/overview", health_routes.overview),
            route("/sources/{name:path}/health", health_routes.source),
            *(
                Route(
                    f"/sources/{{name:path}}/{action}",
                    partial(health_routes.act, served, action),
                    methods=["POST"],
                )
                for action in health_routes.ACTIONS
            ),
            Route("/login", partial(login_routes.log_in, served), methods=["GET", "POST"]),
            Route("/add", partial(add_routes.add, served), methods=["GET", "POST"]),
            Route("/logout", partial(login_routes.log_out, served), methods=["POST"]),
            route("/events/{_:path}", page_routes.events),
            route("/stories/{story}", page_routes.story),
            route("/feeds/{token}/{name}/stories/{story}", page_routes.story),
            route("/search", search_routes.results),
            route("/search.atom", search_routes.results_feed),
            route("/feeds/{token}/{name}/search", search_routes.results),
            route("/feeds.opml", _feeds),
            route("/sources.opml", _sources),
            route("/feeds/_status.{extension}", _operations),
            route("/feeds/{token}/_status.{extension}", _operations),
            *(route(f"/{folder}/{{_:path}}", _feed) for folder in FOLDERS),
            route("/healthz", probe_routes.health),
            route("/readyz", probe_routes.readiness),
            route("/metrics", metrics_routes.metrics),
            *(route(f"{API}{place}", answer) for place, answer in api_routes.ROUTES.items()),
        ],
        exception_handlers={
            HTTPException: _refuse,
            UnavailableError: _put_off,
            Exception: _fail,
        },
    )
    app.router.redirect_slashes = False
    return app


async def _feed(served: Served, request: Request) -> Response:
    """A feed's document where the path has an extension of one, else the page of a feed."""
    path = request.scope["raw_path"].decode("ascii")
    catalogue, addresses = await served.catalogue(), read_address(path)
    if catalogue.find(addresses) is None:
        if feed_at(catalogue, path) is not None:
            return await page_routes.feed_page(served, request)
        if path.endswith("/") and feed_at(catalogue, path.removesuffix("/")) is not None:
            return await page_routes.without_slash(request)
        if not addresses:
            return await page_not_there(served, catalogue, path)
    return await feed(served, request)


async def _feeds(served: Served, request: Request) -> Response:
    """`/feeds.opml`."""
    catalogue = await served.catalogue()
    wanted = Wanted("feeds.opml", "feeds", made_for=catalogue)
    found = await served.caches.pages.get(wanted, partial(_represent_feeds, catalogue))
    return await respond(served, request, wanted.key, found.value, cache_control=ASK_FIRST)


def _represent_feeds(catalogue: Catalogue) -> Representation:
    config = catalogue.config
    addresses = Addresses(config.server.base_url)
    body = render_feeds("Feeds", config.feeds, addresses, catalogue.secrets)
    return represent(body, f"{OPML_MEDIA_TYPE}; charset=utf-8")


async def _sources(served: Served, request: Request) -> Response:
    """`/sources.opml`, whole for local callers; with `public_opml` for all, but for secret ones."""
    caller, catalogue = _caller(served, request), await served.catalogue()
    view = catalogue.config.visibility.view(caller, Subject.SOURCES)
    if not view.is_shown:
        return refusal(403, page_messages.SOURCES_ARE_LOCAL)
    wanted = Wanted("sources.opml", ("sources", view), catalogue, _minute(served.site))
    make = partial(_represent_sources, catalogue, served.site.store, view)
    found = await served.caches.lists.get(wanted, make)
    return await respond(
        served,
        request,
        wanted.key,
        found.value,
        cache_control=_kept_by(catalogue.config, caller, Subject.SOURCES),
    )


def _represent_sources(catalogue: Catalogue, store: StatusStore, view: View) -> Representation:
    config = catalogue.config
    statuses = {status.name: status for status in store.status()}
    shown = sources_in(view, config.sources, config.feeds)
    body = render_sources("Sources", shown, statuses, store.secrets())
    return represent(body, f"{OPML_MEDIA_TYPE}; charset=utf-8")


async def _operations(served: Served, request: Request) -> Response:
    """The operations feed: for local callers, and below `status_token` for anyone who knows it."""
    form = _FORMATS.get(request.path_params["extension"])
    if form is None:
        raise HTTPException(404)
    token = request.path_params.get("token")
    caller, catalogue = _caller(served, request, token=token), await served.catalogue()
    match catalogue.config.visibility.view(caller, Subject.OPERATIONS):
        case View.REFUSED:
            return refusal(403, page_messages.OPERATIONS_ARE_LOCAL)
        case View.HIDDEN:
            raise HTTPException(404)
        case View.WHOLE | View.OPEN:
            pass
    await served.looks.fresh()
    # Two servers whose minutes begin apart would show now more, now less.
    version = served.looks.made if served.looks.are_needed else _minute(served.site)
    wanted = Wanted("operations feed", ("operations", form, token), catalogue, version)
    make = partial(_represent_operations, catalogue.config, served.site.store, form, token)
    found = await served.caches.lists.get(wanted, make)
    return await respond(
        served,
        request,
        wanted.key,
        found.value,
        cache_control=f"private, no-transform, {ASK_FIRST}",
        headers=PRIVATELY,
    )


def _represent_operations(
    config: Config, store: FeedStore, form: Format, token: str | None
) -> Representation:
    selection = store.operations()
    selection = replace(selection, feed=replace(selection.feed, token=token))
    body = render(selection, form, Addresses(config.server.base_url))
    # Further events of that second are stored by then.
    told_at = selection.changed_at + SETTLING
    return represent(body, f"{form.media_type}; charset=utf-8", told_at)


def _caller(served: Served, request: Request, *, token: str | None = None) -> Caller:
    return caller_of(request, served.site.config().server, token=token)


def _kept_by(config: Config, caller: Caller, subject: Subject) -> str:
    """Return the Cache-Control of a page or list: what not all may see is in no shared cache."""
    is_for_all = config.visibility.is_for_all(caller, subject)
    return ASK_FIRST if is_for_all else f"private, {ASK_FIRST}"


def _minute(site: Site) -> int:
    """Return the version of what is made anew once a minute."""
    return int(site.seconds() // FRESH_SECONDS)


async def _refuse(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    if is_for_api(request):
        detail = error.detail if isinstance(error, api_routes.AskedWronglyError) else ""
        return problem(status, detail, headers)
    match status:
        case 404:
            return refusal(404, page_messages.NOT_FOUND)
        case 405:
            return refusal(405, page_messages.METHODS, headers)
        case _:
            return refusal(status, page_messages.BROKEN, headers)


async def _put_off(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    if is_for_api(request):
        return problem(503, headers={"Retry-After": str(int(RETRY_AFTER.total_seconds()))})
    return put_off()


async def _fail(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the interface
    return text_response(500, page_messages.BROKEN)  # whatever makes pages may be what is broken
