"""The pages that people look at: of a feed, of a story, of all feeds; and what they use.

Who may see a page is asked of `rules.visibility`, as for the feeds. A page is made in a thread of
what it shows, and kept while its feed has not changed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from aggregator.model.errors import StoreError
from aggregator.model.pages import Wish, read_place
from aggregator.publish import Addresses
from aggregator.publish.catalogue import read_address
from aggregator.publish.html_pages import ASSETS
from aggregator.publish.pages.feed_list import feed_list_page, listed_feeds
from aggregator.publish.pages.river import STORIES, River, feed_title, river_page
from aggregator.publish.pages.story import StoryView, story_page
from aggregator.publish.pages.story_keys import read_story_key
from aggregator.rules.visibility import ANYBODY, Subject, View, by_preference
from aggregator.serve.cache import Wanted
from aggregator.serve.callers import caller_of
from aggregator.serve.encodings import respond
from aggregator.serve.feed_fields import PRIVATELY
from aggregator.serve.page_looks import VARY, choosing, look_of
from aggregator.serve.responses import (
    PROTECTION,
    represent,
    text_response,
    unavailable_response,
)
from aggregator.stories.concealment import public_feed

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starlette.requests import Request

    from aggregator.model import Feed
    from aggregator.model.pages import Place
    from aggregator.publish.catalogue import Catalogue
    from aggregator.publish.pages.look import Look
    from aggregator.serve.responses import Representation
    from aggregator.serve.server_context import Served

HTML = "text/html; charset=utf-8"

#: Our own style, script, events and forms, and pictures of stories from anywhere.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data: https: http:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

#: For a page that somebody looked at; whether it is still so is asked each time.
CACHE_CONTROL = "private, no-cache"
#: How old what is known of a story may be, besides what the configuration says.
_STORY_SECONDS = 10.0
_TITLES_SECONDS = 60.0

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


async def front(served: Served, request: Request) -> Response:
    """`/`: the stories of the first feed that is open to all, the list of feeds where none is."""
    catalogue = await served.catalogue()
    feed = catalogue.front
    if feed is None:
        return await feed_list(served, request)
    return await _river(served, request, catalogue, feed)


async def feed_page(served: Served, request: Request) -> Response:
    """`/feeds/NAME` and the like: the stories of a feed. Raises `HTTPException` for no feed."""
    catalogue = await served.catalogue()
    feed = feed_at(catalogue, request.scope["raw_path"].decode("ascii"))
    if feed is None:
        raise HTTPException(404)
    return await _river(served, request, catalogue, feed)


async def without_slash(request: Request) -> Response:
    """Send whoever asks for a page with a slash at the end to its one address."""
    path, asked = request.scope["raw_path"].decode("ascii"), request.url.query
    if not path.endswith("/"):  # "%2F"
        raise HTTPException(404)
    where = f"../{path.removesuffix('/').rpartition('/')[2]}{'?' if asked else ''}{asked}"
    fields = {**PROTECTION, "Location": where, "Cache-Control": CACHE_CONTROL}
    return Response(status_code=308, headers=fields)


def feed_at(catalogue: Catalogue, path: str) -> Feed | None:
    """Return the feed whose page a path is, for anyone who knows no more than the path."""
    # A page has its feed's address without an extension: any will do to read it.
    addresses = (one for one in read_address(f"{path}.atom") if one.part is None)
    document = catalogue.find(addresses)
    return None if document is None else document.feed


def feed_above(request: Request, catalogue: Catalogue, *, steps: int) -> Feed | None:
    """Return the feed with a token below whose page a request's path lies, so many steps.

    `None` for the pages of everybody; raises `HTTPException` (404) where there is no such feed.
    """
    if "token" not in request.path_params:
        return None
    feed = feed_at(catalogue, request.scope["raw_path"].decode("ascii").rsplit("/", steps)[0])
    if feed is None or feed.token is None:
        raise HTTPException(404)
    return feed


async def _river(served: Served, request: Request, catalogue: Catalogue, feed: Feed) -> Response:
    chosen = choosing(request, catalogue.config.server.base_url)
    if chosen is not None:
        return chosen
    look = look_for(served, request)
    asked = dict(look.query)
    wish = Wish(asked.get("tag"), asked.get("source"))
    place = read_place(asked.get("before", ""))
    await served.looks.fresh()
    wanted = Wanted(
        what="page of a feed",
        key=("river", feed.name, look, place, wish),
        made_for=catalogue.rendered_for(feed),
        version=served.site.store.feed_version(feed.name),
    )
    make = partial(_make_river, served, catalogue, feed, look, wish=wish, place=place)
    return await _answer(served, request, wanted, make, feed)


def _make_river(
    served: Served,
    catalogue: Catalogue,
    feed: Feed,
    look: Look,
    *,
    wish: Wish,
    place: Place | None,
) -> Representation | None:
    store, config = served.site.store, catalogue.config
    stretch = store.stretch(feed, place=place, wish=wish, most=STORIES)
    if not stretch.stories and stretch.older is None and wish != Wish():
        return None  # nothing of what was asked is repeated where there is nothing of it
    shown = public_feed(feed, catalogue.secrets)
    river = River(
        feed=shown,
        title=feed_title(shown, look, store.titles((feed.own_name,))),
        stretch=stretch,
        sources=store.shown_sources(feed),
        wish=wish,
        place=place,
        public=Addresses(config.server.base_url),
        stories_at=_stories_at(feed),
        is_indexed=config.pages.index and feed.token is None,
    )
    return represent(river_page(river, look, served.site.local), HTML)


def _stories_at(feed: Feed) -> str:
    """Return the folder of the pages of a feed's stories, from the first page on."""
    if feed.token is None:
        return "stories/"
    return f"{_HERE.page(feed).removeprefix('/')}/stories/"


async def story(served: Served, request: Request) -> Response:
    """`/stories/ID`, and below a feed with a token for its readers: a story in full."""
    order_key = read_story_key(request.path_params["story"])
    if order_key is None:
        raise HTTPException(404)
    catalogue = await served.catalogue()
    below = feed_above(request, catalogue, steps=2)
    chosen = choosing(request, catalogue.config.server.base_url)
    if chosen is not None:
        return chosen
    look = look_for(served, request)
    wanted = Wanted(
        what="page of a story",
        key=("story", order_key, None if below is None else below.name, look),
        made_for=catalogue,
        version=_version(served, _STORY_SECONDS),
    )
    make = partial(_make_story, served, catalogue, below, look, order_key)
    return await _answer(served, request, wanted, make, below)


def _make_story(
    served: Served,
    catalogue: Catalogue,
    below: Feed | None,
    look: Look,
    order_key: int,
) -> Representation | None:
    """Return the story as that feed has it which shows most; of all open feeds, or `below`."""
    store = served.site.store
    names = store.feeds_with(order_key)
    feeds = [feed for name in names if (feed := catalogue.feed(name)) is not None]
    if below is None:
        view = catalogue.config.visibility.view
        feeds = [feed for feed in feeds if view(ANYBODY, feed).is_shown]
    else:
        feeds = [feed for feed in feeds if feed.name == below.name]
    for feed in by_preference(feeds):
        found = store.story(feed, order_key)
        if found is None:
            continue
        shown = public_feed(feed, catalogue.secrets)
        story_view = StoryView(
            story=found,
            feed=shown,
            feed_title=feed_title(shown, look, store.titles((feed.own_name,))),
            feed_way=look.root + _HERE.page(feed).removeprefix("/"),
            is_indexed=catalogue.config.pages.index and feed.token is None,
        )
        return represent(story_page(story_view, look, served.site.local), HTML)
    return None


async def feed_list(served: Served, request: Request) -> Response:
    """`/feeds`: all feeds, with those of sources for those who may know the sources."""
    catalogue = await served.catalogue()
    config = catalogue.config
    chosen = choosing(request, config.server.base_url)
    if chosen is not None:
        return chosen
    view = config.visibility.view(caller_of(request, config.server), Subject.PAGE)
    look = look_for(served, request)
    wanted = Wanted(
        what="list of feeds",
        key=("feeds", view, look),
        made_for=catalogue,
        version=_version(served, _TITLES_SECONDS),
    )
    return await _answer(
        served, request, wanted, partial(_make_feed_list, served, catalogue, view, look)
    )


def _make_feed_list(served: Served, catalogue: Catalogue, view: View, look: Look) -> Representation:
    names = tuple(feed.own_name for feed in listed_feeds(catalogue, view) if feed.kind.is_minor)
    try:
        titles = served.site.store.titles(names)
    except StoreError:  # the feeds are known without it
        titles = {}
    index = catalogue.config.pages.index
    return represent(feed_list_page(catalogue, view, look, titles, is_indexed=index), HTML)


async def asset(served: Served, request: Request) -> Response:
    """`/assets/NAME`: a style or script, whose name changes with its bytes."""
    found = ASSETS.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    key: Hashable = ("asset", found.name)
    return await respond(
        served,
        request,
        key,
        represent(found.body, found.media_type),
        cache_control="public, max-age=31536000, immutable",
    )


async def events(served: Served, request: Request) -> Response:
    """`/events/…`: a stream that tells of changes of the feed whose page has the rest of the path.

    503 where there are too many: pages do without.
    """
    catalogue = await served.catalogue()
    path = request.scope["raw_path"].decode("ascii").removeprefix("/events")
    feed = feed_at(catalogue, path)
    if feed is None:
        raise HTTPException(404)
    if served.streams.are_full:
        return unavailable_response()
    fields = {**PROTECTION, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return text_response(200, "", fields)
    name = feed.name

    def version() -> int | None:
        present = served.site.config()
        if present is not catalogue.config and not any(
            one.name == name and one.token == feed.token for one in present.feeds
        ):
            return None  # whoever reads on is to ask again whether they may
        return served.site.store.feed_version(name)

    return StreamingResponse(
        served.streams.of_versions(version), headers=fields, media_type="text/event-stream"
    )


async def _answer(
    served: Served,
    request: Request,
    wanted: Wanted,
    make: partial[Representation | None] | partial[Representation],
    feed: Feed | None = None,
) -> Response:
    """Answer with a page that is kept, or made now; 404 where there is none."""
    found = (await served.caches.rivers.get(wanted, make)).value
    if found is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": POLICY}
    if feed is not None and feed.token is not None:
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


def look_for(served: Served, request: Request) -> Look:
    """Return how a request wants its page; the operator is shown the way to the sources."""
    config = served.site.config()
    view = config.visibility.view(caller_of(request, config.server), Subject.HEALTH)
    return look_of(request, is_operator=view is View.WHOLE)


def _version(served: Served, seconds: float) -> int:
    """Return the version of what is made anew every so often."""
    return int(served.site.seconds() // seconds)
