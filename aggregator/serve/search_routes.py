"""Searching the open feeds or a private one: the page of results, and a search as a feed.

What is found is what a feed shows that the caller may see; the rest is neither named nor counted.
One search is made at a time, and what it found is kept for a while: rivals cost polls nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from aggregator.publish import Addresses, Format
from aggregator.publish.pages.results import RESULTS, Results, results_page
from aggregator.publish.pages.story_keys import read_story_key
from aggregator.publish.search_feed import MOST, search_feed
from aggregator.rules.visibility import View, by_preference, feeds_in
from aggregator.serve.cache import Wanted
from aggregator.serve.encodings import respond
from aggregator.serve.feed_fields import PRIVATELY
from aggregator.serve.page_looks import MOST_CHARACTERS, VARY, choosing
from aggregator.serve.page_routes import CACHE_CONTROL, HTML, POLICY, feed_above, look_for
from aggregator.serve.responses import represent
from aggregator.web.search_words import read_query

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.model import Feed
    from aggregator.publish.catalogue import Catalogue
    from aggregator.publish.pages.look import Look
    from aggregator.serve.responses import Representation
    from aggregator.serve.server_context import Served
    from aggregator.web.search_words import SearchQuery

#: How long what was found for a page, or for the feed of a search, is told again.
PAGE_SECONDS, FEED_SECONDS = 15.0, 300.0

_HERE = Addresses("")


def open_feeds(catalogue: Catalogue) -> tuple[Feed, ...]:
    """Return the feeds that are searched for everybody, in the order in which they are asked.

    Those of single sources are not named to everybody, and have the copies that others show once.
    """
    return by_preference(feeds_in(View.OPEN, catalogue.config.feeds))


async def results(served: Served, request: Request) -> Response:
    """`/search?q=…`, and below a feed with a token for its readers: the stories with some words."""
    catalogue = await served.catalogue()
    below = feed_above(request, catalogue, steps=1)
    chosen = choosing(request, catalogue.config.server.base_url)
    if chosen is not None:
        return chosen
    look = look_for(served, request)
    asked = " ".join(dict(look.query).get("q", "").split())
    wanted = Wanted(
        what="page of results",
        key=("results", None if below is None else below.name, asked, look),
        made_for=catalogue,
        version=int(served.site.seconds() // PAGE_SECONDS),
    )
    make = partial(_make_page, served, catalogue, below, look, asked)
    found = (await served.caches.searches.get(wanted, make)).value
    headers = {"Content-Security-Policy": POLICY}
    if below is not None:
        headers |= PRIVATELY
    return await respond(
        served,
        request,
        wanted.key,
        found,
        cache_control=CACHE_CONTROL,
        headers=headers,
        vary=VARY,
    )


def _make_page(
    served: Served, catalogue: Catalogue, below: Feed | None, look: Look, asked: str
) -> Representation:
    query = read_query(asked)
    feeds = open_feeds(catalogue) if below is None else (below,)
    found = None
    after = dict(look.query).get("after")
    if query.phrases:
        key = None if after is None else read_story_key(after)
        found = served.site.store.search(feeds, query, most=RESULTS, after=key)
    place = "" if below is None else f"{_HERE.page(below).removeprefix('/')}/"
    page = Results(
        asked=asked,
        query=query,
        found=found,
        stories_at=f"{place}stories/",
        search_at=f"{place}search",
        feed_at=f"search.atom?{urlencode({'q': asked})}" if found and below is None else None,
    )
    return represent(results_page(page, look, served.site.local), HTML)


async def results_feed(served: Served, request: Request) -> Response:
    """`/search.atom?q=…`: what a search of the open feeds finds; 404 where it asks for nothing."""
    query = read_query(request.query_params.get("q", "")[:MOST_CHARACTERS])
    if not query.phrases:
        raise HTTPException(404)
    catalogue = await served.catalogue()
    wanted = Wanted(
        what="feed of a search",
        key=("search.atom", query.key),
        made_for=catalogue,
        version=int(served.site.seconds() // FEED_SECONDS),
    )
    make = partial(_make_feed, served, catalogue, query)
    found = (await served.caches.searches.get(wanted, make)).value
    return await respond(
        served,
        request,
        wanted.key,
        found,
        cache_control=f"public, max-age={int(FEED_SECONDS)}",
    )


def _make_feed(served: Served, catalogue: Catalogue, query: SearchQuery) -> Representation:
    found = served.site.store.search(open_feeds(catalogue), query, most=MOST)
    body, changed_at = search_feed(found, query, catalogue.config.server.base_url)
    return represent(body, f"{Format.ATOM.media_type}; charset=utf-8", changed_at)
