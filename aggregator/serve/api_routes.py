"""`/api/v1`: what pages and feeds show, for programs. `publish.api_document` describes it.

A caller is who knows a token: that of a private feed reads that feed, `[publish] status_token`
what is the operator's. Without one it is as on the pages.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from aggregator import __version__
from aggregator.model.pages import Wish, read_place
from aggregator.publish.api_document import (
    MOST,
    MOST_HITS,
    QUESTION_CHARACTERS,
    USUAL,
    api_document,
)
from aggregator.publish.api_objects import (
    entry_object,
    feed_object,
    hit_object,
    source_object,
    story_object,
)
from aggregator.publish.pages.story_keys import read_story_key, story_key
from aggregator.rules.visibility import Subject, View, by_preference, feeds_in, may_read
from aggregator.serve.bearers import bearer_of, for_operator, is_operator
from aggregator.serve.cache import Wanted
from aggregator.serve.encodings import respond
from aggregator.serve.responses import represent
from aggregator.stories.concealment import public_feed
from aggregator.web.search_words import read_query

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.model import Feed
    from aggregator.publish.catalogue import Catalogue
    from aggregator.rules.visibility import Caller
    from aggregator.serve.responses import Representation
    from aggregator.serve.server_context import Served

#: How old an answer may be, besides what the configuration says.
SECONDS = 5.0

_JSON = "application/json"


class AskedWronglyError(HTTPException):
    """A parameter that is not as the document says."""

    def __init__(self, name: str) -> None:
        super().__init__(400, f"the parameter {name} is not as /api/v1/openapi.json describes it")


async def document(served: Served, request: Request) -> Response:
    """`/api/v1/openapi.json`."""
    base_url = served.site.config().server.base_url
    body = json.dumps(api_document(base_url, __version__)).encode()
    return await respond(
        served, request, ("api", "document"), represent(body, _JSON), cache_control="no-cache"
    )


async def feeds(served: Served, request: Request) -> Response:
    """`/feeds`: the open ones, and those that the caller has the token of."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    view = catalogue.config.visibility.view(caller, Subject.PAGE)
    secret = (one for one in catalogue.config.feeds if one.token and may_read(caller, one))
    shown = (*feeds_in(view, catalogue.config.feeds), *secret)
    base_url = catalogue.config.server.base_url

    def make() -> Mapping[str, object]:
        told = [feed_object(public_feed(one, catalogue.secrets), base_url) for one in shown]
        return {"items": told, "next": None}

    return await _answer(served, request, catalogue, tuple(one.name for one in shown), make)


async def stories(served: Served, request: Request) -> Response:
    """`/stories`: of a feed, page by page; of the first page's feed where none is named."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    feed = _feed(catalogue, caller, request) or catalogue.front
    if feed is None:
        raise HTTPException(404)
    limit, cursor = _limit(request, MOST), request.query_params.get("cursor")
    place = None if cursor is None else read_place(cursor)
    if cursor is not None and place is None:
        raise AskedWronglyError("cursor")

    def make() -> Mapping[str, object]:
        stretch = served.site.store.stretch(feed, place=place, wish=Wish(), most=limit)
        older = None if stretch.older is None else str(stretch.older)
        return {"items": [story_object(one, feed) for one in stretch.stories], "next": older}

    return await _answer(served, request, catalogue, (feed.name, cursor, limit), make)


async def story(served: Served, request: Request) -> Response:
    """`/stories/ID`: as that feed has it which shows most of it, of those the caller may read."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    order_key = read_story_key(request.path_params["story"])
    if order_key is None:
        raise HTTPException(404)
    readable = by_preference(one for one in catalogue.config.feeds if may_read(caller, one))

    def make() -> Mapping[str, object] | None:
        store = served.site.store
        names = set(store.feeds_with(order_key))
        for feed in readable:
            found = store.story(feed, order_key) if feed.name in names else None
            if found is not None:
                return story_object(found, feed, is_whole=True)
        return None

    secret = tuple(one.name for one in readable if one.token is not None)
    return await _answer(served, request, catalogue, (order_key, secret), make)


async def search(served: Served, request: Request) -> Response:
    """`/search`: in the open feeds and those that the caller has the token of, or in one."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    asked = request.query_params.get("q", "")
    if not 0 < len(asked) <= QUESTION_CHARACTERS:
        raise AskedWronglyError("q")
    feed = _feed(catalogue, caller, request)
    secret = (one for one in catalogue.config.feeds if one.token and may_read(caller, one))
    named = (*feeds_in(View.OPEN, catalogue.config.feeds), *secret)
    searched = by_preference(named) if feed is None else (feed,)
    query, limit, after = read_query(asked), _limit(request, MOST_HITS), _key_cursor(request)

    def make() -> Representation:
        found = served.site.store.search(searched, query, most=limit, after=after)
        told = {
            "items": [hit_object(hit, query) for hit in found.hits],
            "next": None if found.next is None else story_key(found.next),
            "is_whole": found.is_whole,
            "is_indexed": found.is_indexed,
        }
        return _as_json(told)

    wanted = Wanted(
        what="search of the API",
        key=("api", "search", query.key, limit, after, tuple(one.name for one in searched)),
        made_for=catalogue,
        version=_version(served),
    )
    answer = (await served.caches.searches.get(wanted, make)).value
    return await _respond(served, request, wanted.key, answer)


async def entries(served: Served, request: Request) -> Response:
    """`/entries`: what is stored, for the operator."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    if not is_operator(catalogue.config.visibility, caller):
        return for_operator()
    source, before = request.query_params.get("source"), _key_cursor(request)
    if source is not None and all(one.name != source for one in catalogue.config.sources):
        raise HTTPException(404)
    limit = _limit(request, MOST)

    def make() -> Mapping[str, object]:
        store = served.site.store
        found = store.entry_lines(source=source, since=None, before=before, most=limit + 1)
        older = story_key(found[limit - 1].order_key) if len(found) > limit else None
        return {"items": [entry_object(one) for one in found[:limit]], "next": older}

    return await _answer(served, request, catalogue, (source, before, limit), make)


async def sources(served: Served, request: Request) -> Response:
    """`/sources`: how each is, for the operator."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    if not is_operator(catalogue.config.visibility, caller):
        return for_operator()

    def make() -> Mapping[str, object]:
        return {"items": [source_object(one) for one in served.site.store.status()], "next": None}

    return await _answer(served, request, catalogue, None, make)


async def status(served: Served, request: Request) -> Response:
    """`/status`: how the daemon is, for the operator."""
    catalogue, caller = await served.catalogue(), bearer_of(served, request)
    if not is_operator(catalogue.config.visibility, caller):
        return for_operator()
    trouble = served.site.health()

    def make() -> Mapping[str, object]:
        store, config = served.site.store, catalogue.config
        return {
            "version": __version__,
            "is_well": trouble is None,
            "trouble": trouble,
            "sources": len(config.sources),
            "failing": len(store.failing()),
            "feeds": len(config.feeds),
            "search_bytes": store.search_bytes(),
        }

    return await _answer(served, request, catalogue, trouble, make)


async def nowhere(served: Served, request: Request) -> Response:  # noqa: ARG001 -- the interface
    """Whatever else lies below: 404."""
    raise HTTPException(404)


#: What there is below `API`.
ROUTES = {
    "openapi.json": document,
    "feeds": feeds,
    "stories": stories,
    "stories/{story}": story,
    "search": search,
    "entries": entries,
    "sources": sources,
    "status": status,
    "{_:path}": nowhere,
}


async def _answer(
    served: Served,
    request: Request,
    catalogue: Catalogue,
    key: Hashable,
    make: Callable[[], Mapping[str, object] | None],
) -> Response:
    wanted = Wanted(
        what="answer of the API",
        key=(request.scope["route"].path, key),
        made_for=catalogue,
        version=_version(served),
    )
    found = (await served.caches.rivers.get(wanted, partial(_represented, make))).value
    if found is None:
        raise HTTPException(404)
    return await _respond(served, request, wanted.key, found)


async def _respond(
    served: Served, request: Request, key: Hashable, found: Representation
) -> Response:
    return await respond(
        served,
        request,
        key,
        found,
        cache_control="private, no-cache",
        vary="Accept-Encoding, Authorization",
    )


def _represented(make: Callable[[], Mapping[str, object] | None]) -> Representation | None:
    told = make()
    return None if told is None else _as_json(told)


def _as_json(told: Mapping[str, object]) -> Representation:
    return represent(json.dumps(told, ensure_ascii=False).encode(errors="replace"), _JSON)


def _version(served: Served) -> int:
    return int(served.site.seconds() // SECONDS)


def _feed(catalogue: Catalogue, caller: Caller, request: Request) -> Feed | None:
    """Return the feed that is asked for, `None` where none is named; 404 for no such."""
    name = request.query_params.get("feed")
    if name is None:
        return None
    if not name:
        raise AskedWronglyError("feed")
    feed = catalogue.feed(name)
    if feed is None or not may_read(caller, feed):
        raise HTTPException(404)
    return feed


def _key_cursor(request: Request) -> int | None:
    """Return the order key that a cursor is, `None` where none is given."""
    text = request.query_params.get("cursor")
    key = None if text is None else read_story_key(text)
    if text is not None and key is None:
        raise AskedWronglyError("cursor")
    return key


def _limit(request: Request, most: int) -> int:
    text = request.query_params.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= most):
        raise AskedWronglyError("limit")
    return int(text)
