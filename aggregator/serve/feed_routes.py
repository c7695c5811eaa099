"""Feeds and their archives, at every address that one configuration gives them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from starlette.exceptions import HTTPException

from aggregator.publish import Addresses
from aggregator.publish.catalogue import read_address
from aggregator.publish.editions import make_edition
from aggregator.publish.max_age import SHORTEST
from aggregator.serve import page_messages
from aggregator.serve.cache import UnavailableError, Wanted
from aggregator.serve.encodings import respond
from aggregator.serve.feed_fields import cache_control, further_fields
from aggregator.serve.former_addresses import Removed, Renamed, remembered
from aggregator.serve.refusals import refusal
from aggregator.serve.responses import represent, text_response
from aggregator.serve.server_context import Rendering

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.publish import Format
    from aggregator.publish.catalogue import Address, Catalogue, FeedDocument
    from aggregator.publish.pieces import Pieces
    from aggregator.serve.server_context import Served
    from aggregator.store import FeedStore

#: Addresses on this site, whatever it is served under.
_HERE = Addresses("")


async def feed(served: Served, request: Request) -> Response:
    """Answer with a feed in one format, or with a part of its archive.

    Raises `UnavailableError`, and `HTTPException` where there is nothing.
    """
    path = request.scope["raw_path"].decode("ascii")
    addresses = read_address(path)
    catalogue = await served.catalogue()
    document = catalogue.find(addresses)
    if document is None:
        return await _not_there(served, catalogue, path, addresses)
    rendering = await find_rendering(served, catalogue, document)
    if rendering is None:
        raise HTTPException(404)
    served.ready.know(
        request.scope["raw_path"],
        catalogue.config,
        document.feed,
        key_of(document),
        catalogue.rendered_for(document.feed),
    )
    return await respond(
        served,
        request,
        key_of(document),
        rendering.representation,
        cache_control=cache_control(document.feed, rendering),
        headers=further_fields(document.feed),
    )


def key_of(document: FeedDocument) -> tuple[str, Format, str | None]:
    """Return what the caches call a document."""
    return document.feed.name, document.form, document.part


async def find_rendering(
    served: Served, catalogue: Catalogue, document: FeedDocument
) -> Rendering | None:
    """Return the document as it is now, `None` for a part that no archive has.

    When the store cannot be read, or not soon enough: the last good rendering, if the settings
    that it was made for are still the feed's. Raises `UnavailableError` where there is none.
    """
    store = served.site.store
    await served.looks.fresh()
    wanted = Wanted(
        what=f"feed {document.feed.name}",
        key=key_of(document),
        made_for=catalogue.rendered_for(document.feed),
        version=store.feed_version(document.feed.name),
    )
    make = partial(_render, catalogue, store, document, served.caches.pieces)
    found = await served.caches.renderings.get(wanted, make)
    if found.is_stale and found.value is not None:
        return replace(found.value, fresh_for=SHORTEST)
    return found.value


def _render(
    catalogue: Catalogue, store: FeedStore, document: FeedDocument, pieces: Pieces
) -> Rendering | None:
    edition = make_edition(catalogue, store, document, pieces)
    if edition is None:
        return None
    return Rendering(
        represent(edition.body, edition.media_type, edition.changed_at, digest=edition.digest),
        edition.fresh_for,
        edition.final,
    )


async def page_not_there(served: Served, catalogue: Catalogue, path: str) -> Response:
    """Answer for a page that no feed has: gone with its feed, moved with it, or never there.

    Raises `HTTPException` where there is nothing.
    """
    document = f"{path}.atom"
    addresses = tuple(one for one in read_address(document) if one.part is None)
    answer = await _not_there(served, catalogue, document, addresses)
    if "location" in answer.headers:
        answer.headers["location"] = answer.headers["location"].removesuffix(".atom")
    return answer


async def _not_there(
    served: Served, catalogue: Catalogue, path: str, addresses: tuple[Address, ...]
) -> Response:
    past = await _past(served, addresses)
    match past:
        case Removed(address) if catalogue.is_withheld(address):
            return refusal(404, page_messages.WITHHELD)
        case Removed():
            return refusal(410, page_messages.GONE)
        case Renamed(address, name):
            there = replace(address, path=tuple(name.split("/", 1)))
            document = catalogue.find([there])
            if document is None:  # its source is shown to nobody without a token today
                return refusal(404, page_messages.WITHHELD)
            return text_response(301, page_messages.MOVED, {"Location": _way(path, document)})
        case None:
            raise HTTPException(404)
        case _:
            assert_never(past)


async def _past(served: Served, addresses: tuple[Address, ...]) -> Removed | Renamed | None:
    """Return what is remembered of the addresses, `None` also where nobody can say soon enough.

    The database is not asked of addresses that no configuration can have had.
    """
    asked = tuple(address for address in addresses if address.may_have_been)
    if not asked:
        return None
    make = partial(remembered, served.site.store, asked)
    try:
        return (await served.caches.past.get(Wanted("former addresses", asked), make)).value
    except UnavailableError:
        return None


def _way(path: str, document: FeedDocument) -> str:
    """Return a relative reference from the path of a request to a document (RFC 3986 §4.2).

    It holds below whatever prefix a proxy may have taken away.
    """
    here = _HERE.document(document.feed, document.form, document.part)
    return "../" * (path.count("/") - 1) + here.removeprefix("/")
